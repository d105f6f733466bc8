"""Made-up tables of features: texture, outline and a network's, with signals where asked."""

from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest

N_DEEP, N_RADIOMICS = 40, 30


def _cohort_table(patients: int = 240, seed: int = 0) -> pd.DataFrame:
    """Draw patients with one or two images, in three sets."""
    rng = np.random.default_rng([seed, 1])
    rows = []
    for number in range(patients):
        split = ("train", "train", "internal", "external")[number % 4]
        label = int(rng.random() < 0.4)
        for image in range(1 + number % 2):
            name = f"p{number:03d}"
            rows.append((name, f"{name}_{image}", "", "", split, "A", label))
    columns = ["patient_id", "image_id", "image", "mask", "split", "center", "label"]
    return pd.DataFrame(rows, columns=columns)


def _features(
    table: pd.DataFrame, names: list[str], signal: float, seed: int, carriers: int = 2
) -> pd.DataFrame:
    """Draw features; the first few differ between the classes by `signal` SD."""
    patients = list(dict.fromkeys(table["patient_id"]))
    rng = np.random.default_rng([seed, 2])
    of_patient = pd.DataFrame(rng.normal(size=(len(patients), len(names))), patients, names)
    values = of_patient.loc[table["patient_id"]].to_numpy()
    values = values + 0.2 * rng.normal(size=values.shape)
    values[:, :carriers] += signal * table["label"].to_numpy()[:, None]
    made = pd.DataFrame(values, columns=names)
    made.insert(0, "image_id", table["image_id"].to_numpy())
    return made


Maker = Callable[..., tuple[pd.DataFrame, dict[str, pd.DataFrame]]]


@pytest.fixture(scope="session")
def made_parts() -> Maker:
    """The function that draws a cohort's table, its radiomics and its deep features."""

    def make(radiomics: float = 1.0, deep: float = 1.0, patients: int = 240, seed: int = 0):
        table = _cohort_table(patients, seed)
        texture = [f"original_glcm_F{i:02d}" for i in range(N_RADIOMICS)]
        network = [f"dl_{i:04d}" for i in range(N_DEEP)]
        return table, {
            "radiomics": _features(table, texture, radiomics, seed),
            # A principal component follows variance: the carriers must have some.
            "DL": _features(table, network, deep, seed + 100, carriers=N_DEEP // 2),
        }

    return make
