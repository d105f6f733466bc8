"""The generator beats interpolation, the adversary goes on from it, tiles meet."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from ptclnm.models.deep.batches import generator
from ptclnm.superres.filters import degrade, degraded
from ptclnm.superres.networks import Generator, new_discriminator, new_generator, super_resolve
from ptclnm.superres.plan import SRPlan
from ptclnm.superres.quality import fidelity
from ptclnm.superres.training import Pairs, train_generator


def random_network(blocks: int = 2, channels: int = 6, seed: int = 0) -> Generator:
    torch.manual_seed(seed)
    made = Generator(blocks, channels)
    torch.nn.init.normal_(made.tail.weight, std=0.05)
    return made.eval()


@settings(max_examples=20)
@given(st.integers(5, 90), st.integers(5, 90), st.integers(8, 40))
def test_tiled_is_whole(rows: int, cols: int, tile: int) -> None:
    image = np.random.default_rng(rows * cols).uniform(0, 255, (rows, cols))
    network = random_network()
    tiled = super_resolve(network, image, tile=tile)
    np.testing.assert_allclose(tiled, super_resolve(network, image, tile=1000), atol=0.01)
    assert tiled.shape == image.shape and tiled.dtype == np.float32


def test_a_pixel_depends_on_its_surroundings_up_to_reach_and_no_further() -> None:
    image, network = np.full((61, 61), 100.0), random_network()
    image[0, 0] = 101
    before = super_resolve(network, image)
    image[30, 30] = 220
    rows, cols = np.nonzero(np.abs(super_resolve(network, image) - before) > 1e-3)
    reach = network.reach
    assert max(np.ptp(rows), np.ptp(cols)) <= 2 * reach
    assert np.abs(rows - 30).max() > reach // 2


def test_an_untrained_generator_changes_nothing(blobs, fast) -> None:
    image = blobs(1).arrays[0]
    np.testing.assert_allclose(super_resolve(new_generator(fast), image), image, atol=1e-3)


@pytest.mark.parametrize("scale", [2, 4])
def test_the_degraded_copy_keeps_size_and_mean_and_holds_no_fine_detail(scale: int) -> None:
    rng = np.random.default_rng(0)
    image = rng.uniform(0.2, 0.8, (50, 70)).astype(np.float32)
    made = degrade(torch.from_numpy(image)[None, None], scale, 0.0, generator(0))[0, 0].numpy()
    assert made.shape == image.shape
    assert abs(made.mean() - image.mean()) < 0.01
    assert made.std() < image.std() / scale * 1.2
    ramp = torch.linspace(0.2, 0.8, 64).repeat(64, 1)[None, None]
    same = degrade(ramp, scale, 0.0, generator(0))
    inner = slice(8, -8)
    torch.testing.assert_close(same[..., inner], ramp[..., inner], atol=2.5e-3, rtol=0)


def test_noise_has_the_sd_that_is_asked_for_and_depends_on_name_and_seed() -> None:
    flat, plan = np.full((400, 400), 128.0), SRPlan(scale=2, noise=0.05)
    coarse = degraded(flat, "a", plan)
    np.testing.assert_array_equal(coarse, degraded(flat, "a", plan))
    assert np.abs(degraded(flat, "b", plan) - coarse).max() > 1
    assert np.abs(degraded(flat, "a", replace(plan, seed=1)) - coarse).max() > 1
    # Averaging pixel pairs of a bicubic interpolation gives back nearly what was drawn.
    drawn = coarse.reshape(200, 2, 200, 2).mean(axis=(1, 3))
    assert 0.7 * 0.05 < drawn.std() / 255 < 1.1 * 0.05


def test_batches_are_decided_by_seed_epoch_and_step(blobs, fast) -> None:
    pairs = Pairs(blobs(), fast)
    low, high = pairs[3, 5]
    torch.testing.assert_close(Pairs(blobs(), fast)[3, 5], (low, high))
    other = [pairs[3, 6], pairs[4, 5], Pairs(blobs(), replace(fast, seed=1))[3, 5]]
    assert not any(torch.equal(high, one[1]) for one in other)


def test_a_patient_with_many_pictures_is_not_drawn_more_often(blobs, fast) -> None:
    made = blobs(9)
    values = tuple(np.full((30, 30), i, dtype=np.uint8) + np.eye(30, dtype=np.uint8)
                   for i in (10, *[200] * 8))  # fmt: skip
    pictures = replace(made, arrays=values, patients=("one", *["many"] * 8))
    _, high = Pairs(pictures, replace(fast, batch_size=400))[0, 0]
    share = float((high.mean(dim=(1, 2, 3)) < 0.3).double().mean())
    assert 0.4 < share < 0.6


def test_without_adversary_it_beats_bicubic_on_pictures_it_has_not_seen(blobs, fast) -> None:
    plan = replace(fast, adversarial=0.0, epochs=6, lr=3e-3)
    network, _ = train_generator(blobs(), plan)
    gains = []
    for image in blobs(3, seed=9).arrays:
        low = degraded(image, "x", plan)
        before = fidelity(low, image)
        after = fidelity(super_resolve(network, low), image)
        gains.append([after[key] - before[key] for key in ("psnr", "ssim")])
    assert (np.array(gains) > [0.1, 0.005]).all(), gains


def test_adversarial_training_goes_on_from_the_warm_up(blobs, fast) -> None:
    first, _ = train_generator(blobs(), fast.without_adversary())
    before = [value.detach().clone() for value in first.parameters()]
    second, history = train_generator(blobs(), fast, first)
    unchanged = zip(before, first.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in unchanged)
    after = second.state_dict().values()
    moved = [float((a - b).abs().max()) for a, b in zip(before, after, strict=True)]
    assert 0 < max(moved) < 0.1
    assert history["stage"].tolist() == ["adversarial"] and history.notna().all(axis=None)


def test_the_discriminator_learns_to_tell_and_ignores_brightness(blobs, fast) -> None:
    made = new_discriminator(fast)
    x = torch.rand(4, 1, 20, 20)
    torch.testing.assert_close(made(x), made(x + 0.3), atol=1e-4, rtol=1e-4)
    assert made(x).shape == (4,)


def test_the_pixel_loss_falls(blobs, fast) -> None:
    plan = replace(fast, epochs=4, adversarial=0.0)
    losses = train_generator(blobs(), plan)[1]["pixel"].tolist()
    assert all(later < earlier for earlier, later in pairwise(losses)), losses


def test_memory_of_a_large_picture_is_that_of_a_tile() -> None:
    import resource

    network = new_generator(SRPlan())
    image = np.random.default_rng(0).uniform(0, 255, (4000, 700))
    super_resolve(network, image[:800])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    super_resolve(network, image)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    whole = 4000 * 700 * SRPlan().channels * 4 / 2**20  # one layer of the untiled picture, in MB
    assert grown < whole / 2, grown


def test_no_part_of_the_generator_can_die() -> None:
    """On speckle hardly anything can be foretold, and rectifiers that do not leak went silent."""
    network = random_network()
    for name, value in network.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.constant_(value, -50.0)
    (network(torch.rand(2, 1, 30, 30)) ** 2).mean().backward()
    assert all(value.grad.abs().max() > 0 for value in network.parameters())
