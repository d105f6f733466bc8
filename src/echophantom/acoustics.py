"""From reflectors to an envelope: scatterers, pulse, beam, attenuation, gain and noise.

Depth-dependent imaging of a linear array in the convolution model (Szabo, Diagnostic Ultrasound
Imaging, 2014, chapters 6, 8 and 10): every reflector is replaced by the pulse-echo response
of its depth, the responses add at radio frequency.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import fft, ndimage

from echophantom.body import CELLS, SIDE_MM, STEP_MM, Body, Map, uniform
from echophantom.drivers import Scanner

# Parts of a cell of the body's map along each side; a scatterer lies in each, at random.
PARTS = 2
DENSITY = PARTS**2 / STEP_MM**2
SOUND_MM_US = 1.54
FWHM = 2.354820045
ONE_WAY = 1.2  # -6 dB width of one way's beam at its focus, in wavelengths times f-number
APERTURE_MM = 18.0
ZONES = 9
TAIL = 48
BEAM_BLUR_MM = 0.3
EDGE = 2 / FWHM  # in bandwidths: two SDs of the spectrum, 97.5 % of the pulse's energy
SIDE_LOBES = 8.0  # how many times wider than the main lobe


@dataclass(frozen=True, eq=False)
class Scatterers:
    """Random reflectors of unit mean square, on a jittered lattice.

    Parameters
    ----------
    amplitude : ndarray of float32, shape (rows, columns)
        Uniform about 0; 20 rows and 20 columns a mm.
    x, z : ndarray of float32, same shape
        Places in mm.
    first : int
        Column of the body's lattice that the first column is.
    """

    amplitude: Map
    x: Map
    z: Map
    first: int = 0


def draw_scatterers(
    rng: np.random.Generator, depth_mm: float = SIDE_MM, width_mm: float = SIDE_MM
) -> Scatterers:
    """Draw the scatterers of a body down to a depth.

    Parameters
    ----------
    rng : Generator
        Source of three streams, of amplitudes and of places.
    depth_mm, width_mm : float
        A deeper or wider body has the same scatterers, and more below or at the sides.

    Returns
    -------
    Scatterers
        400 per square mm: 15 and more in a resolution cell of 10 MHz at f/2.5.
    """
    step = np.float32(STEP_MM / PARTS)
    rows = int(np.ceil(depth_mm / STEP_MM)) * PARTS
    half = min(int(np.ceil(width_mm / 2 / STEP_MM)) * PARTS, CELLS * PARTS // 2)
    first = CELLS * PARTS // 2 - half
    columns = slice(first, first + 2 * half)
    amplitude, z, x = (
        uniform(np.random.default_rng(seed), (rows, CELLS * PARTS), columns)
        for seed in rng.integers(0, 2**62, 3)
    )
    amplitude *= np.float32(np.sqrt(12))
    z += np.float32(0.5)
    x += np.float32(0.5)
    z += np.arange(rows, dtype=np.float32)[:, None]
    z *= step
    x += np.arange(-half, half, dtype=np.float32)[None, :]
    x *= step
    return Scatterers(amplitude, x, z, first)


def weigh(scatterers: Scatterers, amplitude: Map) -> Map:
    """Scale scatterers by a map of the body.

    Parameters
    ----------
    scatterers : Scatterers
        With as many rows and columns as the map has, or fewer.
    amplitude : ndarray, shape (500, 500)
        Echo amplitude, 1 in the gland.

    Returns
    -------
    ndarray of float32
        Amplitudes, shape of the scatterers'.
    """
    rows, columns = scatterers.amplitude.shape
    left = max(scatterers.first // PARTS - 1, 0)
    right = (scatterers.first + columns) // PARTS + 1
    fine = _double(amplitude[: rows // PARTS + 1, left:right])
    start = scatterers.first - left * PARTS
    return scatterers.amplitude * fine[:rows, start : start + columns]


def splat(
    x: NDArray, z: NDArray, amplitude: NDArray, shape: tuple[int, int], x0: float, steps: tuple
) -> Map:
    """Add reflectors to the nearest points of a lattice.

    Parameters
    ----------
    x, z, amplitude : ndarray
        Reflectors; places in mm.
    shape : tuple of int
        Lines and samples.
    x0 : float
        Position of the first line in mm.
    steps : tuple of float
        Distance of lines and of samples in mm.

    Returns
    -------
    ndarray of float32, shape `shape`
        Reflectors outside are left out.
    """
    # One line and one sample on each side take what is outside.
    lines, samples = shape[0] + 2, shape[1] + 2
    line = _cell(x, -x0 / steps[0] + 1.5, steps[0], lines)
    sample = _cell(z, 1.0, steps[1], samples)
    # Reflectors come in rows of about a depth: so their sums lie close together in memory.
    sample *= lines
    sample += line
    total = np.bincount(sample, weights=amplitude, minlength=lines * samples)
    return total.reshape(samples, lines)[1:-1, 1:-1].T.astype(np.float32)


def _cell(place: NDArray, offset: float, step: float, count: int) -> NDArray[np.intp]:
    """Number the cells that places lie in, the first and the last taking what is outside."""
    cell = place * place.dtype.type(1 / step)
    cell += place.dtype.type(offset)
    return np.clip(cell, 0, count - 1, out=cell).astype(np.intp)


def _double(coarse: Map) -> Map:
    """Interpolate a map linearly to half its step."""
    for _ in (0, 1):
        size = len(coarse)
        fine = np.empty((2 * size, coarse.shape[1]), np.float32)
        near = coarse * np.float32(0.75)
        far = coarse * np.float32(0.25)
        fine[0::2], fine[1::2] = near, near
        fine[2::2] += far[:-1]
        fine[1:-1:2] += far[1:]
        fine[0] += far[0]
        fine[-1] += far[-1]
        coarse = fine.T
    return coarse


@dataclass(frozen=True)
class Lattice:
    """Lines and samples of the radio-frequency signal.

    Parameters
    ----------
    lines, samples : int
        How many.
    x0 : float
        Position of the first line in mm.
    pitch, dz : float
        Distance of lines and of samples in mm.
    resolution : int
        How much finer the response is than the scanner's own.
    """

    lines: int
    samples: int
    x0: float
    pitch: float
    dz: float
    resolution: int = 1

    @property
    def depth(self) -> NDArray[np.float64]:
        """Depth of the samples in mm."""
        return (np.arange(self.samples) + 0.5) * self.dz


def lattice(scanner: Scanner, resolution: int = 1) -> Lattice:
    """Choose lines and samples fine enough for the response.

    Parameters
    ----------
    scanner : Scanner
        Settings.
    resolution : int
        How much finer than the scanner's own.

    Returns
    -------
    Lattice
        Whole samples fit into a pixel; the lines reach 1.5 mm beyond the frame.
    """
    highest = 2 * scanner.frequency_mhz / SOUND_MM_US * (1 + EDGE * scanner.bandwidth) * resolution
    pixel = scanner.pixel_mm / resolution
    per_pixel = int(np.ceil(pixel * 2 * highest))
    rows = round(scanner.depth_mm / scanner.pixel_mm) * resolution
    narrowest = beam_width(scanner, np.linspace(1, scanner.depth_mm, 50)).min()
    pitch = float(np.clip(narrowest / 2.2, 0.06, 0.15)) / resolution
    lines = int(np.ceil((scanner.width_mm + 3.0) / pitch))
    return Lattice(
        lines, rows * per_pixel, -(lines - 1) * pitch / 2, pitch, pixel / per_pixel, resolution
    )


def centre_frequency(scanner: Scanner, depth_mm: NDArray) -> NDArray:
    """Give the pulse's mean frequency at a depth.

    Parameters
    ----------
    scanner : Scanner
        Frequency, bandwidth and attenuation are used.
    depth_mm : ndarray
        Depths in mm.

    Returns
    -------
    ndarray
        In MHz. Attenuation takes more of the high frequencies: the mean of a Gaussian spectrum
        moves down in proportion to depth; here by a half at most.
    """
    sigma = scanner.bandwidth * scanner.frequency_mhz / FWHM
    per_mhz = 2 * scanner.attenuation_db * np.asarray(depth_mm) / 10 * np.log(10) / 20
    return np.maximum(scanner.frequency_mhz - sigma**2 * per_mhz, 0.5 * scanner.frequency_mhz)


def beam_width(scanner: Scanner, depth_mm: NDArray) -> NDArray:
    """Give the lateral -6 dB width of the pulse-echo response.

    Parameters
    ----------
    scanner : Scanner
        Frequency, f-number and focus are used.
    depth_mm : ndarray
        Depths in mm.

    Returns
    -------
    ndarray
        In mm: product of a transmit beam with a fixed focus and a receive beam that is focused
        at every depth, with its f-number kept until the aperture is 18 mm.
    """
    depth = np.asarray(depth_mm, float)
    wavelength = SOUND_MM_US / centre_frequency(scanner, depth)
    at_focus = ONE_WAY * wavelength * scanner.f_number
    spread = np.abs(depth - scanner.focus_mm) / scanner.f_number
    transmit = np.hypot(at_focus, 0.5 * spread)
    receive = ONE_WAY * wavelength * np.maximum(scanner.f_number, depth / APERTURE_MM)
    return 1 / np.hypot(1 / transmit, 1 / receive)


def transmission_db(body: Body, scanner: Scanner) -> Map:
    """Give what attenuation and shadows leave over after the compensation for even tissue.

    Parameters
    ----------
    body : Body
        Attenuation relative to that tissue, and losses.
    scanner : Scanner
        Frequency and attenuation are used.

    Returns
    -------
    ndarray of float32, shape (500, 500)
        In dB; negative in a shadow, positive behind fluid; 0 where nothing is seen.
    """
    even = 2 * scanner.attenuation_db * scanner.frequency_mhz * STEP_MM / 10
    seen = body.seen.cut
    step = (1 - body.attenuation[seen]) * np.float32(even)
    step -= body.loss_db[seen] * np.float32(STEP_MM)
    behind = np.cumsum(step, axis=0, dtype=np.float32)
    passed = np.zeros_like(body.loss_db)
    blur = BEAM_BLUR_MM / STEP_MM
    passed[seen] = ndimage.gaussian_filter1d(behind, blur, axis=1, mode="nearest")
    return passed


def receive(reflectors: Map, scanner: Scanner, grid: Lattice) -> Map:
    """Convolve reflectors with the pulse-echo response of their depth.

    Parameters
    ----------
    reflectors : ndarray of float32, shape (lines, samples)
        Summed amplitudes on the lattice.
    scanner : Scanner
        Settings.
    grid : Lattice
        The lattice.

    Returns
    -------
    ndarray of float32, shape (lines, samples)
        Radio-frequency signal, of mean square 1 where scatterers of the gland are.
    """
    return _axial(_lateral(reflectors, scanner, grid), scanner, grid)


def _lateral(signal: Map, scanner: Scanner, grid: Lattice) -> Map:
    """Convolve every depth with its own beam."""
    size = fft.next_fast_len(grid.lines + 8, real=True)
    sigma = beam_width(scanner, grid.depth) / FWHM / grid.resolution
    wave = fft.rfftfreq(size, grid.pitch)[:, None]
    # A beam k times wider of the same energy has the square root of k times its area.
    lobes = np.sqrt(10 ** (scanner.clutter_db / 10) * SIDE_LOBES)
    response = _beam(wave, sigma)
    narrow = int(np.searchsorted(wave[:, 0], 1 / (SIDE_LOBES * sigma.min())))
    response[:narrow] += np.float32(lobes) * _beam(wave[:narrow], SIDE_LOBES * sigma)
    energy = (2 * np.einsum("ij,ij->j", response, response) - response[0] ** 2) / size
    response /= np.sqrt(energy * DENSITY * grid.pitch * grid.dz).astype(np.float32)
    spectrum = fft.rfft(signal, size, axis=0)
    spectrum *= response
    return fft.irfft(spectrum, size, axis=0, overwrite_x=True)[: grid.lines]


def _beam(wave: NDArray, sigma: NDArray) -> NDArray[np.float32]:
    """Give a Gaussian beam's spectrum, of unit area."""
    steps = wave.astype(np.float32) * (np.sqrt(2) * np.pi * sigma[None, :]).astype(np.float32)
    steps *= steps
    return np.exp(np.negative(steps, out=steps), out=steps)


