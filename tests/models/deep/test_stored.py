"""What is kept of a network: its tables and its weights, found again for the same data only."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch

from ptclnm.models.deep import stored
from ptclnm.models.deep.networks import WeightsError
from ptclnm.models.deep.stored import network_key, stored_all, stored_deep, stored_network
from ptclnm.models.deep.training import scores


def test_tables_are_found_again_and_the_network_gives_the_same_scores(
    planted, fast, tmp_path, monkeypatch
) -> None:
    crops, plan = planted(patients=24, images=2), replace(fast, epochs=1)
    first = stored_deep(crops, plan, tmp_path)

    def trained(*_):
        raise AssertionError("trained again")

    monkeypatch.setattr(stored, "train", trained)
    again = stored_deep(crops, plan, tmp_path)
    for name in first:
        pd.testing.assert_frame_equal(first[name], again[name])
    network, standard = stored_network(crops, plan, tmp_path)
    own = pd.Series(scores(network, crops, standard)).groupby(crops.patients).mean()
    found = first["predictions"].set_index("patient_id")["score"]
    assert own.loc[found.index].to_numpy() == pytest.approx(found.to_numpy(), abs=1e-12)
    monkeypatch.undo()
    (entry,) = (tmp_path / "deep").iterdir()
    assert entry.name == network_key(crops, plan)
    state = torch.load(entry / "network.pt", weights_only=True)
    state["classifier.bias"] += 1
    torch.save(state, entry / "network.pt")
    with pytest.warns(UserWarning, match="network.pt changed since written"):
        again = stored_deep(crops, plan, tmp_path)
    pd.testing.assert_frame_equal(again["predictions"], first["predictions"])


def test_first_weights_are_looked_for_before_any_network_is_trained(
    planted, fast, tmp_path, monkeypatch
) -> None:
    def trained(*_):
        raise AssertionError("work was begun")

    monkeypatch.setattr(stored, "train", trained)
    with pytest.raises(WeightsError, match="nowhere.pt: .*\n.*there is no such file"):
        stored_all(planted(patients=20), [fast, replace(fast, weights="nowhere.pt")], tmp_path)


def test_a_patients_score_is_the_mean_over_its_images(planted, fast, tmp_path) -> None:
    crops, plan = planted(patients=20, images=3), replace(fast, epochs=1)
    found = stored_all(crops, [plan], tmp_path)["predictions"].set_index("patient_id")["score"]
    network, standard = stored_network(crops, plan, tmp_path)
    mean = pd.Series(scores(network, crops, standard)).groupby(crops.patients).mean()
    assert len(found) == 20
    assert found.to_numpy() == pytest.approx(mean.loc[found.index].to_numpy())


def test_every_change_of_data_or_plan_is_another_entry(planted, fast) -> None:
    crops = planted(patients=20)
    pixels = crops.pixels.copy()
    pixels[0, 0, 0] += 1
    others = [
        replace(crops, pixels=pixels), replace(crops, labels=1 - crops.labels),
        replace(crops, splits=np.where(crops.splits == "test", "internal", crops.splits)),
    ]  # fmt: skip
    keys = [network_key(c, fast) for c in [crops, *others]]
    changes = {"seed": 1, "lr": 1e-3, "weights": "imagenet", "keep_last": True}
    keys += [network_key(crops, replace(fast, **{name: value})) for name, value in changes.items()]
    assert len(set(keys)) == 8
