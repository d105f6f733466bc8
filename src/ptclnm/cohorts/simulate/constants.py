"""Strength of the signals; written by ``python -m ptclnm.cohorts.simulate.calibrate``."""

STRENGTH: dict[str, dict[str, float]] = {
    "ni2024-sim": {"shape": 1.05, "texture": 1.05},
    "li2024-sim": {"clinical": 1.29, "size": 1.29, "shape": 1.29, "texture": 1.04},
}
