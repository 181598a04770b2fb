"""The autoencoder: 256x256 pictures to 4x32x32 latents and back, 0.27 M weights.

Pictures come in -1..1. The network is a diffusers AutoencoderTiny with no blocks at full
resolution, which lets the engine fuse its first and last convolutions. It starts as an RGB
pass-through (three channels carry the shrunk picture through both halves, residual branches near
zero): a CPU then needs minutes instead of hours, and latents look like thumbnails.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import AutoencoderTiny
from diffusers.models.autoencoders.vae import AutoencoderTinyBlock
from torch import Tensor, nn

from training import loop
from training.pictures import Pictures
from training.subjects import SUBJECTS

CHANNELS = 24
CROP = 64
BATCH = 8
PEAK_LR = 2e-3
GAIN = 3.0  # latent = GAIN * (rgb - 0.5) at the start, about unit variance


def build(channels: int = CHANNELS) -> AutoencoderTiny:
    return AutoencoderTiny(
        encoder_block_out_channels=(channels,) * 4,
        decoder_block_out_channels=(channels,) * 4,
        num_encoder_blocks=(0, 1, 3, 3),
        num_decoder_blocks=(4, 3, 1, 0),
        latent_channels=4,
        latent_magnitude=3,
        latent_shift=0.5,
        scaling_factor=1.0,
    )


@torch.no_grad()
def start_as_passthrough(vae: AutoencoderTiny) -> None:
    """Channels 0-2 carry RGB, filtered by a binomial kernel at each change of size."""
    binomial = torch.tensor([1.0, 2.0, 1.0]) / 4
    smooth = binomial[:, None] * binomial[None]
    point = torch.zeros(3, 3)
    point[1, 1] = 1
    _scale_at_random(vae)
    down = [layer for layer in vae.encoder.layers if isinstance(layer, nn.Conv2d)]
    up = [layer for layer in vae.decoder.layers if isinstance(layer, nn.Conv2d)]
    up[-1].weight.mul_(0.1)
    for conv in down[1:-1] + up[1:-1]:
        _carry_rgb(conv, smooth)
    _carry_rgb(down[0], point)
    _carry_rgb(down[-1], point * GAIN)
    _carry_rgb(up[0], point / GAIN)
    _carry_rgb(up[-1], point)
    down[-1].bias[:3] = -0.5 * GAIN
    up[0].bias[:3] = 0.5


def _carry_rgb(conv: nn.Conv2d, kernel: Tensor) -> None:
    conv.weight[:3] = 0
    for channel in range(3):
        conv.weight[channel, channel] = kernel


def _scale_at_random(vae: AutoencoderTiny) -> None:
    """Unit-gain weights, residual branches at a fifth, and at a hundredth into the RGB channels."""
    for module in vae.modules():
        if isinstance(module, nn.Conv2d):
            nn.init.normal_(module.weight, 0, module.weight[0].numel() ** -0.5)
            if module.bias is not None:
                nn.init.zeros_(module.bias)
    for module in vae.modules():
        if isinstance(module, AutoencoderTinyBlock):
            first, second, last = (m for m in module.conv if isinstance(m, nn.Conv2d))
            first.weight.mul_(2**0.5)
            second.weight.mul_(2**0.5)
            last.weight.mul_(0.2)
            last.weight[:3].mul_(0.05)


def edges(error: Tensor) -> Tensor:
    """L1 of the error's gradients at three scales: keeps edges where plain L1 would blur."""
    total = 0.0
    for _ in range(3):
        total = total + (error[..., 1:] - error[..., :-1]).abs().mean()
        total = total + (error[..., 1:, :] - error[..., :-1, :]).abs().mean()
        error = F.avg_pool2d(error, 2)
    return total


def distance(error: Tensor) -> Tensor:
    return error.abs().mean() + 0.5 * edges(error) + 0.25 * error.pow(2).mean()


def averaged(path: Path) -> dict[str, Tensor]:
    return torch.load(path, weights_only=True)["parts"]["ema"]["weights"]


