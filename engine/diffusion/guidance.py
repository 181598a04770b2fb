"""How hard the prompt pulls, and what stands in for its opposite: guidance and its cheap cousins.

What a model sees in a noisy latent, z clean and e noise (x = a z + b e), flows in for the prompt;
what it is to be taken for flows out. Classifier-free guidance (2207.12598) asks the model for the
negative prompt as well, 2n calls for n steps:

    e' = s + g (e - s),   s the noise seen under the negative prompt.

Residual guidance (StreamDiffusion, 2312.12491) takes for s the noise that would lead back to a
latent r, which costs nothing: s = (x - a r) / b, and

    e' = d s + g (e - d s).

r is the picture that came in ("self": n calls, away from what was there) or what the model saw in
the first step under the negative prompt ("onetime": n + 1 calls). r belongs to the picture, not to
prompt or seed, so neither resets it. Runs inside the generator's step.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

Seen = tuple["torch.Tensor", "torch.Tensor"]
"""z and e, which with a and b make up x."""


@dataclass(frozen=True, slots=True)
class Guidance:
    """`scale` g, of effect above 1; `kind` one of params.GUIDANCES; `delta` d of the residual."""

    scale: float = 1.0
    kind: str = "full"
    delta: float = 1.0

    @property
    def pulls(self) -> bool:
        """Whether it does anything."""
        return self.scale > 1.0 and self.kind != "none"

    def asks(self, step: int) -> bool:
        """Whether step 0, 1, ... of a picture asks the model for the negative prompt too."""
        return self.pulls and (self.kind == "full" or (self.kind == "onetime" and step == 0))

    def guided(
        self, x: torch.Tensor, a: float, b: float, seen: Seen, against: Seen | None,
        root: torch.Tensor,
    ) -> Seen:
        """z and e after guidance; `against` is what the model saw under the negative prompt, None
        where it was not asked: then `root` is r."""
        if not self.pulls:
            return seen
        d = self.delta if self.kind != "full" else 1.0
        z_s, s = (root, (x - a * root) / b) if against is None else against
        (z, e), g, pull = seen, self.scale, d * (1.0 - self.scale)
        # The same in z, where a division by a small a would lose digits: z = (x - b e) / a.
        z = g * z + pull * z_s
        if d != 1.0:
            z = z + x * ((1.0 - g) * (1.0 - d) / a)
        return z, g * e + pull * s
