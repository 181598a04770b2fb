"""The latent noise of a show: fixed by its seed, carried along by the camera, slowly renewed.

Noise that stays put on the screen pins the picture to it: shapes stand still while everything
moves. So each noise is a tile that travels with the motion since it was born, and tiles follow
one another on an arc of a circle (cos of one, sin of the next), which keeps the variance at one
and begins each tile at nothing, without a jump. What renews them is a phase: noise_drift a
second, and zoom, bulge and tilt, since a tile that is magnified turns coarse. Runs inside the
generator's step; a function of the seed and of the motion so far, drawn on the CPU so that every
device gets the same.

Some models (the small one that ships) want to be told in the noise where they are: a fixed pattern
in each channel, a plain function of position, beside the noise that travels. This is what Liu et
al. (2018, arXiv 1807.03247, CoordConv) give a network as input channels, put where any Stable
Diffusion pipeline can carry it; such a model folder says how much in noise.json.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache

import torch

from engine.diffusion.warp import Ground
from engine.motion import limited
from engine.records import FrameParams, Pose

ZOOM_PER_NOISE = math.log(1.35)
"""Change of log_zoom after which the next tile has taken over."""
_BORN = Pose(log_zoom=-ZOOM_PER_NOISE)
"""Where a tile begins: so small that it has its own size when it has taken over."""
_STRIDE = 1_000_003
"""Distance between the seeds of consecutive tiles: prime, larger than any show is long."""
_STEP = 1_000_000_007 * _STRIDE
"""Distance between the seeds of the noises that the steps of one picture take."""


class TravellingNoise:
    """Noise (1, channels, rows, columns) of unit variance for one stream.

    `told` is the amplitude of the pattern that tells position beside noise of amplitude one.
    """

    def __init__(
        self, shape: tuple[int, ...], device: torch.device, dtype: torch.dtype, told: float = 0.0
    ) -> None:
        self._told = told
        self._shape = shape
        self._ground = Ground(*shape[-2:])
        self._device = device
        self._dtype = dtype
        self._tiles: dict[int, dict[int, torch.Tensor]] = {}
        self.phase = 0.0
        self.travelled = (Pose(), _BORN)
        """How far the present tile and the next one have been carried since they were born."""

    def move(self, motion: Pose, drifted: float) -> None:
        """Carry the tiles by a motion; `drifted` is noise_drift times the seconds passed."""
        motion = limited(motion)
        now, following = (each.and_then(motion) for each in self.travelled)
        before = math.floor(self.phase)
        self.phase += max(0.0, drifted) + coarsened(motion) / ZOOM_PER_NOISE
        passed = math.floor(self.phase) - before
        if passed == 1:
            now, following = following, _BORN
        elif passed > 1:
            now, following = Pose(), _BORN
        self.travelled = (now, following)

    def at(
        self, seeds: float | Mapping[float, float], telling: float = 1.0, step: int = 0
    ) -> torch.Tensor:
        """The present noise of a seed, or of several by their shares.

        A fraction of a seed is the way to the next one's noise; `telling` 0..1 is the share of
        the position pattern. Each `step` of a picture has a noise of its own, which stays
        as steady from picture to picture as the first.
        """
        mixed = amplitudes(seeds if isinstance(seeds, Mapping) else {seeds: 1.0})
        parts = {seed + step * _STEP: a for seed, a in mixed.items()}
        k = math.floor(self.phase)
        theta = (self.phase - k) * math.pi / 2
        now, following = ({seed + n * _STRIDE: a for seed, a in parts.items()} for n in (k, k + 1))
        tiles = self._tiles.get(step, {})
        tiles = {seed: tile for seed, tile in tiles.items() if seed in now or seed in following}
        self._tiles[step] = tiles
        noise = carried(self._mixed(now, tiles), self.travelled[0], self._ground)
        if theta > 0.0:
            second = carried(self._mixed(following, tiles), self.travelled[1], self._ground)
            noise = math.cos(theta) * noise + math.sin(theta) * second
        return placed(noise, telling * self._told).to(self._device, self._dtype)

    def _mixed(
        self, parts: Mapping[int, float], tiles: dict[int, torch.Tensor]
    ) -> torch.Tensor:
        """Tiles of seeds by their amplitudes, mixed before they are carried: that is linear."""
        return sum(amplitude * self._tile(seed, tiles) for seed, amplitude in parts.items())

    def _tile(self, seed: int, tiles: dict[int, torch.Tensor]) -> torch.Tensor:
        if seed not in tiles:
            generator = torch.Generator("cpu").manual_seed(seed & 0x7FFF_FFFF_FFFF_FFFF)
            tiles[seed] = torch.randn(self._shape, generator=generator)
        return tiles[seed]


def seed_shares(params: FrameParams, shift: int = 0) -> dict[float, float]:
    """The seeds of a frame, `shift` added: the share of prompts that are drawn from each noise."""
    shares: dict[float, float] = {}
    for prompt in params.prompts:
        seed = shift + (params.seed if prompt.seed is None else prompt.seed)
        shares[seed] = shares.get(seed, 0.0) + prompt.weight
    return shares if sum(shares.values()) > 0.0 else {shift + params.seed: 1.0}


def amplitudes(shares: Mapping[float, float]) -> dict[int, float]:
    """What to multiply the noise of each whole seed with, so that the sum has unit variance.

    Noises of different seeds stand at right angles, so between seeds n and n + 1 lies an arc
    (Shoemake's slerp, 1985): cos(f pi/2) of the one, sin(f pi/2) of the other.
    """
    mixed: dict[int, float] = {}
    for seed, share in shares.items():
        n = math.floor(seed)
        f = (seed - n) * math.pi / 2
        for whole, a in ((n, math.cos(f)), (n + 1, math.sin(f))):
            if a * share > 0.0:
                mixed[whole] = mixed.get(whole, 0.0) + a * share
    norm = math.sqrt(sum(a * a for a in mixed.values()))
    return {seed: a / norm for seed, a in mixed.items()}


def coarsened(motion: Pose) -> float:
    """By how much a motion makes the cells of a tile larger or smaller, as a log_zoom would.

    Swirl and sway keep areas, and rings come and go; a tilted side is one and a half times as
    much nearer at its edge as the tilt has radians, for half of which its cells are larger.
    """
    tilt = math.radians(abs(motion.tilt_x) + abs(motion.tilt_y))
    return abs(motion.log_zoom) + abs(motion.bulge) + 0.75 * tilt


def carried(tile: torch.Tensor, motion: Pose, ground: Ground | None = None) -> torch.Tensor:
    """A tile (1, c, h, w), repeated without end, moved by `motion`: the nearest cell of each.

    Interpolating would join neighbours, and the model takes joined noise for shapes; picking
    cells keeps them independent as long as the tile is not magnified much. `ground` is one of
    (h, w) on the CPU, where somebody has it already.
    """
    if motion == Pose():
        return tile
    rows, columns = tile.shape[-2:]
    ground = ground or Ground(rows, columns)
    ground.travel(motion)
    x = (ground.u * rows + columns / 2).floor().long() % columns
    y = (rows / 2 - ground.v * rows).floor().long() % rows
    return tile[..., y, x]


TELLING = (0.65, 0.85)
"""Strengths at which the model begins to be told where it is, and is told in full."""


def telling(strength: float) -> float:
    """Share of the position pattern at a strength 0..1.

    What is mostly redrawn needs it to compose a picture. What is mostly kept has its composition
    from the picture that comes in: told as well, that would be pinned to the screen while the
    camera moves (measured with 240 pictures of deep_tunnel: the zoom seen was -0.01 of the
    camera's with the pattern and 0.45 without).
    """
    k = min(1.0, max(0.0, (strength - TELLING[0]) / (TELLING[1] - TELLING[0])))
    return k * k * (3.0 - 2.0 * k)


@lru_cache(maxsize=8)
def position_pattern(rows: int, columns: int) -> torch.Tensor:
    """(4, rows, columns) of about unit variance: across, down, from the centre, round it.

    The short side reaches from -1 to 1. The wavelengths are a few latent cells, so that smooth
    pictures do not drown the pattern. Made once for a size: not to be written to.
    """
    short = min(rows, columns)
    down = (torch.arange(rows) + 0.5 - rows / 2) * 2 / short
    along = (torch.arange(columns) + 0.5 - columns / 2) * 2 / short
    y, x = torch.meshgrid(down, along, indexing="ij")
    r, angle = torch.hypot(x, y), torch.atan2(y, x)
    return torch.stack([
        1.4 * torch.sin(math.pi * x / 4) + torch.cos(3 * math.pi * x),
        1.4 * torch.sin(math.pi * y / 4) + torch.cos(3 * math.pi * y),
        math.sqrt(2) * torch.cos(4 * math.pi * r),
        math.sqrt(2) * torch.sin(3 * angle + 2 * math.pi * r),
    ])


def placed(noise: torch.Tensor, amplitude: float) -> torch.Tensor:
    """Unit noise (n, 4, h, w) that also tells position, still of about unit variance."""
    if amplitude == 0.0:
        return noise
    pattern = position_pattern(*noise.shape[-2:]).to(noise)
    return (noise + amplitude * pattern) / math.sqrt(1 + amplitude * amplitude)
