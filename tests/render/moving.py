"""Synthetic pictures that move, known at any size and time: what display and flow must hit."""

import numpy as np

from engine.motion import origins
from engine.records import Frame, FrameParams, Pose

SIZE, SOURCE = (320, 180), (256, 144)
ASPECT = 16 / 9
SHAPES = (
    ("disc", -0.4, 0.1, 0.15, (1.0, 0.8, 0.3), (0.10, -0.02)),
    ("box", 0.3, -0.15, 0.12, (0.2, 0.9, 0.9), (-0.06, 0.06)),
    ("disc", 0.1, 0.28, 0.09, (0.9, 0.2, 0.5), (0.05, -0.05)),
    ("box", -0.2, -0.3, 0.08, (0.95, 0.95, 0.9), (-0.07, 0.04)),
)  # fmt: skip


def places(size):
    """(u, v) of the pixels' middles, picture heights from the picture's middle."""
    rows, columns = np.mgrid[0 : size[1], 0 : size[0]]
    return (columns + 0.5 - size[0] / 2) / size[1], (size[1] / 2 - rows - 0.5) / size[1]


def scene(u, v, travelled=0.0):
    """uint8 (h, w, 3): shapes with soft edges over a soft ground, each on its own way."""
    seen = np.stack([0.25 + 0.1 * np.sin(3 * u + 1), 0.2 + 0.15 * np.cos(4 * v), 0.35 + 0.1 * u], 2)
    for kind, x, y, size, colour, way in SHAPES:
        du, dv = u - x - travelled * way[0], v - y - travelled * way[1]
        far = np.hypot(du, dv) if kind == "disc" else np.maximum(abs(du), abs(dv))
        share = 1.0 / (1.0 + np.exp(np.clip((far - size) / 0.009, -50, 50)))[..., None]
        texture = 0.85 + 0.15 * np.sin(40 * du) * np.sin(40 * dv)
        seen = seen * (1 - share) + share * np.array(colour) * texture[..., None]
    return (255 * seen.clip(0, 1)).round().astype(np.uint8)


def true_places(speed: Pose, seconds: float, steps: int = 20):
    """Where the screen's pixels lay `seconds` before, the camera having moved all the time; and
    which of them lay on the picture, a little inside its edge."""
    u, v = places(SIZE)
    for _ in range(steps):
        u, v = origins(Pose().moved(speed, seconds / steps), u, v, ASPECT)
    return u, v, (abs(u) < ASPECT / 2 - 0.02) & (abs(v) < 0.48)


def frame(picture, number=1, pose=None, time=0.0):
    return Frame(number, picture, FrameParams(number, time, 1 / 8, pose=pose or Pose()), time)


def psnr(seen, true):
    """Decibels, of uint8 pictures or of their pixels."""
    return 10 * np.log10(255**2 / max(1e-9, np.mean((seen.astype(float) - true) ** 2)))
