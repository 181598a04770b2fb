"""The critic of stage B: small heads on the frozen stage A network (after Sauer et al. 2024, LADD).

A latent is noised, run through the down path and the middle of stage A's UNet together with its
prompt, and each level's features are judged by a trained head. The low levels see the whole
picture, so the critic minds geometry as well as texture; a small critic of its own would not.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from diffusers import UNet2DConditionModel
from torch import Tensor, nn


def features(unet: UNet2DConditionModel, x: Tensor, t: Tensor, states: Tensor) -> list[Tensor]:
    """Outputs of the four down blocks and of the middle."""
    with torch.autocast("cpu", torch.bfloat16):
        emb = unet.time_embedding(unet.time_proj(t).to(x.dtype))
        h = unet.conv_in(x)
        found = []
        for block in unet.down_blocks:
            attends = getattr(block, "has_cross_attention", False)
            h, _ = block(h, emb, **({"encoder_hidden_states": states} if attends else {}))
            found.append(h)
        found.append(unet.mid_block(h, emb, encoder_hidden_states=states))
    return [level.float() for level in found]


class Head(nn.Module):
    """A verdict for each place, plus how well the whole goes with the prompt's summary."""

    def __init__(self, width: int, text_width: int = 128):
        super().__init__()
        self.norm = nn.GroupNorm(16, width)
        self.mix = nn.Conv2d(width, width, 3, padding=1)
        self.verdict = nn.Conv2d(width, 1, 1)
        self.text = nn.Linear(text_width, width)

    def forward(self, h: Tensor, summary: Tensor) -> Tensor:
        h = F.silu(self.mix(F.silu(self.norm(h))))
        fit = (self.text(summary) * h.mean((2, 3))).sum(1) / h.shape[1] ** 0.5
        return self.verdict(h).mean((1, 2, 3)) + fit


class Heads(nn.Module):
    def __init__(self, widths: Sequence[int]):
        super().__init__()
        self.heads = nn.ModuleList(Head(width) for width in (*widths, widths[-1]))

    def forward(self, levels: list[Tensor], summary: Tensor) -> Tensor:
        """One logit per picture and level, (n, 5)."""
        verdicts = [head(h, summary) for head, h in zip(self.heads, levels, strict=True)]
        return torch.stack(verdicts, 1)