def _axial(signal: Map, scanner: Scanner, grid: Lattice) -> Map:
    """Convolve with the pulse, in overlapping zones of depth that fade into each other."""
    edges = np.linspace(0, grid.samples, ZONES)
    size = fft.next_fast_len(int(np.ceil(2 * edges[1])) + 2 * TAIL, real=True)
    out = np.zeros((grid.lines, grid.samples + 2 * TAIL), np.float32)
    at = np.arange(grid.samples)
    for zone, middle in enumerate(edges):
        low = int(max(np.floor(edges[max(zone - 1, 0)]), 0))
        high = int(np.ceil(edges[min(zone + 1, ZONES - 1)]))
        fade = np.clip(1 - np.abs(at[low:high] - middle) / edges[1], 0, 1).astype(np.float32)
        part = np.zeros((grid.lines, size), np.float32)
        part[:, TAIL : TAIL + high - low] = signal[:, low:high] * fade
        spectrum = fft.rfft(part, axis=1) * _pulse(scanner, grid, middle * grid.dz, size)
        echo = fft.irfft(spectrum, size, axis=1)[:, : high - low + 2 * TAIL]
        out[:, low : high + 2 * TAIL] += echo
    return out[:, TAIL:-TAIL]


def _pulse(scanner: Scanner, grid: Lattice, depth_mm: float, size: int) -> NDArray[np.float32]:
    """Give the pulse's spectrum at a depth, of unit energy, for a transform of a given size."""
    centre = 2 * float(centre_frequency(scanner, depth_mm)) / SOUND_MM_US * grid.resolution
    sigma = 2 * scanner.bandwidth * scanner.frequency_mhz / SOUND_MM_US / FWHM * grid.resolution
    wave = fft.rfftfreq(size, grid.dz)
    spectrum = np.exp(-0.5 * ((wave - centre) / sigma) ** 2)
    energy = 2 * (spectrum**2).sum() / size
    return (spectrum / np.sqrt(energy)).astype(np.float32)


