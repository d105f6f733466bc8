"""Speckle, beam, attenuation, contrast and noise are those that were set."""

from dataclasses import replace

import numpy as np
import pytest
from scipy import signal, stats

from echophantom import acoustics as ac
from echophantom.acoustics import DENSITY, Scatterers, draw_scatterers, splat, weigh
from echophantom.body import Body, grid, shade
from echophantom.drivers import Scanner
from echophantom.nodule import Calcifications, Contour
from echophantom.render import Scene, decibels, quantise, reflectors

CLEAN = Scanner(clutter_db=-200.0, noise_db=-200.0, depth_mm=30.0, width_mm=30.0)
NOWHERE = Contour(0.0, 0.0, np.full(1024, 1.0))
NONE = Calcifications(*np.zeros((3, 0)))


def scene(seed: int, body: Body | None = None, share: float = 1.0) -> Scene:
    """Draw scatterers of a body; `share` of them is kept."""
    scatterers = draw_scatterers(np.random.default_rng(seed), 30.0)
    if share < 1:
        kept = np.random.default_rng(seed + 99).random(scatterers.x.shape) < share
        scatterers = Scatterers(scatterers.amplitude * kept, scatterers.x, scatterers.z)
    return Scene(body or Body(), NOWHERE, NONE, scatterers)


def heard(seed: int, scanner: Scanner = CLEAN, body: Body | None = None, share: float = 1.0):
    """Give lattice, signal and envelope of a body."""
    lattice = ac.lattice(scanner)
    rf = ac.receive(reflectors(scene(seed, body, share), scanner, lattice), scanner, lattice)
    return lattice, rf, ac.envelope(rf)


def near(lattice: ac.Lattice, depth: tuple[float, float], margin: float = 3.0):
    """Slices of lines and samples within depths, away from the sides."""
    low, high = np.searchsorted(lattice.depth, depth)
    edge = int(margin / lattice.pitch)
    return slice(edge, -edge), slice(low, high)


def power_db(values: np.ndarray) -> float:
    return float(10 * np.log10(np.mean(values.astype(float) ** 2)))


def pulse_length(scanner: Scanner) -> float:
    """Axial -6 dB width of the pulse-echo response's envelope in mm."""
    sigma = 2 * scanner.bandwidth * scanner.frequency_mhz / ac.SOUND_MM_US / ac.FWHM
    return ac.FWHM / (2 * np.pi * sigma)


def independent(seed: int, share: float = 1.0) -> np.ndarray:
    """Envelope about the focus, thinned to two widths of the response."""
    lattice, _, amplitude = heard(seed, share=share)
    across = int(np.ceil(2 * ac.beam_width(CLEAN, 15.0) / lattice.pitch))
    deep = int(np.ceil(2 * pulse_length(CLEAN) / lattice.dz))
    return amplitude[near(lattice, (10, 20))][::across, ::deep].ravel()


def test_an_even_region_has_fully_developed_speckle():
    """Mean over SD of a Rayleigh variable is 1.91; no seed of 20 is rejected at a joint 5 %."""
    samples = [independent(seed) for seed in range(20)]
    ratio = np.mean([s.mean() / s.std() for s in samples])
    assert ratio == pytest.approx(1.91, abs=0.05)
    p = [
        stats.kstest(s, stats.rayleigh(scale=np.sqrt((s**2).mean() / 2)).cdf).pvalue
        for s in samples
    ]
    assert min(p) > 0.05 / 20


def test_sparse_scatterers_are_told_from_fully_developed_speckle():
    """The test above has power: with a fiftieth of the scatterers it rejects."""
    sparse = independent(0, share=0.02)
    rayleigh = stats.rayleigh(scale=np.sqrt((sparse**2).mean() / 2))
    assert stats.kstest(sparse, rayleigh.cdf).pvalue < 1e-3
    assert sparse.mean() / sparse.std() < 1.8


def test_the_glands_signal_has_unit_power_whatever_the_machine():
    """Echo levels in dB mean the same on all machines."""
    for scanner in (CLEAN, replace(CLEAN, frequency_mhz=7.0, f_number=4.0, bandwidth=0.4)):
        lattice, rf, amplitude = heard(3, scanner)
        where = near(lattice, (5, 25))
        assert power_db(rf[where]) == pytest.approx(0, abs=0.3)
        assert power_db(amplitude[where]) == pytest.approx(10 * np.log10(2), abs=0.3)


