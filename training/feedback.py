"""Thousands of pictures of feedback under a preset: does it stay alive, move, and let go?

A preset's FrameParams come from the engine's own graph, which hears the demo track again and again;
a generator makes the pictures, without effects and without a window; figures flow out. Only small
grey planes and colour thumbnails are kept, so 3,000 pictures fit in memory.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch

from engine.audio.media import decode
from engine.diffusion.local import LocalGenerator
from engine.motion import limited, origins
from engine.offline import frames
from engine.records import SAMPLERATE, FrameParams, Pose
from engine.show import load_show
from training import measures

RATE = 10.0
"""Pictures a second of show time."""
SETTLE = 30
"""Pictures at the start that no band is asked of: the regulator begins at rest."""
SIZE, SIDE, THUMB = 256, 128, 64
APART = 100
WINDOW = 200
"""Pictures over which something would have to stand still to count as pinned."""
BANDS = {"mean": (0.10, 0.65), "contrast": (0.10, 0.40), "chroma": (0.03, 0.30),
         "laplacian": (0.0001, 0.01)}  # fmt: skip
"""Where a picture's statistics have to stay: the regulator's own bands and a margin; for the
Laplacian energy what decoded training pictures have, 0.00003 to 0.007 but for one in fifty at
either end, without the softest."""
PRESETS = ("oil_lamp", "deep_tunnel", "night_drive", "black_sun", "bloom")
Bar = Callable[[Iterable, str, int], Iterable]


@dataclass(frozen=True)
class Run:
    """What is kept of n pictures: their poses, statistics, planes uint8 (n, SIDE, SIDE),
    thumbnails uint8 (n, THUMB, THUMB, 3), and every so often a whole picture for the eye."""

    poses: list[Pose]
    looks: dict[str, np.ndarray]
    planes: np.ndarray
    thumbs: np.ndarray
    shown: list[np.ndarray]


def params_of(preset: str, count: int) -> Iterator[FrameParams]:
    """The parameters of `count` pictures of a preset to the demo track, repeated as needed."""
    from engine.audio import demo

    samples = decode(str(demo.path()))
    needed = int(np.ceil(count / RATE * SAMPLERATE))
    samples = np.tile(samples, (-(-needed // len(samples)), 1))[:needed]
    return frames(samples, load_show(preset), RATE, 0.0, count / RATE)


def run(
    folder: Path, preset: str, count: int, bar: Bar, runtime: str = "auto", shots: int = 12
) -> Run:
    """Play `count` pictures of a preset with the model of `folder`."""
    how = {} if runtime == "auto" else {"runtime": runtime}
    generator = LocalGenerator(folder, (SIZE, SIZE), device="cpu", **how)
    poses, looks, planes, thumbs, shown = [], [], [], [], []
    for n, params in enumerate(bar(params_of(preset, count), preset, count)):
        picture = generator.generate(params).picture
        image = torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255
        poses.append(params.pose)
        looks.append(statistics(image))
        planes.append(measures.as_planes(picture[None], SIDE)[0])
        thumbs.append(np.asarray(_thumb(image)))
        if n % max(1, count // shots) == max(1, count // shots) - 1:
            shown.append(picture)
    generator.close()
    by_name = {name: np.array([look[name] for look in looks]) for name in BANDS}
    return Run(poses, by_name, np.stack(planes), np.stack(thumbs), shown)


def statistics(image: torch.Tensor) -> dict[str, float]:
    """Mean, contrast, chroma and Laplacian energy of a picture (1, 3, h, w) in 0..1."""
    return {
        "mean": float(measures.luma(image).mean()),
        "contrast": float(measures.contrast(image)),
        "chroma": float(measures.chroma(image)),
        "laplacian": float(measures.laplacian_energy(image)),
    }


def _thumb(image: torch.Tensor) -> torch.Tensor:
    small = torch.nn.functional.interpolate(image, (THUMB, THUMB), mode="area")[0]
    return (small * 255).round().byte().permute(1, 2, 0)


def figures(played: Run) -> dict[str, float]:
    """Everything that is asked of a run; see the single functions."""
    return {**bands(played), **changes(played), **motion(played), **pinned(played)}


def bands(played: Run) -> dict[str, float]:
    """Share of pictures inside every band after SETTLE; for each number its 5th and 95th
    percentile and its drift: the median of the last fifth over that of the first."""
    result, inside = {}, True
    for name, (low, high) in BANDS.items():
        values = played.looks[name][SETTLE:]
        fifth = -(-len(values) // 5)
        inside = inside & (values >= low) & (values <= high)
        result[f"{name}_p5"], result[f"{name}_p95"] = np.percentile(values, (5, 95))
        result[f"{name}_drift"] = np.median(values[-fifth:]) / max(np.median(values[:fifth]), 1e-6)
    return {"inside": float(np.mean(inside)), **result}


def changes(played: Run) -> dict[str, float]:
    """Mean absolute difference of RGB between pictures APART and 1 apart; the former's 5 %."""
    thumbs = played.thumbs.astype(np.int16)

    def difference(gap: int) -> np.ndarray:
        return np.abs(thumbs[gap:] - thumbs[:-gap]).mean((1, 2, 3)) / 255

    gap = min(APART, len(thumbs) - 1)
    far = difference(gap)
    return {
        "apart": float(np.median(far)),
        "apart_p5": float(np.percentile(far, 5)),
        "next": float(np.median(difference(1))),
    }


