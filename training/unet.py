"""The denoiser, stage A: v-prediction diffusion on cached latents.

Latents and text states come in, the weights of a small Stable Diffusion UNet (8.5 M) come out.
Trained first on 16x16 latents (128 px), then on 32x32 (256 px), the size that ships. Low timesteps
are left out: the engine starts at t = 300 or more. Gradients of two half batches are taken on two
threads, in bfloat16 where the processor has it.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from torch import Tensor, nn
from transformers import CLIPTextModel

from training import diffusion, latents, loop, sources
from training.latents import Latents

WIDTHS = (32, 64, 128, 160)
LOWEST_T = 100
PURE_NOISE = 0.1  # part of the batch at t = 999
UNPROMPTED = 0.08
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
    )


class Data:
    """Random rows of the latents with their text states; some lose their prompt."""

    def __init__(self, rows: Latents, encoder: CLIPTextModel, empty_ids: Tensor):
        self.z, self.states = rows.z, latents.states(encoder, rows.ids)
        self.empty = latents.states(encoder, empty_ids)[0]

    def batch(self, count: int, generator: torch.Generator) -> tuple[Tensor, Tensor, Tensor]:
        """Latents, the same shapes in other colours, and text states."""
        rows = torch.randint(len(self.z), (count,), generator=generator)
        side = torch.randint(2, (count,), generator=generator)
        states = self.states[rows].float()
        unprompted = torch.rand(count, generator=generator) < UNPROMPTED
        states[unprompted] = self.empty.float()
        return self.z[rows, side].float(), self.z[rows ^ 1, side].float(), states


def timesteps(count: int, generator: torch.Generator) -> Tensor:
    """More high noise than low, and a share of pure noise."""
    u = torch.rand(count, generator=generator) ** 0.8
    t = (LOWEST_T + (diffusion.STEPS - LOWEST_T) * u).long().clamp(max=diffusion.STEPS - 1)
    pure = torch.rand(count, generator=generator) < PURE_NOISE
    return torch.where(pure, diffusion.STEPS - 1, t)


class DiffusionTask:
    def __init__(
        self,
        seed: int,
        data: Data,
        peak_lr: float = 1e-3,
        batch: int = 48,
        start: Path | None = None,
    ):
        torch.manual_seed(seed)
        self.unet, self.data, self.peak_lr, self.batch = build(), data, peak_lr, batch
        if start:
            self.unet.load_state_dict(averaged(start))
        self.parameters = list(self.unet.parameters())
        self.optimizer = torch.optim.AdamW(
            self.parameters, peak_lr, betas=(0.9, 0.99), weight_decay=1e-3, fused=True
        )
        self.ema = loop.Ema(self.unet, 0.999)
        self.parts = {"unet": self.unet, "optimizer": self.optimizer, "ema": self.ema}
        self.threads = ThreadPoolExecutor(WORKERS, initializer=torch.set_num_threads, initargs=(1,))

    def step(self, progress: float, generator: torch.Generator) -> dict[str, float]:
        loop.set_lr(
            self.optimizer, loop.cosine(self.peak_lr, progress, (self.ema.updates + 1) / 200)
        )
        z, partner, states = self.data.batch(self.batch, generator)
        t = timesteps(len(z), generator)
        source, foreign = sources.mix(z, partner, t, generator)
        x = diffusion.noised(source, torch.randn(z.shape, generator=generator), t)
        target = diffusion.velocity(x, z, t)
        halves = zip(*(part.chunk(WORKERS) for part in (x, t, states, target)), strict=True)
        runs = list(self.threads.map(lambda half: self.gradients(*half), halves))
        set_mean_gradients(self.parameters, [run[1] for run in runs])
        nn.utils.clip_grad_norm_(self.parameters, 1.0, foreach=True)
        self.optimizer.step()
        self.ema.update(self.unet)
        return {
            "v": sum(run[0] for run in runs) / len(runs),
            "foreign": foreign.float().mean().item(),
        }

    def gradients(self, x: Tensor, t: Tensor, states: Tensor, target: Tensor):
        loss = F.mse_loss(predict(self.unet, x, t, states), target)
        return loss.item(), torch.autograd.grad(loss, self.parameters)


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
    with torch.autocast("cpu", torch.bfloat16):
        return unet(x, t, encoder_hidden_states=states, return_dict=False)[0].float()


def averaged(path: Path) -> dict[str, Tensor]:
    return torch.load(path, weights_only=True)["parts"]["ema"]["weights"]


def finished(path: Path) -> UNet2DConditionModel:
    unet = build()
    unet.load_state_dict(averaged(path))
    return unet.eval()
