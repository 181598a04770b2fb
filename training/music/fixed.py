"""The small fixed part for tests: six short pieces, always the same, made in seconds, never stored.

Made by the generator alone, so that nothing but numpy and scipy is needed; seeds of no split.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from training.music.generate import generate
from training.music.nothing import nothing
from training.music.piece import Piece, cut
from training.music.sets import mix

SECONDS = 20.0
STYLES = (("house", 1), ("drum and bass", 2), ("breaks", 3), ("pop", 4))
SEED = 777


def pieces() -> Iterator[tuple[str, Piece]]:
    """(name, Piece): four styles of 20 s, a hard cut between two of them, and a crowd alone."""
    tracks = {style: _stretch(style, seed) for style, seed in STYLES}
    yield from tracks.items()
    rng = np.random.default_rng((SEED, 0))
    yield "cut", mix([tracks["house"], tracks["drum and bass"]], rng, "cut")
    yield "crowd", nothing(rng, "crowd", 12.0)


def _stretch(style: str, seed: int) -> Piece:
    """A stretch with the full beat, sounds of the generator's own."""
    piece = generate(np.random.default_rng((SEED, seed)), style, sampled=False)
    full = next(s for s in piece.sections if s[0] in ("groove", "drop", "chorus"))
    start = max(0.0, min(full[1], piece.seconds - SECONDS - 2.0))
    return cut(piece, start, start + SECONDS)
