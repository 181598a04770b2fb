"""How the camera moves pictures: one definition for the model's feedback and for the display.

Numbers of a look flow in, the velocity of a Pose flows out; a Pose difference and places on the
new picture flow in, their places on the old picture flow out. What torch draws in the generator
(diffusion/warp.py) and GLSL on the display (render/motion_glsl.py) are these same maps; tests hold
all three together. Plain numpy and pure, on any thread.

Places are (u, v) from the picture's middle in picture heights, u right and v up.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from engine.records import Pose

RIPPLE_WAVE = 0.25
"""Picture heights from ring to ring."""
RIPPLE_MIDDLE = 0.03
"""Radius, picture heights, within which rings fade: in the middle there is no outwards."""
SWAY_WAVES = (1.0, 1.3)
"""Picture heights from crest to crest, of the wave that pushes sideways and of the other."""
SWAY_BEATS = (13.0, 19.0)
"""Beats in which each of them travels by one crest: they never come back together."""
LEAST_DEPTH = 0.2
"""How near a tilted picture may come to the eye, where its own distance is 1."""

STEP_LIMITS = Pose(0.5, 45.0, 0.35, 0.35, 20.0, 20.0, 90.0, 0.5, *[0.08] * 2, *[0.2] * 4)
"""The largest motion of one feedback step: after a long pause the picture does not leap away."""
SEEN_LIMITS = Pose(20.0, math.inf, math.inf, math.inf, 30.0, 30.0, 360.0, 2.0, *[0.2] * 6)
"""The largest motion between a generated picture and now: bent further it is a picture of
nothing, and shows that the model is away."""


def limited(motion: Pose, limits: Pose = STEP_LIMITS) -> Pose:
    """The motion, each part within +-limits; what is no number counts as no motion."""
    return Pose(*[
        max(-most, min(most, part)) if math.isfinite(part) else 0.0
        for part, most in zip(motion.parts, limits.parts, strict=True)
    ])  # fmt: skip


def velocity_of(number: Callable[[str], float], beat: float) -> Pose:
    """The motion a second, from the numbers `motion.*` of a look at a beat count.

    A ring of the ripple leaves the middle at each beat; the waves of sway travel slowly.
    """
    def rate(key: str) -> float:
        return number(f"motion.{key}")

    ripple, sway = rate("ripple"), rate("sway")
    turns = (beat, beat / SWAY_BEATS[0], 0.15 + beat / SWAY_BEATS[1])
    waves = [
        size * part(math.tau * turn)
        for size, turn in zip((ripple, sway, sway), turns, strict=True)
        for part in (math.cos, math.sin)
    ]
    plain = (rate(key) for key in ("angle", "x", "y", "tilt_x", "tilt_y", "swirl", "bulge"))
    return Pose(math.log(rate("zoom")), *plain, *waves)


def origins(
    motion: Pose, u: np.ndarray, v: np.ndarray, aspect: float
) -> tuple[np.ndarray, np.ndarray]:
    """Where on the old picture lies what is at places (u, v) of the new one.

    Two arrays of the shape of `u` and `v`; `aspect` is width over height. What Pose says is undone
    from its last part to its first.
    """
    u, v = u - motion.x * aspect, v - motion.y
    turn, zoom = math.radians(motion.angle), math.exp(-motion.log_zoom)
    u, v = _turned(u, v, -turn)
    u, v = u * zoom, v * zoom
    if not motion.bends:
        return u, v
    depth = 1.0 - math.radians(motion.tilt_y) * u - math.radians(motion.tilt_x) * v
    depth = np.maximum(depth, LEAST_DEPTH)
    u, v = u / depth, v / depth
    inside = np.minimum(1.0, 4.0 * (u * u + v * v) / (1.0 + aspect * aspect))
    u, v = _turned(u, v, -math.radians(motion.swirl) * (1.0 - inside) ** 2)
    shrink = math.exp(-motion.bulge)
    scale = shrink / np.sqrt(1.0 + (shrink * shrink - 1.0) * inside)
    u, v = u * scale, v * scale
    r, wave = np.hypot(u, v), math.tau / RIPPLE_WAVE
    push = motion.ripple_cos * np.sin(wave * r) - motion.ripple_sin * np.cos(wave * r)
    push = push / np.hypot(r, RIPPLE_MIDDLE)
    u, v = u * (1.0 - push), v * (1.0 - push)
    across, along = (math.tau / wave for wave in SWAY_WAVES)
    v = v - (motion.sway_y_cos * np.sin(along * u) - motion.sway_y_sin * np.cos(along * u))
    u = u - (motion.sway_x_cos * np.sin(across * v) - motion.sway_x_sin * np.cos(across * v))
    return u, v


def _turned(
    u: np.ndarray, v: np.ndarray, angle: float | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Counter-clockwise by radians."""
    c, s = np.cos(angle), np.sin(angle)
    return c * u - s * v, s * u + c * v
