"""What can be measured of pictures without knowing what they show.

Pictures flow in, as tensors (n, 3, h, w) in 0..1 or as grey planes (h, w) in 0..1; numbers flow
out. Flow between two planes is found by matching blocks, the plainest way there is, so that
nothing here can take the camera's word for it.
"""

from dataclasses import dataclass

import numpy as np
import torch
import torch.nn.functional as F
from scipy.ndimage import gaussian_filter, map_coordinates, uniform_filter
from torch import Tensor

BLOCK, REACH = 17, 7
CENTRE = 0.15
"""Radius, of the half side, around the middle where a zoom moves nothing: left out."""


def luma(images: Tensor) -> Tensor:
    """Rec. 709 luma (n, h, w)."""
    return (images * images.new_tensor([0.2126, 0.7152, 0.0722])[:, None, None]).sum(1)


def laplacian_energy(images: Tensor) -> Tensor:
    """Mean square of the four-neighbour Laplacian of luma, (n,): how much fine detail there is."""
    kernel = images.new_tensor([[0.0, 1, 0], [1, -4, 1], [0, 1, 0]])[None, None]
    return F.conv2d(luma(images)[:, None], kernel).pow(2).mean((1, 2, 3))


def contrast(images: Tensor) -> Tensor:
    """Standard deviation of luma, (n,)."""
    return luma(images).flatten(1).std(1)


def chroma(images: Tensor) -> Tensor:
    """Mean distance of R, G, B from luma, (n,)."""
    return (images - luma(images)[:, None]).abs().mean((1, 2, 3))


@dataclass(frozen=True)
class Flow:
    """How places moved from one plane to the next, in pixels, y down.

    `moved` (n, 2) at `places` (n, 2), both (x, y) from the middle; `weight` (n,) is how much there
    is to hold on to.
    """

    places: np.ndarray
    moved: np.ndarray
    weight: np.ndarray


def flow(before: np.ndarray, after: np.ndarray, step: int = 8) -> Flow:
    """Block matching of two planes (h, w): each block of `after` is looked for in `before`."""
    edge, reach = BLOCK // 2 + REACH, REACH
    before, after = (_evened(plane) for plane in (before, after))
    height, width = after.shape
    rows, columns = np.arange(edge, height - edge, step), np.arange(edge, width - edge, step)
    cost = np.empty((2 * reach + 1, 2 * reach + 1, len(rows), len(columns)))
    for i in range(-reach, reach + 1):
        for j in range(-reach, reach + 1):
            error = (after - np.roll(before, (i, j), (0, 1))) ** 2
            cost[i + reach, j + reach] = uniform_filter(error, BLOCK)[np.ix_(rows, columns)]
    dy, dx, sure = _best(cost)
    y, x = np.meshgrid(rows - (height - 1) / 2, columns - (width - 1) / 2, indexing="ij")
    texture = uniform_filter(after**2, BLOCK)[np.ix_(rows, columns)]
    keep = sure & (texture > 0.1 * texture.mean())
    keep &= np.hypot(x, y) > CENTRE * min(height, width) / 2
    places, moved = np.stack([x, y], -1)[keep], np.stack([dx, dy], -1)[keep]
    return Flow(places, moved, np.sqrt(texture[keep]))


def _evened(plane: np.ndarray) -> np.ndarray:
    """Without slow shading, so that a change of light is not taken for a motion."""
    plane = gaussian_filter(plane.astype(np.float64), 1.0)
    return plane - gaussian_filter(plane, 8.0)


