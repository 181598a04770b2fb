"""Each trainer at toy size: losses fall, and a broken run goes on exactly where it stopped."""

import pytest
import torch

from training import autoencoder, diffusion, latents, loop, sources, tokens, unet, words
from training.captions import Look
from training.loop import Budget
from training.words import Labels, Lesson


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


class ToyData:
    """Random latents in place of cached ones."""

    def __init__(self, size: int = 8):
        self.z = torch.randn(6, 4, size, size, generator=torch.Generator().manual_seed(1))

    def batch(self, count, generator):
        rows = torch.randint(6, (count,), generator=generator)
        states = torch.ones(count, 24, 128) * rows[:, None, None] / 6
        z, free = self.z[rows], rows > 3
        noise = torch.randn(z.shape, generator=generator)
        return unet.Batch(
            z, self.z[rows ^ 1], noise, states, free, unet.timesteps(free, generator)
        )


@pytest.fixture
def tiny_unet(monkeypatch):
    built = unet.build
    monkeypatch.setattr(unet, "build", lambda: built((16, 16, 32, 32)))


def weights(task) -> torch.Tensor:
    network = next(iter(task.parts.values()))
    return torch.cat([p.detach().flatten() for p in network.parameters()])


def test_autoencoder_starts_as_a_passthrough_and_improves():
    task = autoencoder.AutoencoderTask(1, pool=8, size=64, channels=8)
    generator = torch.Generator().manual_seed(1)
    losses = [task.step(0.1, generator)["l1"] for _ in range(12)]
    assert losses[0] < 0.25
    assert sum(losses[-4:]) < sum(losses[:4])


def test_a_broken_run_ends_like_an_unbroken_one(tmp_path):
    def task():
        return autoencoder.AutoencoderTask(1, pool=8, size=64, channels=8)

    whole, first, second = task(), task(), task()
    loop.train(whole, tmp_path / "whole.pt", Budget(steps=4), seed=5)
    state = {"step": 2, "seconds": 0.0, "done": False}
    for step in range(2):
        first.step(step / 4, torch.Generator().manual_seed(5 * 1_000_003 + step))
    loop.save(first, tmp_path / "broken.pt", **state)
    loop.train(second, tmp_path / "broken.pt", Budget(steps=4), seed=5)
    assert torch.equal(weights(whole), weights(second))
    assert loop.is_done(tmp_path / "broken.pt", Budget(steps=4))
    assert not loop.train(task(), tmp_path / "broken.pt", Budget(steps=4), seed=5)
    assert loop.train(task(), tmp_path / "broken.pt", Budget(steps=5), seed=5)


def test_the_denoiser_learns_toy_latents(tiny_unet, monkeypatch):
    monkeypatch.setattr(unet, "WORKERS", 1)
    task = unet.RegressionTask(1, ToyData(), batch=8)
    losses = [task.step(0.0, torch.Generator().manual_seed(1))["error"] for _ in range(24)]
    assert sum(losses[-6:]) < sum(losses[:6])


def test_the_text_encoder_learns_what_captions_say(tmp_path):
    said, looks = words.many_captions(64, 1, {})
    tokenizer = tokens.train(said, tmp_path / "tokenizer")
    ids = tokens.encode(tokenizer, said)
    meanings = torch.nn.functional.normalize(torch.randn(64, 384), dim=-1)
    task = words.TextTask(1, Lesson(ids, meanings, ids, Labels.of(looks)), len(tokenizer), 4)
    losses = [task.step(0.0, torch.Generator().manual_seed(i))["subject"] for i in range(12)]
    assert losses[-1] < losses[0]
    assert isinstance(looks[0], Look)


def test_the_tokenizer_takes_any_text(tmp_path):
    tokenizer = tokens.train(["red fire", "blue ocean"] * 9, tmp_path / "tokenizer")
    ids = tokens.encode(tokenizer, ["red fire", "Übermut 漢字 🙂" * 9])
    assert ids.shape == (2, tokens.LENGTH)
    assert ids[0, -1] == tokenizer.eos_token_id == len(tokenizer) - 1
    assert tokenizer.decode(ids[0], skip_special_tokens=True).strip() == "red fire"


def test_velocity_leads_back_to_the_clean_latent():
    generator = torch.Generator().manual_seed(1)
    z, e = (torch.randn(3, 4, 8, 8, generator=generator) for _ in range(2))
    t = torch.tensor([100, 500, 999])
    x, (a, s) = diffusion.noised(z, e, t), diffusion.scales(t)
    assert torch.allclose(diffusion.denoised(x, a * e - s * z, t), z, atol=1e-4)


def test_sources_stay_clean_or_change_as_told():
    generator = torch.Generator().manual_seed(1)
    z, partner = (torch.randn(400, 4, 8, 8, generator=generator) for _ in range(2))
    low, high, free = torch.full((400,), 200), torch.full((400,), 800), torch.arange(400) % 2 == 0
    for t, is_free in ((low, free & False), (high, free | True)):
        mixed = sources.mix(z, partner, is_free, t, generator)
        assert 0.6 < alike(mixed, z).mean() < 0.8 and 0.1 < alike(mixed, partner).mean() < 0.2
    mixed = sources.mix(z, partner, free & False, high, generator)
    assert alike(mixed, z).mean() < 0.5


def alike(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return (a == b).flatten(1).all(1).float()


def test_free_rows_stay_where_their_source_shows():
    free = torch.arange(4000) % 2 == 0
    t = unet.timesteps(free, torch.Generator().manual_seed(1))
    assert t[free].max() <= unet.FREE_T < t[~free].max() == 999
    assert t.min() >= unet.LOWEST_T


def test_pairs_of_latents_share_a_shape_and_its_noise(tmp_path):
    vae = autoencoder.build(8)
    vae.register_to_config(scaling_factor=1.0)
    tokenizer = tokens.train(["red fire"] * 9, tmp_path / "tokenizer")
    made = latents.make(vae, tokenizer, 64, (64, 96), seed=1)
    assert made.z.shape == made.noise.shape == (64, 4, 8, 12)
    assert made.ids.shape == (64, latents.CAPTIONS, tokens.LENGTH)
    assert torch.equal(made.noise[0::2], made.noise[1::2])
    assert made.free.any() and not made.free.all()
    latents.save(made, tmp_path / "z.pt")
    assert torch.equal(latents.load(tmp_path / "z.pt").z, made.z)


def test_batches_of_several_sizes_hold_about_as_many_pixels(tmp_path):
    tokenizer = tokens.train(["red fire"] * 9, tmp_path / "tokenizer")
    shelves = []
    for height, width in ((8, 8), (8, 16)):
        z = torch.randn(10, 4, height, width)
        ids = tokens.encode(tokenizer, ["red fire"] * 20).unflatten(0, (10, 2))
        shelves.append(latents.Latents(z.half(), z.half(), torch.zeros(10, dtype=bool), ids))
    encoder = words.build(len(tokenizer)).eval()
    data = unet.Data(shelves, encoder, tokens.encode(tokenizer, [""]), (0.5, 0.5))
    seen = {tuple(data.batch(8, torch.Generator().manual_seed(n)).z.shape) for n in range(20)}
    assert seen == {(8, 4, 8, 8), (4, 4, 8, 16)}
