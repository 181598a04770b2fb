"""The ear's network in torch, its loss, and the file of weights that the engine plays.

The rows are standardised by fixed means and deviations, which are folded into the first layer on
export. Beside what the engine uses, it is taught the phase of the beat as a point on a circle:
a dense target that helps it to count; that output is not exported.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import binary_cross_entropy_with_logits, dropout, log_softmax

from engine.audio.front_end import WIDTH
from engine.audio.network import NAMES

NARROW, HIDDEN = 64, 80
DROPPED = 0.1
WEIGHT_PULSE, WEIGHT_PHASE, WEIGHT_BAR = 0.1, 0.1, 0.05


class Ear(nn.Module):
    """Rows (batch, hops, WIDTH) and a state to outputs (batch, hops, 6) and the state after."""

    def __init__(self, hidden: int = HIDDEN) -> None:
        super().__init__()
        self.register_buffer("mean", torch.zeros(WIDTH))
        self.register_buffer("deviation", torch.ones(WIDTH))
        self.narrow = nn.Linear(WIDTH, NARROW)
        self.memory = nn.GRU(NARROW, hidden, 2, batch_first=True, dropout=DROPPED)
        self.out = nn.Linear(hidden, 6)  # none, beat, down, pulse, cos, sin

    def forward(self, rows: Tensor, state: Tensor | None = None) -> tuple[Tensor, Tensor]:
        x = torch.tanh(self.narrow((rows - self.mean) / self.deviation))
        x = dropout(x, DROPPED, self.training)
        x, state = self.memory(x, state)
        return self.out(x), state


@torch.no_grad()
def widened(model: Ear, hidden: int) -> Ear:
    """A network with more hidden units that says the same: no old unit listens to a new one yet.

    Chen, Goodfellow and Shlens 2016 ("Net2Net") in its plainest form. `hidden` must be no less
    than the model's own.
    """
    new, small = Ear(hidden), model.memory.hidden_size
    new.mean.copy_(model.mean)
    new.deviation.copy_(model.deviation)
    new.narrow.load_state_dict(model.narrow.state_dict())
    for name, old in model.memory.named_parameters():
        heard = old.shape[1] if old.dim() > 1 else None
        gates = getattr(new.memory, name).view(3, hidden, -1)
        gates[:, :small, heard:] = 0.0
        gates[:, :small, :heard] = old.view(3, small, -1)
    new.out.weight[:, small:] = 0.0
    new.out.weight[:, :small] = model.out.weight
    new.out.bias.copy_(model.out.bias)
    return new


def loss_of(out: Tensor, targets: Tensor) -> dict[str, Tensor]:
    """Mean losses of outputs (b, n, 6) against targets (b, n, 8) in the order of rows.COLUMNS."""
    beat, down, down_known, pulse, known, cos, sin, phase_known = targets.unbind(-1)
    logs = log_softmax(out[..., :3], -1)
    either = torch.logsumexp(logs[..., 1:], -1)
    which = torch.where(down > 0.5, logs[..., 2], logs[..., 1])
    hit = torch.where(down_known > 0.5, which, either)
    beats = -(beat * hit + (1 - beat) * logs[..., 0])
    pulses = binary_cross_entropy_with_logits(out[..., 3], pulse, reduction="none")
    turns = (out[..., 4] - cos) ** 2 + (out[..., 5] - sin) ** 2
    told = beat * down_known * known  # which beat of the bar: few hops, much to learn
    bars = (either - which) * told
    count, turning = known.sum().clamp(min=1), phase_known.sum().clamp(min=1)
    return {
        "beat": (beats * known).sum() / count,
        "bar": bars.sum() / told.sum().clamp(min=1),
        "pulse": (pulses * known).sum() / count,
        "phase": (turns * phase_known).sum() / turning,
    }


def total(losses: dict[str, Tensor]) -> Tensor:
    """What is minimised."""
    shares = {"pulse": WEIGHT_PULSE, "phase": WEIGHT_PHASE, "bar": WEIGHT_BAR}
    return losses["beat"] + sum(share * losses[name] for name, share in shares.items())


def weights_of(model: Ear) -> dict[str, np.ndarray]:
    """The arrays of engine/audio/network.py, float32, the standardisation folded in."""
    scale = model.narrow.weight / model.deviation
    arrays = [scale, model.narrow.bias - scale @ model.mean]
    for k in (0, 1):
        for name in ("weight_ih", "weight_hh", "bias_ih", "bias_hh"):
            arrays.append(getattr(model.memory, f"{name}_l{k}"))
    arrays += [model.out.weight[:4], model.out.bias[:4]]
    return {n: a.detach().numpy().copy() for n, a in zip(NAMES, arrays, strict=True)}


def export(models: list[Ear], path: Path) -> None:
    """Write the weights of networks that are asked together, as float16."""
    arrays = {
        f"{k}/{name}": array.astype(np.float16)
        for k, model in enumerate(models)
        for name, array in weights_of(model).items()
    }
    np.savez_compressed(path, **arrays)