def _best(cost: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Row and column shift of least cost, to parts of a pixel, and where it is no border case."""
    side = len(cost)
    flat = cost.reshape(side * side, *cost.shape[2:]).argmin(0)
    i, j = flat // side, flat % side
    sure = (i > 0) & (i < side - 1) & (j > 0) & (j < side - 1)
    i, j = i.clip(1, side - 2), j.clip(1, side - 2)
    r, c = np.indices(flat.shape)

    def part(low: np.ndarray, here: np.ndarray, high: np.ndarray) -> np.ndarray:
        bend = low - 2 * here + high
        return np.where(bend > 1e-12, (low - high) / (2 * np.maximum(bend, 1e-12)), 0).clip(-1, 1)

    here = cost[i, j, r, c]
    dy = i - side // 2 + part(cost[i - 1, j, r, c], here, cost[i + 1, j, r, c])
    dx = j - side // 2 + part(cost[i, j - 1, r, c], here, cost[i, j + 1, r, c])
    return dy, dx, sure


def expected(places: np.ndarray, matrix: np.ndarray, shape: tuple[int, int]) -> np.ndarray:
    """The camera's own motion (n, 2) at places, by the 2x3 matrix of engine.diffusion.warp."""
    half = np.array([shape[1], shape[0]]) / 2
    unit = places / half
    old = unit @ matrix[:, :2].T + matrix[:, 2]
    return (unit - old) * half


def agreement(found: Flow, camera: np.ndarray) -> float:
    """Correlation -1..1 of the found motion with the camera's, over all places and both axes."""
    w = found.weight[:, None]
    both = (w * found.moved * camera).sum()
    return float(both / np.sqrt((w * found.moved**2).sum() * (w * camera**2).sum() + 1e-12))


def zoom_of(found: Flow) -> float:
    """The logarithm of magnification that fits the flow best, beside turn and shift.

    Least squares of moved = s p + r p' + t with Tukey's weights in a few rounds, since blocks that
    found the wrong place are far off; p - p / zoom = s p.
    """
    x, y = found.places.T
    one, nought = np.ones_like(x), np.zeros_like(x)
    basis = np.stack([np.stack([x, -y, one, nought], -1), np.stack([y, x, nought, one], -1)], 1)
    weight = found.weight.copy()
    for _ in range(6):
        a = (basis * weight[:, None, None]).reshape(-1, 4)
        s = np.linalg.lstsq(a, (found.moved * weight[:, None]).ravel(), rcond=None)[0]
        off = np.linalg.norm(found.moved - basis @ s, axis=1)
        limit = max(4.0 * np.median(off), 0.3)
        weight = found.weight * (1 - (off / limit).clip(0, 1) ** 2) ** 2
    return float(-np.log(max(1e-3, 1 - s[0])))


def still_share(planes: np.ndarray) -> float:
    """Share of places where something stays put on the screen while `planes` (n, h, w) pass.

    A place stands when its own deviation over time is under a quarter of the deviation of all
    pixels together, and its mean differs from the mean of all by more than that whole deviation.
    The middle is left out, where a zoom moves nothing.
    """
    count, height, width = planes.shape
    every = planes.std()
    y, x = np.mgrid[:height, :width]
    outside = np.hypot(x - (width - 1) / 2, y - (height - 1) / 2) > CENTRE * min(height, width) / 2
    quiet = planes.std(0) < 0.25 * every
    apart = np.abs(planes.mean(0) - planes.mean()) > every
    return float((quiet & apart)[outside].mean())


def similarity(a: np.ndarray, b: np.ndarray) -> float:
    """Correlation of two planes, slow shading taken off."""
    a, b = _evened(a), _evened(b)
    return float((a * b).mean() / np.sqrt((a * a).mean() * (b * b).mean() + 1e-12))


def carried(plane: np.ndarray, matrix: np.ndarray) -> np.ndarray:
    """A plane (h, w) moved as the camera moves the picture, mirrored past its edges."""
    height, width = plane.shape
    y, x = np.mgrid[:height, :width]
    unit = np.stack([(x + 0.5) * 2 / width - 1, (y + 0.5) * 2 / height - 1], -1)
    old = unit @ matrix[:, :2].T + matrix[:, 2]
    rows, columns = (old[..., 1] + 1) * height / 2 - 0.5, (old[..., 0] + 1) * width / 2 - 0.5
    return map_coordinates(plane.astype(np.float64), [rows, columns], order=1, mode="mirror")


def as_planes(pictures: np.ndarray, side: int) -> np.ndarray:
    """Grey planes (n, side, side) uint8 of pictures uint8 (n, h, w, 3)."""
    images = torch.from_numpy(pictures).permute(0, 3, 1, 2).float() / 255
    grey = F.interpolate(luma(images)[:, None], (side, side), mode="area")[:, 0]
    return (grey * 255).round().byte().numpy()
