"""Quality, drift and detail: equal to references, and right where the answer is known."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from ptclnm.superres.detail import COLUMNS, agreement, restored, spectral_sums
from ptclnm.superres.drift import icc_a1
from ptclnm.superres.filters import unsharp
from ptclnm.superres.quality import fidelity, interval, sharpness, summary


def features(rng: np.random.Generator, n: int = 12, k: int = 8) -> list[pd.DataFrame]:
    first = rng.normal(size=(n, k)) * 10.0 ** rng.integers(-6, 7, k)
    noise = rng.uniform(0, 2, k) * first.std(axis=0)
    second = first * rng.uniform(0.5, 2, k) + noise * rng.normal(size=(n, k)) + noise
    return [pd.DataFrame(first), pd.DataFrame(second)]


def test_icc_equals_pingouin() -> None:
    import pingouin

    first, second = features(np.random.default_rng(1))
    found = icc_a1(first, second)
    for j in range(first.shape[1]):
        n = len(first)
        table = pd.DataFrame({
            "picture": np.tile(np.arange(n), 2), "kind": np.repeat(["a", "b"], n),
            "value": np.r_[first[j], second[j]],
        })  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = pingouin.intraclass_corr(table, "picture", "kind", "value").set_index("Type")
        name = "ICC(A,1)" if "ICC(A,1)" in made.index else "ICC2"
        # Pingouin rounds to six digits or not, by version.
        assert found[j] == pytest.approx(made.loc[name, "ICC"], abs=2e-6)


def test_icc_is_one_for_the_same_and_falls_with_a_shift_that_correlation_does_not_see() -> None:
    first = pd.DataFrame(np.random.default_rng(0).normal(size=(30, 3)))
    np.testing.assert_allclose(icc_a1(first, first), 1.0)
    assert (icc_a1(first, first + 3) < 0.3).all()
    constant = pd.DataFrame(np.full((5, 1), 0.1))
    assert icc_a1(constant, constant).isna().all()


def test_an_interval_is_students_and_has_no_limits_for_one_value() -> None:
    values = pd.Series([1.0, 2.0, 4.0, np.nan])
    reach = 4.302653 * values.std() / 3**0.5
    assert interval(values) == pytest.approx((7 / 3, 7 / 3 - reach, 7 / 3 + reach))
    assert np.isnan(interval(values[:1])).tolist() == [False, True, True]
    assert np.isnan(interval(values[3:])).all()


def speckled(seed: int = 0, side: int = 96) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side] - side / 2
    mask = np.hypot(x, y) < side / 3
    noise = ndimage.gaussian_filter(rng.normal(size=mask.shape), (1.5, 3.0))
    return 100 + 60 * mask + 20 * noise / noise.std(), mask


def test_fidelity_is_the_textbook_number() -> None:
    image, _ = speckled()
    off = image + 5.1
    found = fidelity(off, image)
    assert found["psnr"] == pytest.approx(20 * np.log10(255 / 5.1), abs=1e-3)
    assert fidelity(image, image)["ssim"] == pytest.approx(1)


def test_sharpness_is_that_of_the_nodules_edge() -> None:
    image, mask = speckled()
    clean = 100 + 60.0 * mask
    assert sharpness(ndimage.gaussian_filter(clean, 3), mask) < sharpness(clean, mask)
    assert sharpness(unsharp(image), mask) > 1.2 * sharpness(image, mask)
    elsewhere = clean + 0.0
    elsewhere[:5, :5] += 100
    assert sharpness(elsewhere, mask) == sharpness(clean, mask)


BANDS = ["method", "frequency"]


def test_a_linear_filter_changes_power_but_not_agreement_with_the_truth() -> None:
    rng = np.random.default_rng(0)
    fine = rng.normal(size=(128, 128))
    original = ndimage.gaussian_filter(fine + 0.5 * rng.normal(size=fine.shape), 1, mode="wrap")
    sharper = original + 2 * (original - ndimage.gaussian_filter(original, 2, mode="wrap"))
    sums = spectral_sums(original, fine, {"unsharp": sharper}, bands=32)
    power, by = sums.set_index(BANDS)["power"], agreement(sums, BANDS).set_index(BANDS)
    a, b = (by.loc[name].iloc[2:] for name in ("original", "unsharp"))
    np.testing.assert_allclose(a["correlation"], b["correlation"], atol=0.03)
    assert (power.loc["unsharp"].iloc[2:] > 2 * power.loc["original"].iloc[2:]).mean() > 0.8


def test_what_is_restored_is_told_from_what_is_invented() -> None:
    rng = np.random.default_rng(0)
    fine = rng.normal(size=(128, 128))
    original = ndimage.gaussian_filter(fine, 2)
    lost = fine - original
    made = {"restored": original + 0.7 * lost, "invented": original + 0.7 * rng.permutation(lost)}
    by = agreement(spectral_sums(original, fine, made), ["method"]).set_index("method")
    assert by.loc["restored", "added"] == pytest.approx(1)
    assert by.loc["restored", "invented"] == pytest.approx(0, abs=1e-9)
    assert abs(by.loc["invented", "added"]) < 0.05
    assert by.loc["invented", "invented"] > 0.99
    assert np.isnan(by.loc["original", "added"])


def test_without_a_truth_nothing_is_said() -> None:
    none = pd.DataFrame(columns=COLUMNS)
    assert agreement(none, BANDS).empty and restored(none).empty


def test_sums_over_pictures_are_those_of_all_pictures() -> None:
    rng = np.random.default_rng(0)
    drawn = enumerate(rng.normal(size=(2, 3, 32, 32)))
    parts = [spectral_sums(a, b, {"x": c}).assign(image_id=i) for i, (a, b, c) in drawn]
    sums = pd.concat(parts)
    each = agreement(sums, ["image_id", "method"]).query("method == 'x'")["added"]
    both = agreement(sums, ["method"]).set_index("method").loc["x", "added"]
    assert each.min() <= both <= each.max()
    found = restored(sums).set_index("method").loc["x"]
    assert found["added"] == pytest.approx(each.mean()) and found["pictures"] == 2


def test_an_unsharp_mask_keeps_to_the_scale() -> None:
    made = unsharp(speckled()[0])
    assert 0 <= made.min() and made.max() <= 255


def test_the_summary_averages_over_patients_and_pairs_differences() -> None:
    rng = np.random.default_rng(0)
    base = rng.normal(30, 5, 20)
    rows = [
        {"image_id": f"p{i}", "task": "restore", "method": method, "metric": "psnr", "value": v}
        for method, add in (("bicubic", 0.0), ("mine", 1.0))
        for i, v in enumerate(base + add + 0.01 * rng.normal(size=20))
    ]
    made = summary(pd.DataFrame(rows)).set_index("method")
    assert made.loc["mine", "patients"] == 20
    assert made.loc["mine", "high"] - made.loc["mine", "low"] > 1
    low, high = made.loc["mine", ["difference_low", "difference_high"]]
    assert 0.97 < low < high < 1.03
