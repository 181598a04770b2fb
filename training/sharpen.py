"""The denoiser, stage B: from stage A's blurred one-step answers to crisp ones.

One step of a diffusion model gives the mean of all pictures that fit, which is a blur. Here the
generator starts from stage A's average and makes one step; a critic on frozen features of stage A
(critic.py) compares it with real latents by the relativistic loss (Huang et al. 2024, R3GAN), and a
squared error weighted by signal over noise keeps it at its source. Short and gentle on purpose:
sharpness is easy to win here and geometry easy to lose.
"""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from torch import Tensor, nn

from training import diffusion, loop, sources, unet
from training.critic import Heads, features

ANCHOR = 2.0
ADVERSARIAL = 0.25
HEAD_LR = 2e-3
CRITIC_T = (20, 700)
SHARE = 0.6  # of stage B in the weights that ship, chosen by eye


class SharpenTask:
    def __init__(
        self, seed: int, data: unet.Data, start: Path, peak_lr: float = 2e-4, batch: int = 16
    ):
        torch.manual_seed(seed)
        self.data, self.peak_lr, self.batch = data, peak_lr, batch
        self.unet, self.teacher = unet.finished(start), unet.finished(start)
        self.heads = Heads(self.unet.config.block_out_channels)
        self.teacher.requires_grad_(False)
        self.optimizer = _adam(self.unet, peak_lr)
        self.head_optimizer = _adam(self.heads, HEAD_LR)
        self.ema = loop.Ema(self.unet, 0.995)
        self.parts = {
            "unet": self.unet,
            "optimizer": self.optimizer,
            "heads": self.heads,
            "head_optimizer": self.head_optimizer,
            "ema": self.ema,
        }
        self.threads = ThreadPoolExecutor(
            unet.WORKERS, initializer=torch.set_num_threads, initargs=(1,)
        )

    def step(self, progress: float, generator: torch.Generator) -> dict[str, float]:
        loop.set_lr(
            self.optimizer, loop.cosine(self.peak_lr, progress, (self.ema.updates + 1) / 100)
        )
        batch = self.prepare(generator)
        halves = zip(*(part.chunk(unet.WORKERS) for part in batch), strict=True)
        runs = list(self.threads.map(lambda half: self.gradients(*half), halves))
        _apply(self.unet, self.optimizer, [run[1] for run in runs])
        _apply(self.heads, self.head_optimizer, [run[2] for run in runs])
        self.ema.update(self.unet)
        return {name: sum(run[0][name] for run in runs) / len(runs) for name in runs[0][0]}

    def prepare(self, generator: torch.Generator) -> tuple[Tensor, ...]:
        """x, z, t, text states, whether to anchor, and the critic's own noise and timestep."""
        z, partner, states = self.data.batch(self.batch, generator)
        t = unet.timesteps(len(z), generator).clamp(min=200)
        source, foreign = sources.mix(z, partner, t, generator)
        x = diffusion.noised(source, torch.randn(z.shape, generator=generator), t)
        critic_noise = torch.randn(z.shape, generator=generator)
        critic_t = torch.randint(*CRITIC_T, (len(z),), generator=generator)
        return x, z, t, states, ~foreign, critic_noise, critic_t

    def gradients(self, x, z, t, states, anchored, critic_noise, critic_t):
        """Losses and both networks' gradients for part of a batch."""
        made = diffusion.denoised(x, unet.predict(self.unet, x, t, states), t)
        summary = states[:, -1]
        with torch.no_grad():
            real = self.seen(z, states, critic_noise, critic_t)
        fake = self.seen(made, states, critic_noise, critic_t)
        real_verdict = self.heads(real, summary)
        critic = F.softplus(self.heads([h.detach() for h in fake], summary) - real_verdict).mean()
        fooled = F.softplus(real_verdict.detach() - self.heads(fake, summary)).mean()
        a, s = diffusion.scales(t)
        weight = (a / s).flatten().clamp(0.05, 1.5) * anchored
        error = ((made - z).pow(2).mean((1, 2, 3)) * weight).mean()
        loss = ANCHOR * error + ADVERSARIAL * fooled
        return (
            {"error": error.item(), "fooled": fooled.item(), "critic": critic.item()},
            torch.autograd.grad(loss, list(self.unet.parameters()), retain_graph=True),
            torch.autograd.grad(critic, list(self.heads.parameters())),
        )

    def seen(self, z: Tensor, states: Tensor, noise: Tensor, t: Tensor) -> list[Tensor]:
        return features(self.teacher, diffusion.noised(z, noise, t), t, states)


def blended(stage_a: Path, stage_b: Path, share: float = SHARE) -> UNet2DConditionModel:
    """Weights between both stages (Wortsman et al. 2022): crisper than A, calmer than B."""
    network, b = unet.finished(stage_a), unet.averaged(stage_b)
    a = network.state_dict()
    network.load_state_dict({name: torch.lerp(a[name], b[name], share) for name in a})
    return network


def _adam(network: nn.Module, lr: float) -> torch.optim.Optimizer:
    return torch.optim.AdamW(
        network.parameters(), lr, betas=(0.0, 0.99), weight_decay=0.0, fused=True
    )


def _apply(network: nn.Module, optimizer: torch.optim.Optimizer, runs: list) -> None:
    """Average the parts' gradients and take a clipped step."""
    parameters = list(network.parameters())
    unet.set_mean_gradients(parameters, runs)
    nn.utils.clip_grad_norm_(parameters, 1.0)
    optimizer.step()
