"""Draws a shader on its own, without a show: for `liquidlight shader FILE…` and for looking.

Flows in: an ISF file; flows out: pictures, drawn off screen over a test picture, to a test sound,
at 30 frames a second and 120 beats a minute. Makes and ends its own GL context on the calling
thread.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.isf import load_header
from engine.records import SAMPLERATE, SOUND_SAMPLES, Sound
from engine.render.buffers import Size
from engine.render.programs import IsfProgram, ShaderClock
from engine.render.window import Offscreen

if TYPE_CHECKING:
    import moderngl

FPS = 30.0
BPM = 120.0


def draw_shader(path: str | Path, size: Size = (640, 360), frames: int = 1) -> list[np.ndarray]:
    """`frames` pictures uint8 (h, w, 3), top row first, with every input at its default.

    A transition's `progress` runs from 0 to 1 over the pictures. Raises ShaderError for a bad
    header or a compiler's complaint, DeviceError where there is no GL at all.
    """
    header = load_header(path)
    stage = Offscreen(size, refresh_hz=None)
    try:
        program = IsfProgram(stage.ctx, header)
        images = _images(stage.ctx, [item.name for item in header.inputs if item.is_image], size)
        target = stage.ctx.framebuffer([stage.ctx.texture(size, 4)])
        drawn = []
        for index in range(frames):
            progress = index / (frames - 1) if frames > 1 else 0.5
            inputs = {"progress": progress} if header.kind == "transition" else {}
            program.draw(target, inputs, images, _clock(index))
            raw = np.frombuffer(target.read(components=3, alignment=1), np.uint8)
            drawn.append(raw.reshape(size[1], size[0], 3)[::-1].copy())
        return drawn
    finally:
        stage.close()


def sample_picture(size: Size) -> np.ndarray:
    """A colourful picture with soft ramps, hard edges, fine lines and a light: uint8 (h, w, 3)."""
    y, x = np.mgrid[0 : size[1], 0 : size[0]] / max(1, size[1])
    wide = size[0] / size[1]
    hue = (x / wide)[..., None] + np.array([0.0, 0.33, 0.67])
    colour = (0.5 + 0.5 * np.cos(2 * np.pi * hue)) * (0.25 + 0.75 * y)[..., None]
    colour[(np.abs(x - 0.65 * wide) < 0.2) & (np.abs(y - 0.55) < 0.2)] = (0.06, 0.06, 0.1)
    colour[np.hypot(x - 0.28 * wide, y - 0.4) < 0.2] = (1.0, 0.95, 0.8)
    colour[(x < 0.2) & (np.mod(y * 12.0, 1.0) < 0.12)] = 1.0
    colour[(y > 0.4) & (np.abs(x - 0.9 * wide) < 0.2 * (y - 0.4))] = (1.0, 0.2, 0.45)
    return (255.0 * colour).round().astype(np.uint8)


def sample_sound(time: float) -> Sound:
    """A chord that is struck at each beat, a little different in each ear."""
    n = np.arange(SOUND_SAMPLES)[:, None] + time * SAMPLERATE
    tones = ((55, 0.40, 0.0), (110, 0.20, 1.0), (220, 0.15, [0.0, 1.0]), (554, 0.10, 2.0),
             (1800, 0.06, [1.0, 0.0]), (7000, 0.03, 0.0))
    sung = sum(a * np.sin(2 * np.pi * hz * n / SAMPLERATE + np.add(p, 0.0)) for hz, a, p in tones)
    struck = 0.4 + 0.6 * np.exp(-3.0 * (time * BPM / 60.0 % 1.0))
    return Sound((struck * sung * np.ones(2)).astype(np.float32))


def _images(ctx: moderngl.Context, names: list[str], size: Size) -> dict[str, moderngl.Texture]:
    """The test picture for every image input; `endImage` gets another, to be told apart."""
    made = {}
    for name in names:
        picture = sample_picture(size)[::-1]
        picture = picture[::-1, ::-1, ::-1] if name == "endImage" else picture
        texture = ctx.texture(size, 3, np.ascontiguousarray(picture), alignment=1)
        texture.repeat_x = texture.repeat_y = False
        made[name] = texture
    return made


def _clock(index: int) -> ShaderClock:
    time = index / FPS
    beat, sound = time * BPM / 60.0, sample_sound(time)
    return ShaderClock(time, 1.0 / FPS, index, beat, BPM, sound=sound)