def matrix(before: Pose, after: Pose) -> np.ndarray:
    """The camera's 2x3 matrix between two poses, as the warp uses it on square pictures."""
    return affine(limited(after.since(before)))


def affine(motion: Pose) -> np.ndarray:
    """The 2x3 matrix of a plain motion from new places to old ones, -1..1, y downwards."""
    places = np.array([[0.0, 0.5, 0.0], [0.0, 0.0, -0.5]])
    middle, right, down = (np.array(origins(motion, *p, 1.0)) * (2, -2) for p in places.T)
    return np.stack([right - middle, down - middle, middle], axis=1)


def gap_from(poses: list[Pose], start: int, zoom: float = 0.06, most: int = 8) -> int:
    """After how many pictures the camera has zoomed enough to be measured well."""
    for gap in range(1, most):
        if abs(poses[start + gap].log_zoom - poses[start].log_zoom) >= zoom:
            return gap
    return most


def motion(played: Run, every: int = 10) -> dict[str, float]:
    """Zoom a second as the blocks of the picture moved, and as the camera did.

    `flow` is the mean correlation of found and expected motion over all places, `zoom_ratio` the
    slope of found over true zoom through the origin, `zoom_correlation` how one follows the other.
    """
    found, true, agree = [], [], []
    for start in range(SETTLE, len(played.poses) - 8, every):
        gap = gap_from(played.poses, start)
        before, after = played.poses[start], played.poses[start + gap]
        planes = played.planes[[start, start + gap]] / 255.0
        flow = measures.flow(planes[0], planes[1])
        if len(flow.weight) < 12:
            continue
        camera = measures.expected(flow.places, matrix(before, after), (SIDE, SIDE))
        agree.append(measures.agreement(flow, camera))
        found.append(measures.zoom_of(flow) * RATE / gap)
        true.append((after.log_zoom - before.log_zoom) * RATE / gap)
    if len(found) < 2:
        return {"flow": 0.0, "zoom_found": 0.0, "zoom_camera": 0.0, "zoom_ratio": 0.0,
                "zoom_correlation": 0.0}  # fmt: skip
    found, true = np.array(found), np.array(true)
    varied = found.std() > 1e-9 and true.std() > 1e-9
    return {
        "flow": float(np.mean(agree)),
        "zoom_found": float(np.median(found)),
        "zoom_camera": float(np.median(true)),
        "zoom_ratio": float((found * true).sum() / (true * true).sum()),
        "zoom_correlation": float(np.corrcoef(found, true)[0, 1]) if varied else 0.0,
    }


def pinned(played: Run, gap: int = 8) -> dict[str, float]:
    """Whether shapes stay on the screen or go with the camera.

    `still` is the largest share of places, over windows of WINDOW pictures, where something stays
    put (measures.still_share). `stays` and `goes` are how alike two pictures `gap` apart are as
    they stand on the screen, and with the first carried on by the camera.
    """
    window = min(WINDOW, len(played.planes) - 1)
    starts = range(min(SETTLE, window // 4), len(played.planes) - window + 1, window)
    still = [measures.still_share(played.planes[s : s + window] / 255.0) for s in starts]
    stays, goes = [], []
    for start in range(SETTLE, len(played.poses) - gap, 10):
        before, after = played.planes[[start, start + gap]] / 255.0
        way = matrix(played.poses[start], played.poses[start + gap])
        stays.append(measures.similarity(before, after))
        goes.append(measures.similarity(measures.carried(before, way), after))
    return {
        "still": max(still, default=1.0),
        "stays": float(np.mean(stays)) if stays else 1.0,
        "goes": float(np.mean(goes)) if goes else 0.0,
    }
