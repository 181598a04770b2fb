"""Each trainer at toy size: losses fall, and a broken run goes on exactly where it stopped."""

import pytest
import torch

from training import autoencoder, diffusion, latents, loop, sharpen, sources, tokens, unet, words
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
        return self.z[rows], self.z[rows ^ 1], states


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
    assert loop.is_done(tmp_path / "broken.pt")
    assert not loop.train(task(), tmp_path / "broken.pt", Budget(steps=4), seed=5)


def test_diffusion_learns_toy_latents(tiny_unet, monkeypatch):
    monkeypatch.setattr(unet, "WORKERS", 1)
    task = unet.DiffusionTask(1, ToyData(), batch=8)
    losses = [task.step(0.0, torch.Generator().manual_seed(step))["v"] for step in range(24)]
    assert sum(losses[-6:]) < sum(losses[:6])


def test_sharpening_moves_both_sides(tiny_unet, tmp_path, monkeypatch):
    monkeypatch.setattr(unet, "WORKERS", 1)
    start = tmp_path / "a.pt"
    loop.save(unet.DiffusionTask(1, ToyData()), start, 0, 0.0, done=True)
    task = sharpen.SharpenTask(1, ToyData(), start, batch=4)
    before = weights(task)
    losses = task.step(0.5, torch.Generator().manual_seed(1))
    assert all(value == value for value in losses.values())
    assert not torch.equal(before, weights(task))
    loop.save(task, tmp_path / "b.pt", 1, 0.0, done=True)
    halfway = sharpen.blended(start, tmp_path / "b.pt", 0.5).conv_in.weight
    ends = (unet.averaged(tmp_path / name)["conv_in.weight"] for name in ("a.pt", "b.pt"))
    assert torch.allclose(halfway, sum(ends) / 2)


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
    x = diffusion.noised(z, e, t)
    a, s = diffusion.scales(t)
    v = diffusion.velocity(x, z, t)
    assert torch.allclose(v, a * e - s * z, atol=1e-4)
    assert torch.allclose(diffusion.denoised(x, v, t), z, atol=1e-4)


def test_sources_stay_clean_or_change_as_told():
    generator = torch.Generator().manual_seed(1)
    z, partner = (torch.randn(200, 4, 8, 8, generator=generator) for _ in range(2))
    mixed, foreign = sources.mix(z, partner, torch.full((200,), 300), generator)
    assert not foreign.any()
    clean = (mixed == z).flatten(1).all(1).float().mean()
    repainted = (mixed == partner).flatten(1).all(1).float().mean()
    assert 0.6 < clean < 0.85 and 0.05 < repainted < 0.25
    _, foreign = sources.mix(z, partner, torch.full((200,), 800), generator)
    assert foreign.any()


def test_pairs_of_latents_share_a_shape(tmp_path):
    vae = autoencoder.build(8)
    vae.register_to_config(scaling_factor=1.0)
    tokenizer = tokens.train(["red fire"] * 9, tmp_path / "tokenizer")
    made = latents.make(vae, tokenizer, 32, 64, seed=1)
    assert made.z.shape == (32, 2, 4, 8, 8) and made.ids.shape == (32, tokens.LENGTH)
    latents.save(made, tmp_path / "z.pt")
    assert torch.equal(latents.load([tmp_path / "z.pt"]).z, made.z)
