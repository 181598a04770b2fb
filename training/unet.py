"""The denoiser, first stage: clean latents from noisy sources in one step, by regression.

Latents, their noise and text states come in, the weights of a small Stable Diffusion UNet (8.7 M)
come out. The network predicts v at all timesteps, as a diffusion model does; but the pictures were
drawn from the very noise it is given (canvas.py), so even at pure noise there is one right answer
and a nearly absolute error leads straight to crisp one-step pictures, with no second network to
distil or to fool. Text reaches every block through the time embedding as well as by attention, and
the noise also tells position (engine/diffusion/noise.py): textures are learnt at once, but without
being told where it is, a network learns places last.
Trained first at 128 px, then at the sizes that ship. Low timesteps are left out: the engine starts
at t = 300 or more. On a processor two threads take the gradients of half a batch each.
"""

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import torch
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel

from engine.diffusion.noise import placed
from training import diffusion, latents, loop, sources
from training.latents import Latents

WIDTHS = (32, 64, 128, 160)
LOWEST_T = 100
PURE_NOISE = 0.25  # part of the batch at t = 999
FREE_T = 780  # above it a source tells too little of a shape that the noise does not tell
UNPROMPTED = 0.06
POSITION = 1.5  # amplitude of the pattern that tells position, beside noise of amplitude one
UNPLACED = 0.12  # rows whose noise does not tell position: plain noise works too
SOFTNESS = 0.05  # errors below this count as squares, above it as they are
WORKERS = 2


