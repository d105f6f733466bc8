"""Opening by name or by path."""

from inspect import signature

import pytest

import ptclnm.cohorts as cohorts
from ptclnm.cohorts.registry import COHORTS, is_manifest, resolve_name
from ptclnm.errors import ParameterError, PtclnmError


@pytest.mark.parametrize("name", list(COHORTS))
def test_every_cohort_takes_patients_and_seed(name):
    parameters = list(signature(resolve_name(COHORTS[name])).parameters)
    assert parameters[:2] == ["n_patients", "seed"]


def test_the_nearest_name_is_given():
    with pytest.raises(PtclnmError, match=r"did you mean 'uci_thyroid'\?.*path of its \.yml"):
        cohorts.open("uci_tyroid")


def test_the_nearest_setting_is_given():
    with pytest.raises(ParameterError, match="no setting 'sginal': did you mean 'signal'"):
        cohorts.open("li2024-sim", sginal=0)


@pytest.mark.parametrize("name", ["a.yml", "folder/cohort.yaml", "./mine"])
def test_paths_are_told_from_names(name):
    assert is_manifest(name)
    assert not is_manifest("ddti")