class AutoencoderTask:
    """Learns from crops of a pool of pictures drawn once."""

    def __init__(self, seed: int, pool: int = 1600, size: int = 256, channels: int = CHANNELS):
        torch.manual_seed(seed)
        self.vae = build(channels).to(memory_format=torch.channels_last)
        start_as_passthrough(self.vae)
        self.optimizer = torch.optim.AdamW(
            self.vae.parameters(), PEAK_LR, betas=(0.9, 0.99), weight_decay=1e-4
        )
        self.ema = loop.Ema(self.vae, 0.998)
        self.parts = {"vae": self.vae, "optimizer": self.optimizer, "ema": self.ema}
        self.pool = pool_of_pictures(seed, pool, size)

    def crops(self, generator: torch.Generator) -> Tensor:
        side = self.pool.shape[-1] - CROP + 1
        which = torch.randint(len(self.pool), (BATCH,), generator=generator).tolist()
        corners = torch.randint(side, (BATCH, 2), generator=generator).tolist()
        cut = [
            self.pool[i, :, y : y + CROP, x : x + CROP]
            for i, (y, x) in zip(which, corners, strict=True)
        ]
        batch = torch.stack(cut).float() / 127.5 - 1
        if torch.rand(1, generator=generator) < 0.5:
            batch = batch.flip(-1)
        return batch.contiguous(memory_format=torch.channels_last)

    def step(self, progress: float, generator: torch.Generator) -> dict[str, float]:
        loop.set_lr(self.optimizer, loop.cosine(PEAK_LR, progress, (self.ema.updates + 1) / 100))
        images = self.crops(generator)
        z = self.vae.encoder(images)
        blur = 0.05 * torch.rand(1, generator=generator)
        error = self.vae.decoder(z + blur * torch.randn(z.shape, generator=generator)) - images
        spread = z.mean((0, 2, 3)).pow(2).sum() + (z.var((0, 2, 3)) - 1).pow(2).sum()
        loss = distance(error) + 0.002 * spread
        self.learn(loss)
        return {"l1": error.abs().mean().item() / 2, "loss": loss.item()}

    def learn(self, loss: Tensor) -> None:
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.vae.parameters(), 1.0)
        self.optimizer.step()
        self.ema.update(self.vae)


class PolishTask(AutoencoderTask):
    """Teaches the decoder alone to stand a second turn through encoder and decoder.

    A feedback loop encodes what was decoded, many times over; without this, edges grow coloured
    fringes turn by turn. The encoder stays as it is, so cached latents stay good.
    """

    def __init__(self, seed: int, start: Path, pool: int = 800, size: int = 256):
        super().__init__(seed, pool, size)
        self.vae.load_state_dict(averaged(start))
        self.vae.encoder.requires_grad_(False)

    def step(self, progress: float, generator: torch.Generator) -> dict[str, float]:
        loop.set_lr(self.optimizer, loop.cosine(PEAK_LR / 4, progress, self.ema.updates / 50))
        images = self.crops(generator)
        z = self.vae.encoder(images)
        blur = 0.05 * torch.rand(1, generator=generator)
        once = self.vae.decoder(z + blur * torch.randn(z.shape, generator=generator))
        z_again = self.vae.encoder(once)
        twice = self.vae.decoder(z_again)
        back = (z_again - z).abs().mean()
        loss = distance(once - images) + 0.5 * distance(twice - images) + 0.2 * back
        self.learn(loss)
        l1 = [(made - images).abs().mean().item() / 2 for made in (once, twice)]
        return {"l1": l1[0], "l1_twice": l1[1], "back": back.item()}


def pool_of_pictures(seed: int, count: int, size: int) -> Tensor:
    pictures = Pictures(seed, size)
    batches = [pictures.draw(8).images.mul(255).byte() for _ in range(count // 8)]
    return torch.cat(batches)


def finished(path: Path, channels: int = CHANNELS) -> AutoencoderTiny:
    """The averaged network of a checkpoint with the scaling factor kept beside it."""
    vae = build(channels)
    vae.load_state_dict(averaged(path))
    vae.eval().register_to_config(scaling_factor=_scaling_factor(vae, path.parent))
    return vae


@torch.no_grad()
def _scaling_factor(vae: AutoencoderTiny, folder: Path) -> float:
    """One over the latents' deviation, measured once: cached latents and export must agree."""
    kept = folder / "scaling_factor.json"
    if not kept.exists():
        images = Pictures(seed=2, size=256).draw(64).images * 2 - 1
        kept.write_text(json.dumps(round(1 / vae.encoder(images).std().item(), 4)))
    return json.loads(kept.read_text())


@torch.no_grad()
def psnr(vae: AutoencoderTiny, seed: int, each: int = 2) -> float:
    """Mean decibels over 256 px pictures of every subject that were not trained on."""
    pictures = Pictures(seed, 256)
    errors = []
    for subject in SUBJECTS:
        images = pictures.draw_subject(subject, each).images
        again = vae.decoder(vae.encoder(images * 2 - 1)) / 2 + 0.5
        errors.append((again.clamp(0, 1) - images).pow(2).mean((1, 2, 3)))
    return float((-10 * torch.cat(errors).log10()).mean())