def correlation_width(intensity: np.ndarray, axis: int, step: float) -> float:
    """Full width at half maximum of the autocovariance along an axis, in mm."""
    rest = intensity - intensity.mean()
    rest = np.moveaxis(rest, axis, 0)
    alike = np.array([(rest[k:] * rest[: len(rest) - k]).mean() for k in range(60)])
    alike /= alike[0]
    first = int(np.argmax(alike < 0.5))
    part = (alike[first - 1] - 0.5) / (alike[first - 1] - alike[first])
    return 2 * (first - 1 + part) * step


@pytest.mark.parametrize(
    ("frequency", "f_number", "bandwidth"), [(10, 2.5, 0.6), (7, 2.5, 0.6), (10, 4.5, 0.35)]
)
def test_speckle_is_as_wide_as_the_response(frequency, f_number, bandwidth):
    """The intensity of speckle correlates over the width of a Gaussian response."""
    scanner = replace(CLEAN, frequency_mhz=frequency, f_number=f_number, bandwidth=bandwidth)
    widths = []
    for seed in range(3):
        lattice, _, amplitude = heard(seed, scanner)
        part = amplitude[near(lattice, (13, 17))].astype(float) ** 2
        widths.append(
            [correlation_width(part, 0, lattice.pitch), correlation_width(part, 1, lattice.dz)]
        )
    lateral, axial = np.mean(widths, axis=0)
    assert lateral == pytest.approx(float(ac.beam_width(scanner, 15.0)), rel=0.12)
    assert axial == pytest.approx(pulse_length(scanner), rel=0.12)


def point_width(depth: float, scanner: Scanner, resolution: int = 1) -> float:
    """Lateral -6 dB width of one reflector in mm."""
    lattice = ac.lattice(scanner, resolution)
    one = splat(
        np.array([0.0]),
        np.array([depth]),
        np.array([1.0]),
        (lattice.lines, lattice.samples),
        lattice.x0,
        (lattice.pitch, lattice.dz),
    )
    profile = ac.envelope(ac.receive(one, scanner, lattice)).max(axis=1).astype(float)
    width, *_ = signal.peak_widths(profile, [int(profile.argmax())], rel_height=0.5)
    return float(width[0]) * lattice.pitch


def test_lateral_resolution_worsens_away_from_the_focus():
    """A reflector is narrowest at the focus, wider the farther off, and as wide as computed."""
    scanner = replace(CLEAN, depth_mm=40.0, focus_mm=20.0, attenuation_db=0.0)
    depths = (6.0, 12.0, 20.0, 28.0, 37.0)
    widths = [point_width(depth, scanner) for depth in depths]
    assert widths[0] > widths[1] > widths[2] < widths[3] < widths[4]
    assert widths == pytest.approx(ac.beam_width(scanner, np.array(depths)), rel=0.06)
    attenuated = replace(scanner, attenuation_db=0.5)
    assert point_width(37.0, attenuated) > 1.1 * widths[-1]


def test_a_finer_resolution_shrinks_a_point_by_its_factor():
    """The -6 dB width at resolution 2 and 4 is a half and a quarter, at any depth."""
    for depth in (8.0, 15.0, 25.0):
        widths = [point_width(depth, CLEAN, factor) * factor for factor in (1, 2, 4)]
        assert widths == pytest.approx([widths[0]] * 3, rel=0.05)


@pytest.mark.parametrize("loss", [6.0, 15.0, 25.0])
def test_a_shadow_is_as_deep_as_set(loss):
    """Behind a reflector the echo falls by its loss; beside it, it does not."""
    shaded = Body()
    shade(shaded, (0.0, 10.0), 8.0, loss)
    lattice, rf, _ = heard(5)
    _, behind, _ = heard(5, body=shaded)
    middle = lattice.lines // 2
    narrow = int(2 / lattice.pitch)
    deep = near(lattice, (14, 28))[1]
    core = slice(middle - narrow, middle + narrow)
    fall = power_db(rf[core, deep]) - power_db(behind[core, deep])
    assert fall == pytest.approx(loss, abs=0.3)
    above = near(lattice, (2, 9))
    assert power_db(behind[above]) == pytest.approx(power_db(rf[above]), abs=0.01)
    beside = (slice(10, int(5 / lattice.pitch)), deep)
    assert power_db(behind[beside]) == pytest.approx(power_db(rf[beside]), abs=0.05)


