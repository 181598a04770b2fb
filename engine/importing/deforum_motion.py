"""How the camera of a Deforum settings file moves: rows of address, schedule and turn.

What deforum's animation.py does to a picture in one frame, said a second, as far as motion.py can
say it. In 3D without depth a picture lies flat before the camera: going on magnifies it, panning
and going sideways shift it against the camera, and panning leans it too, by what deforum's
projection makes of the picture's edges. A perspective flip leans it about its middle.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from engine.importing.schedules import Schedule, Turn, a_second, scaled

if TYPE_CHECKING:
    from engine.importing.deforum import Film

Row = tuple[str, Schedule, Turn]
DEPTH = 200.0
"""Translation a frame that goes all the way to the picture (TRANSLATION_SCALE of deforum)."""
BORDERS = {"wrap": "repeat", "replicate": "smear"}
PADDINGS = {"border": "smear", "reflection": "mirror", "zeros": "dark"}
_Parts = list[tuple[str, float]]


def moves(film: Film) -> list[Row]:
    """All that moves, in 2D or 3D as the settings say."""
    turn, lean_x, lean_y = _flip(film)
    if film.settings.get("animation_mode") == "3D":
        return _moves_3d(film, turn, lean_x, lean_y)
    fps, (width, height) = film.fps, film.size
    return [
        ("motion.zoom", film.schedule("zoom"), a_second(fps)),
        ("motion.angle", *_joined(film, [("angle", 1.0), *turn], fps)),
        ("motion.x", film.schedule("translation_x"), scaled(fps / width)),
        ("motion.y", film.schedule("translation_y"), scaled(-fps / height)),
        *_leans(film, lean_x, lean_y),
    ]


def edges(film: Film) -> str:
    """What comes in over the edges: theirs has a key for each of 2D and 3D."""
    if film.settings.get("animation_mode") == "3D":
        return PADDINGS.get(str(film.settings.get("padding_mode", "border")), "smear")
    return BORDERS.get(str(film.settings.get("border", "replicate")), "smear")


def _moves_3d(film: Film, turn: _Parts, lean_x: _Parts, lean_y: _Parts) -> list[Row]:
    fps, aspect = film.fps, film.size[0] / film.size[1]
    half = 0.5 / math.tan(math.radians(film.schedule("fov_schedule").at(0) % 180.0 or 70.0) / 2.0)
    turned = math.radians(1.0)
    nearer = Turn(
        lambda v: max(1e-3, 1.0 - v / DEPTH) ** -fps,
        lambda e: f"max(0.001, 1 - ({e})/{DEPTH:g})^(-{fps:g})", straight=False,
    )
    across = [("translation_x", 1.0 / DEPTH), ("rotation_3d_y", turned)]
    up = [("translation_y", 1.0 / DEPTH), ("rotation_3d_x", turned)]
    # The picture reaches from -1 to 1 at distance 1: an edge is pushed twice as far as the middle.
    lean_x, lean_y = (
        [("rotation_3d_x", 4.0 * half), *lean_x], [("rotation_3d_y", 4.0 * half / aspect), *lean_y]
    )
    return [
        ("motion.zoom", film.schedule("translation_z"), nearer),
        ("motion.angle", *_joined(film, [("rotation_3d_z", 1.0), *turn], fps)),
        ("motion.x", *_joined(film, across, -fps * half / aspect)),
        ("motion.y", *_joined(film, up, -fps * half)),
        *_leans(film, lean_x, lean_y),
    ]


def _leans(film: Film, x: _Parts, y: _Parts) -> list[Row]:
    rows = (("motion.tilt_x", x), ("motion.tilt_y", y))
    return [(address, *_joined(film, parts, film.fps)) for address, parts in rows if parts]


def _flip(film: Film) -> tuple[_Parts, _Parts, _Parts]:
    """What a perspective flip adds to turn and leans: seen from as far as its field of view says.

    Deforum turns about a point right of and below the middle, and leaves the translation of 2D
    out: that is told, not done.
    """
    if not film.settings.get("enable_perspective_flip"):
        return [], [], []
    film.lost.append("the perspective flip leans about the middle here; there it also shifts and "
                     "magnifies a little, and in 2D nothing is translated meanwhile")  # fmt: skip
    view = math.radians(film.schedule("perspective_flip_fv").at(0) % 180.0 or 53.0)
    nearness = 2.0 * math.sin(view / 2.0) * film.size[1] / math.hypot(*film.size)
    return (
        [("perspective_flip_theta", -1.0)], [("perspective_flip_phi", nearness)],
        [("perspective_flip_gamma", nearness)],
    )  # fmt: skip


def _joined(film: Film, parts: _Parts, factor: float) -> tuple[Schedule, Turn]:
    """The sum of schedules, each with its factor: one of them, or number by number."""
    schedules = [(film.schedule(key), each) for key, each in parts]
    moving = [(s, each) for s, each in schedules if s.constant != 0.0] or schedules[:1]
    if len(moving) == 1:
        return moving[0][0], scaled(factor * moving[0][1])
    rows = ([each * value for value in s.every()] for s, each in moving)
    return Schedule.dense([sum(values) for values in zip(*rows, strict=True)]), scaled(factor)