def reverberate(signal: Map, scanner: Scanner, grid: Lattice, echo_mm: float) -> Map:
    """Add what goes to and fro between the array and a layer: a faint copy, deeper.

    Parameters
    ----------
    signal : ndarray of float32, shape (lines, samples)
        Radio-frequency signal.
    scanner : Scanner
        ``reverberation_db`` is the first copy's level; the second is twice as faint in dB.
    grid : Lattice
        The lattice.
    echo_mm : float
        Depth of the layer.

    Returns
    -------
    ndarray of float32, same shape
    """
    out = signal.copy()
    for turn in (1, 2):
        late = max(round(turn * echo_mm / grid.dz), 1)
        out[:, late:] += signal[:, :-late] * _amplitude(turn * scanner.reverberation_db)
    return out


def envelope(signal: Map) -> Map:
    """Give the envelope by the Hilbert transform along depth.

    Parameters
    ----------
    signal : ndarray of float32, shape (lines, samples)
        Radio-frequency signal.

    Returns
    -------
    ndarray of float32, same shape
        Mean square is 2 where that of the signal is 1.
    """
    size = fft.next_fast_len(signal.shape[1] + TAIL, real=True)
    turned = fft.rfft(signal, size, axis=1)
    turned *= np.complex64(-1j)
    # The mean, and the highest frequency of an even size, have no quadrature.
    turned[:, 0] = 0
    if size % 2 == 0:
        turned[:, -1] = 0
    quadrature = fft.irfft(turned, size, axis=1, overwrite_x=True)[:, : signal.shape[1]]
    power = signal * signal
    power += quadrature * quadrature
    return np.sqrt(power, out=power)