def build(widths: tuple[int, ...] = WIDTHS) -> UNet2DConditionModel:
    """Four levels, attention at the two lowest; `attention_head_dim` here counts heads."""
    return UNet2DConditionModel(
        sample_size=32,
        in_channels=4,
        out_channels=4,
        layers_per_block=1,
        block_out_channels=widths,
        down_block_types=("DownBlock2D",) * 2 + ("CrossAttnDownBlock2D",) * 2,
        up_block_types=("CrossAttnUpBlock2D",) * 2 + ("UpBlock2D",) * 2,
        mid_block_type="UNetMidBlock2DCrossAttn",
        cross_attention_dim=128,
        attention_head_dim=tuple(max(1, width // 32) for width in widths),
        norm_num_groups=16,
        resnet_time_scale_shift="scale_shift",
        addition_embed_type="text",
        addition_embed_type_num_heads=4,
    )


@dataclass(frozen=True)
class Batch:
    """z, partner and noise (n, 4, h, w), text states (n, 24, 128), free and t (n,)."""

    z: Tensor
    partner: Tensor
    noise: Tensor
    states: Tensor
    free: Tensor
    t: Tensor


class Data:
    """Random rows of latents of one size or several; some lose their prompt.

    A batch has one size, drawn by `weights`; its number of rows shrinks as its area grows.
    """

    def __init__(
        self,
        shelves: Sequence[Latents],
        encoder: CLIPTextModel,
        empty_ids: Tensor,
        weights: Sequence[float] = (1.0,),
    ):
        self.shelves, self.weights = shelves, torch.tensor(weights)
        self.states = [
            latents.states(encoder, rows.ids.flatten(0, 1)).unflatten(0, rows.ids.shape[:2])
            for rows in shelves
        ]
        self.empty = latents.states(encoder, empty_ids)[0].float()

    def batch(self, count: int, generator: torch.Generator) -> Batch:
        """`count` rows at the size of the first shelf, and as many pixels at other sizes."""
        shelf = int(torch.multinomial(self.weights, 1, generator=generator))
        rows = self.shelves[shelf]
        count = 2 * round(count / 2 * self.shelves[0].z[0].numel() / rows.z[0].numel())
        pick = torch.randint(len(rows), (count,), generator=generator)
        said = torch.randint(rows.ids.shape[1], (count,), generator=generator)
        states = self.states[shelf][pick, said].float()
        unprompted = torch.rand(count, generator=generator) < UNPROMPTED
        states[unprompted] = self.empty
        free, z = rows.free[pick], rows.z[pick].float()
        own, fresh = rows.noise[pick].float(), torch.randn(z.shape, generator=generator)
        noise = torch.where(free[:, None, None, None], fresh, own)
        unplaced = torch.rand(count, generator=generator) < UNPLACED
        noise = torch.where(unplaced[:, None, None, None], noise, placed(noise, POSITION))
        t = timesteps(free, generator)
        return Batch(z, rows.z[pick ^ 1].float(), noise, states, free, t)


def timesteps(free: Tensor, generator: torch.Generator) -> Tensor:
    """More high noise than low, and a share of pure noise; free rows stay below FREE_T."""
    u = torch.rand(len(free), generator=generator) ** 0.8
    highest = torch.where(free, FREE_T, diffusion.STEPS - 1)
    t = (LOWEST_T + (highest - LOWEST_T) * u).long()
    pure = (torch.rand(len(free), generator=generator) < PURE_NOISE) & ~free
    return torch.where(pure, diffusion.STEPS - 1, t)


class RegressionTask:
    def __init__(
        self,
        seed: int,
        data: Data,
        peak_lr: float = 1e-3,
        batch: int = 48,
        start: Path | None = None,
        device: str = "cpu",
    ):
        torch.manual_seed(seed)
        self.unet, self.data, self.peak_lr, self.batch = build().to(device), data, peak_lr, batch
        self.device, self.workers = device, WORKERS if device == "cpu" else 1
        if start:
            self.unet.load_state_dict(averaged(start))
        self.parameters = list(self.unet.parameters())
        self.optimizer = torch.optim.AdamW(
            self.parameters, peak_lr, betas=(0.9, 0.99), weight_decay=1e-3, fused=True
        )
        self.ema = loop.Ema(self.unet, 0.999)
        self.parts = {"unet": self.unet, "optimizer": self.optimizer, "ema": self.ema}
        self.threads = ThreadPoolExecutor(
            self.workers, initializer=torch.set_num_threads, initargs=(1,)
        )

    def step(self, progress: float, generator: torch.Generator) -> dict[str, float]:
        loop.set_lr(
            self.optimizer, loop.cosine(self.peak_lr, progress, (self.ema.updates + 1) / 200)
        )
        batch = self.data.batch(self.batch, generator)
        source = sources.mix(batch.z, batch.partner, batch.free, batch.t, generator)
        x = diffusion.noised(source, batch.noise, batch.t)
        parts = (part.to(self.device) for part in (x, batch.t, batch.states, batch.z))
        halves = zip(*(part.chunk(self.workers) for part in parts), strict=True)
        runs = list(self.threads.map(lambda half: self.gradients(*half), halves))
        set_mean_gradients(self.parameters, [run[1] for run in runs])
        nn.utils.clip_grad_norm_(self.parameters, 1.0, foreach=True)
        self.optimizer.step()
        self.ema.update(self.unet)
        errors, pure = torch.cat([run[0] for run in runs]), batch.t == diffusion.STEPS - 1
        return {
            "error": errors.mean().item(),
            "pure": _mean(errors[pure]),
            "rest": _mean(errors[~pure]),
        }

    def gradients(self, x: Tensor, t: Tensor, states: Tensor, z: Tensor):
        """Each row's error, and the gradients of their mean."""
        made = diffusion.denoised(x, predict(self.unet, x, t, states), t)
        errors = distance(made, z)
        return errors.detach().cpu(), torch.autograd.grad(errors.mean(), self.parameters)


def distance(made: Tensor, z: Tensor) -> Tensor:
    """Mean pseudo-Huber distance of each row (Song and Dhariwal 2023, section 3.3)."""
    return (((made - z).square() + SOFTNESS**2).sqrt() - SOFTNESS).mean((1, 2, 3))


def _mean(values: Tensor) -> float:
    return values.mean().item() if len(values) else math.nan


def set_mean_gradients(parameters: list[nn.Parameter], runs: list[tuple[Tensor, ...]]) -> None:
    """Average the workers' gradients in place: fresh memory for 8.5 M numbers costs a tenth."""
    total = list(runs[0])
    for more in runs[1:]:
        torch._foreach_add_(total, more)
    torch._foreach_mul_(total, 1 / len(runs))
    for parameter, gradient in zip(parameters, total, strict=True):
        parameter.grad = gradient


def predict(unet: UNet2DConditionModel, x: Tensor, t: Tensor, states: Tensor) -> Tensor:
    """v, computed in bfloat16 and given back in float32."""
    with torch.autocast(x.device.type, torch.bfloat16):
        return unet(x, t, encoder_hidden_states=states, return_dict=False)[0].float()


def averaged(path: Path) -> dict[str, Tensor]:
    return torch.load(path, weights_only=True, map_location="cpu")["parts"]["ema"]["weights"]


def finished(path: Path) -> UNet2DConditionModel:
    unet = build()
    unet.load_state_dict(averaged(path))
    return unet.eval()