@pytest.mark.parametrize("level", [-3.0, -8.0, -15.0])
def test_contrast_is_as_set(level):
    """A dark disc is darker than the gland by its echogenicity in dB."""
    body = Body()
    x, z = grid()
    body.echo_db[np.hypot(x, z - 15) < 6] = level
    found = []
    for seed in range(4):
        lattice, rf, _ = heard(seed, body=body)
        place = lattice.x0 + np.arange(lattice.lines)[:, None] * lattice.pitch
        away = np.hypot(place, lattice.depth[None, :] - 15)
        found.append(power_db(rf[away < 5]) - power_db(rf[(away > 7) & (away < 11)]))
    assert np.mean(found) == pytest.approx(level, abs=0.4)


def test_fluid_enhances_what_lies_behind():
    """Sound that was not attenuated is compensated too much, by a computable amount."""
    body = Body()
    _, z = grid()
    body.attenuation[np.broadcast_to((z > 8) & (z < 12), body.attenuation.shape)] = 0.0
    expected = 2 * CLEAN.attenuation_db * CLEAN.frequency_mhz * 0.4
    lattice, rf, _ = heard(2)
    _, through, _ = heard(2, body=body)
    where = near(lattice, (14, 28))
    assert power_db(through[where]) - power_db(rf[where]) == pytest.approx(expected, abs=0.05)


def test_the_pulse_loses_its_high_frequencies_with_depth():
    """The signal's mean frequency at a depth is that of an attenuated Gaussian spectrum."""
    scanner = replace(CLEAN, attenuation_db=0.4, bandwidth=0.5)
    for depth in (5.0, 15.0, 25.0):
        found = []
        for seed in range(3):
            lattice, rf, _ = heard(seed, scanner)
            part = rf[near(lattice, (depth - 1.5, depth + 1.5))].astype(float)
            spectrum = (np.abs(np.fft.rfft(part * np.hanning(part.shape[1]), axis=1)) ** 2).mean(0)
            wave = np.fft.rfftfreq(part.shape[1], lattice.dz)
            found.append((wave * spectrum).sum() / spectrum.sum() * ac.SOUND_MM_US / 2)
        expected = float(ac.centre_frequency(scanner, depth))
        assert np.mean(found) == pytest.approx(expected, rel=0.02)
    assert float(ac.centre_frequency(scanner, 25.0)) < 9


def test_noise_grows_with_the_gain_until_the_gain_ends():
    """Noise follows the compensation; past its limit noise stays and echo falls."""
    scanner = replace(CLEAN, noise_db=-40.0, tgc_max_db=20.0)
    lattice = ac.lattice(scanner)
    noise = ac.electronic_noise(np.random.default_rng(0), scanner, lattice)
    silent = np.zeros_like(noise)
    only = ac.compensate(silent, scanner, lattice, noise)
    levels = [power_db(only[:, near(lattice, (d, d + 1))[1]]) for d in (4.5, 14.5, 22.5, 27.5)]
    assert levels == pytest.approx([-35, -25, -20, -20], abs=0.4)
    echo = ac.compensate(np.ones_like(noise), scanner, lattice, silent)
    at = np.searchsorted(lattice.depth, [10.0, 25.0])
    assert 20 * np.log10(echo[0, at]) == pytest.approx([0, -5], abs=0.1)


def test_compensation_error_is_in_db_per_cm():
    """An error of 2 dB/cm brightens 2 cm deeper tissue by 4 dB."""
    scanner = replace(CLEAN, tgc_error_db=2.0)
    lattice = ac.lattice(scanner)
    ones = np.ones((lattice.lines, lattice.samples), np.float32)
    echo = ac.compensate(ones, scanner, lattice, 0 * ones)
    at = np.searchsorted(lattice.depth, [5.0, 25.0])
    assert np.diff(20 * np.log10(echo[0, at])) == pytest.approx([4], abs=0.05)