def gain_db(scanner: Scanner, depth_mm: NDArray) -> NDArray:
    """Give the compensation of even tissue at a depth, limited to what the machine can give."""
    rate = 2 * scanner.attenuation_db * scanner.frequency_mhz / 10
    return np.minimum(rate * np.asarray(depth_mm), scanner.tgc_max_db)


def compensate(signal: Map, scanner: Scanner, grid: Lattice, noise: Map) -> Map:
    """Apply what the time-gain compensation does to echo and to electronic noise.

    Parameters
    ----------
    signal : ndarray of float32, shape (lines, samples)
        Echo as if tissue did not attenuate.
    scanner : Scanner
        Settings.
    grid : Lattice
        The lattice.
    noise : ndarray of float32, same shape
        White noise of mean square 1.

    Returns
    -------
    ndarray of float32, same shape
        Echo with the error of the compensation, and noise that grows with it.
    """
    depth = grid.depth
    gain = gain_db(scanner, depth)
    rate = 2 * scanner.attenuation_db * scanner.frequency_mhz / 10
    left = gain - rate * depth + scanner.tgc_error_db * depth / 10
    floor = scanner.noise_db + gain + scanner.tgc_error_db * depth / 10
    return signal * _amplitude(left) + noise * _amplitude(floor)


def electronic_noise(rng: np.random.Generator, scanner: Scanner, grid: Lattice) -> Map:
    """Draw noise in the receiver's band, shape (lines, samples), of mean square 1."""
    size = fft.next_fast_len(grid.samples, real=True)
    # The band-pass sums many samples: the noise is Gaussian though the numbers are not.
    white = uniform(rng, (grid.lines, size))
    pulse = _pulse(scanner, grid, 0.0, size) * np.float32(np.sqrt(12))
    return fft.irfft(fft.rfft(white, axis=1) * pulse, size, axis=1)[:, : grid.samples]


def _amplitude(level_db: NDArray) -> NDArray[np.float32]:
    return (10 ** (np.asarray(level_db) / 20)).astype(np.float32)
