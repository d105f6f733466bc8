"""Set how far the classes lie apart, once, so that plain models come near the reported AUCs.

``python -m ptclnm.cohorts.simulate.calibrate`` writes ``constants.py`` anew; with the name of a
cohort, that cohort's strengths alone. It is run by hand after a change of patients, drivers or
rendering.
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from echophantom.latent import Signals
from ptclnm.cohorts.simulate import li2024, ni2024
from ptclnm.cohorts.simulate.constants import STRENGTH
from ptclnm.cohorts.simulate.patients import draw_with, study_of
from ptclnm.cohorts.simulate.plain import clinical_auc, features, inner_auc, lasso, outer_auc, trees
from ptclnm.report.files import write_text

# Reported: Nomogram C on Li's test set, there the mean of OR_SVM (0.822) and SR_SVM (0.878), and
# Thy-Radiomics on Ni's internal set.
NOMOGRAM_C, LI_SVM, THY_RADIOMICS = 0.880, 0.850, 0.787
CLINICAL_GRID, CLINICAL_SEEDS = (1.0, 1.1, 1.2, 1.3, 1.4), range(40)
PICTURE_GRID, PICTURE_SEEDS = (0.5, 1.0, 1.5), (0, 1)
# The training set is Table 1's; the other set is larger and balanced, for a steadier AUC.
WANTED = {ni2024.NAME: (315, 35, 150, 150, 0, 0), li2024.NAME: (259, 121, 150, 150)}
HERE = Path(__file__).parent
HEAD = (
    '"""Strength of the signals; written by ``python -m ptclnm.cohorts.simulate.calibrate``."""\n'
)


def nomogram_auc(clinical: float, seed: int) -> float:
    """Test AUC of the four clinical predictors of Nomogram C, fitted on the training set."""
    sizes = [stratum.size for stratum in li2024.strata()]
    strength = {"clinical": clinical, "size": clinical, "shape": clinical, "texture": 1.0}
    table = draw_with(li2024.NAME, sizes, seed, Signals(), strength).table
    return clinical_auc(table)


def radiomics_auc(name: str, strength: dict[str, float], seed: int) -> float:
    """Mean test AUC of the two plain models."""
    patients = draw_with(name, WANTED[name], seed, Signals(), strength)
    measured = features(patients)
    found = [outer_auc(patients, measured, make) for make in (lasso, trees)]
    inner = [inner_auc(patients, measured, make) for make in (lasso, trees)]
    said = ("test", np.round(found, 3), "5-fold", np.round(inner, 3))
    print(name, strength, seed, *said, flush=True)
    return float(np.mean(found))


def solve(grid: Sequence[float], aucs: Sequence[float], target: float) -> float:
    """Strength at which a straight line through the nearest AUCs reaches the target."""
    rising = np.maximum.accumulate(aucs)
    return round(float(np.interp(target, rising, grid)), 2)


def calibrate(names: Sequence[str]) -> dict[str, dict[str, float]]:
    """Find the strengths of cohorts; a target out of reach gives the end of the grid."""
    aucs = [np.mean([nomogram_auc(s, seed) for seed in CLINICAL_SEEDS]) for s in CLINICAL_GRID]
    clinical = solve(CLINICAL_GRID, aucs, NOMOGRAM_C)
    print("nomogram C", np.round(aucs, 3), clinical, flush=True)

    def li(texture: float) -> dict[str, float]:
        return {"clinical": clinical, "size": clinical, "shape": clinical, "texture": texture}

    def ni(both: float) -> dict[str, float]:
        return {"shape": both, "texture": both}

    found = {}
    for name, make, target in ((ni2024.NAME, ni, THY_RADIOMICS), (li2024.NAME, li, LI_SVM)):
        if name not in names:
            continue
        means = [
            np.mean([radiomics_auc(name, make(s), seed) for seed in PICTURE_SEEDS])
            for s in PICTURE_GRID
        ]
        found[name] = make(solve(PICTURE_GRID, means, target))
        print(study_of(name).TITLE, np.round(means, 3), found[name])
    return found


def constants_text(found: dict[str, dict[str, float]]) -> str:
    """Write the strengths as a module."""
    lines = [HEAD, "STRENGTH: dict[str, dict[str, float]] = {"]
    for name, values in found.items():
        inner = ", ".join(f'"{family}": {value}' for family, value in values.items())
        lines.append(f'    "{name}": {{{inner}}},')
    return "\n".join([*lines, "}"]) + "\n"


if __name__ == "__main__":
    asked = sys.argv[1:] or list(WANTED)
    write_text(constants_text(STRENGTH | calibrate(asked)), HERE / "constants.py")
