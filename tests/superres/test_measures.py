"""Quality, drift and detail: equal to references, and right where the answer is known."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import ndimage

from ptclnm.superres.detail import agreement, restored, spectral_sums
from ptclnm.superres.drift import drift_table, icc_a1, shares
from ptclnm.superres.filters import denoised, shuffled, unsharp
from ptclnm.superres.quality import fidelity, sharpness, speckle, summary


def features(rng: np.random.Generator, n: int = 12, k: int = 8) -> tuple[np.ndarray, np.ndarray]:
    first = rng.normal(size=(n, k)) * 10.0 ** rng.integers(-6, 7, k)
    noise = rng.uniform(0, 2, k) * first.std(axis=0)
    second = first * rng.uniform(0.5, 2, k) + noise * rng.normal(size=(n, k)) + noise
    return first, second


def test_icc_equals_pingouin() -> None:
    import pingouin

    first, second = features(np.random.default_rng(1))
    found = icc_a1(first, second)
    for j in range(first.shape[1]):
        n = len(first)
        table = pd.DataFrame({
            "picture": np.tile(np.arange(n), 2), "kind": np.repeat(["a", "b"], n),
            "value": np.r_[first[:, j], second[:, j]],
        })  # fmt: skip
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made = pingouin.intraclass_corr(table, "picture", "kind", "value").set_index("Type")
        name = "ICC(A,1)" if "ICC(A,1)" in made.index else "ICC2"
        # Pingouin rounds to six digits or not, by version.
        assert found[j] == pytest.approx(made.loc[name, "ICC"], abs=2e-6)


def test_icc_is_one_for_the_same_and_falls_with_a_shift_that_correlation_does_not_see() -> None:
    first = np.random.default_rng(0).normal(size=(30, 3))
    np.testing.assert_allclose(icc_a1(first, first), 1.0)
    assert (icc_a1(first, first + 3) < 0.3).all()
    assert np.isnan(icc_a1(np.ones((5, 1)), np.ones((5, 1)))).all()
    with pytest.raises(ValueError, match="2 pictures"):
        icc_a1(first[:2], first[:2])


def test_drift_matches_pictures_by_name_and_counts_by_part() -> None:
    ids = [f"i{k}" for k in range(10)]
    values = np.random.default_rng(0).normal(size=(10, 3))
    names = ["original_firstorder_Mean", "wavelet-LLH_glcm_Idm", "original_shape_Sphericity"]
    first = pd.DataFrame(values, columns=names, index=ids)
    second = first.assign(**{names[1]: values[::-1, 1] + 5}).sample(frac=1, random_state=0)
    made = drift_table(first, second).set_index("feature")
    assert made.loc[names[0], "icc"] == pytest.approx(1)
    assert made.loc[names[1], "icc"] < 0.2
    table = shares(made.reset_index(), "image_type").set_index("part")
    assert table.loc["original", ["features", "above", "share"]].tolist() == [2, 2, 1.0]
    assert table.loc["wavelet-LLH", "above"] == 0


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


def test_speckle_width_and_snr_are_those_that_were_made() -> None:
    image, mask = speckled(side=200)
    found = speckle(image, mask)
    # White noise under a Gaussian of sigma s: autocorrelation exp(-d^2 / 4 s^2).
    expected = {"speckle_rows": 1.5, "speckle_cols": 3.0}
    for name, sigma in expected.items():
        assert found[name] == pytest.approx(4 * sigma * np.log(2) ** 0.5, rel=0.15)
    assert found["speckle_snr"] == pytest.approx(160 / 20, rel=0.2)
    assert np.isnan(speckle(image, np.zeros_like(mask))["speckle_snr"])


def test_a_linear_filter_changes_power_but_not_agreement_with_the_truth() -> None:
    rng = np.random.default_rng(0)
    fine = rng.normal(size=(128, 128))
    original = ndimage.gaussian_filter(fine + 0.5 * rng.normal(size=fine.shape), 1, mode="wrap")
    sharper = original + 2 * (original - ndimage.gaussian_filter(original, 2, mode="wrap"))
    sums = [spectral_sums(original, fine, {"unsharp": sharper}, bands=32)]
    by = agreement(sums).set_index(["method", "band"])
    bands = [str(i) for i in range(2, 32)]
    a, b = (by.loc[name].loc[bands] for name in ("original", "unsharp"))
    np.testing.assert_allclose(a["correlation"], b["correlation"], atol=0.03)
    assert (b["power"] > 2 * a["power"]).mean() > 0.8


def test_what_is_restored_is_told_from_what_is_invented() -> None:
    rng = np.random.default_rng(0)
    fine = rng.normal(size=(128, 128))
    original = ndimage.gaussian_filter(fine, 2)
    lost = fine - original
    made = {"restored": original + 0.7 * lost, "invented": original + 0.7 * rng.permutation(lost)}
    table = agreement([spectral_sums(original, fine, made)])
    by = table[table["band"] == "all"].set_index("method")
    assert by.loc["restored", "added"] == pytest.approx(1)
    assert by.loc["restored", "invented"] == pytest.approx(0, abs=1e-9)
    assert abs(by.loc["invented", "added"]) < 0.05
    assert by.loc["invented", "invented"] > 0.99
    assert np.isnan(by.loc["original", "added"])


def test_without_a_truth_nothing_is_said() -> None:
    assert agreement([]).empty and restored([]).empty


def test_sums_over_pictures_are_those_of_all_pictures() -> None:
    rng = np.random.default_rng(0)
    pictures = [rng.normal(size=(3, 32, 32)) for _ in range(2)]
    sums = [spectral_sums(a, b, {"x": c}) for a, b, c in pictures]
    one, two = (agreement([s]).set_index(["method", "band"]) for s in sums)
    both = agreement(sums).set_index(["method", "band"]).loc[("x", "all"), "added"]
    low, high = sorted([one.loc[("x", "all"), "added"], two.loc[("x", "all"), "added"]])
    assert low <= both <= high


def test_plain_methods_do_what_they_are_called() -> None:
    image, mask = speckled()
    mixed = shuffled(image, mask, "a", 0)
    np.testing.assert_array_equal(mixed[~mask], image[~mask].astype(np.float32))
    np.testing.assert_array_equal(np.sort(mixed[mask]), np.sort(image[mask].astype(np.float32)))
    assert speckle(mixed, mask)["speckle_cols"] < 0.5 * speckle(image, mask)["speckle_cols"]
    assert denoised(image)[mask].std() < image[mask].std()
    made = unsharp(image)
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