def test_the_envelope_is_that_of_a_known_signal():
    """A modulated tone's envelope is its modulation."""
    at = np.arange(2000)
    modulation = 1 + 0.5 * np.sin(at / 150)
    tone = (modulation * np.cos(at * 1.3)).astype(np.float32)[None, :]
    found = ac.envelope(tone)[0]
    assert found[50:-50] == pytest.approx(modulation[50:-50], abs=0.01)


def test_every_pulse_of_a_zone_joins_the_next():
    """One reflector has the same energy wherever it lies, at a zone's border too."""
    lattice = ac.lattice(CLEAN)
    even = replace(CLEAN, attenuation_db=0.0)
    energies = []
    for sample in np.linspace(100, lattice.samples - 100, 40).astype(int):
        one = np.zeros((lattice.lines, lattice.samples), np.float32)
        one[lattice.lines // 2, sample] = 1
        energies.append((ac.receive(one, even, lattice).astype(float) ** 2).sum())
    expected = 1 / (DENSITY * lattice.pitch * lattice.dz)
    assert energies == pytest.approx([expected] * 40, rel=0.01)


def test_reflectors_go_to_the_nearest_line_and_their_own_sample():
    """Amplitudes add where they belong; what lies outside on any side is left out."""
    x = np.array([-1.0, -0.96, 0.0, 1.04, 1.2, 0.0, 0.0])
    z = np.array([0.05, 0.05, 0.49, 0.1, 0.1, -0.02, 0.51])
    found = splat(x, z, np.arange(1.0, 8.0), (21, 5), -1.0, (0.1, 0.1))
    expected = np.zeros((21, 5))
    expected[0, 0], expected[10, 4], expected[20, 1] = 1 + 2, 3, 4
    assert found == pytest.approx(expected)


def test_the_map_weighs_scatterers_where_they_are():
    """A step in echogenicity is found again in the scatterers, to a cell."""
    scatterers = draw_scatterers(np.random.default_rng(0), 30.0)
    amplitude = np.ones((500, 500), np.float32)
    x, z = grid()
    dark = np.broadcast_to((z > 12) & (x > 3), amplitude.shape)
    amplitude[dark] = 0.0
    weighed = weigh(scatterers, amplitude)
    within = (scatterers.z > 12.1) & (scatterers.x > 3.1)
    without = (scatterers.z < 11.9) | (scatterers.x < 2.9)
    assert (weighed[within] == 0).all()
    assert weighed[without] == pytest.approx(scatterers.amplitude[without])
    assert len(scatterers.x.ravel()) / (30.0 * 50.0) == pytest.approx(DENSITY)
    per_cell = DENSITY * pulse_length(CLEAN) * float(ac.beam_width(CLEAN, 15.0))
    assert per_cell >= 10


def test_a_side_lobe_fills_dark_places_by_its_energy():
    """Wide lobes of -20 dB put about a hundredth of the gland's power into a dark slit."""
    body = Body()
    x, _ = grid()
    body.echo_db[:, np.abs(x[0]) < 1.0] = -100.0
    loud = replace(CLEAN, clutter_db=-20.0)
    lattice, rf, _ = heard(1, loud, body)
    _, clean, _ = heard(1, CLEAN, body)
    middle = (lattice.lines // 2, near(lattice, (12, 18))[1])
    assert -30 < power_db(rf[middle]) < -18
    assert power_db(clean[middle]) < -40


def test_grey_levels_are_monotone_and_the_gland_has_its_level():
    """Quantisation keeps order, clips at both ends and places 0 dB where it was set."""
    scanner = Scanner(dynamic_range_db=60.0, gland_level=0.5, gamma=1.0, black=0.0)
    levels = np.arange(-60, 61, dtype=np.float32)
    grey = quantise(levels, scanner).astype(int)
    assert (np.diff(grey) >= 0).all()
    assert grey[levels == 0] == pytest.approx(127.5, abs=1)
    assert grey[levels <= -30].max() == 0 and grey[levels >= 30].min() == 255
    brighter = quantise(levels, replace(scanner, gain_db=6.0)).astype(int)
    assert brighter[levels == -6] == grey[levels == 0]
    assert decibels(np.array([np.sqrt(2)], np.float32)) == pytest.approx([0], abs=1e-5)
