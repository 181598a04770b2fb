"""Stream batch (StreamDiffusion, 2312.12491): pictures on their way down in one UNet call.

With n steps n pictures are in flight, one step apart: each tick one enters, all take a step
together, and the eldest is finished. A picture costs one call of n rows instead of n calls, and is
n - 1 ticks late. What is a picture's own (timesteps, noises) is settled when it enters; prompts
and guidance count for all rows from the next tick on. So steps and strength may change at any
tick: with more of them nothing is finished for some ticks and the last picture stays; with fewer
the new ones overtake, and those before them are let go. No unfinished latents are ever shown. Runs
inside the generator's step.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.diffusion.sampling import NO_GUIDANCE, Slot, advance

if TYPE_CHECKING:
    import torch

    from engine.diffusion.guidance import Guidance
    from engine.diffusion.model import Model


class Flight:
    """The pictures in flight of one stream, the eldest first."""

    def __init__(self) -> None:
        self._slots: list[Slot] = []

    def __len__(self) -> int:
        return len(self._slots)

    def tick(
        self, model: Model, entering: Slot, positive: torch.Tensor,
        negative: torch.Tensor | None = None, guidance: Guidance = NO_GUIDANCE,
    ) -> Slot | None:
        """One picture enters and all take a step; the newest that is finished, None if none is."""
        self._slots.append(entering)
        advance(model, self._slots, positive, negative, guidance)
        finished = [n for n, slot in enumerate(self._slots) if slot.result is not None]
        if not finished:
            return None
        out = self._slots[finished[-1]]
        del self._slots[: finished[-1] + 1]
        return out

    def clear(self) -> None:
        """Let all of them go: another way of drawing takes over."""
        self._slots.clear()
