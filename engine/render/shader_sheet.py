"""A contact sheet of shaders: generators, effects over a picture, transitions half way.

Flows in: ISF files and a picture; flows out: one image, for the manual and for whoever has changed
a shader. Makes and ends its own GL context on the calling thread.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from engine.errors import MediaError
from engine.isf import ShaderHeader, load_header
from engine.render.buffers import Size
from engine.render.compiled import ShaderClock
from engine.render.preview import BPM, FPS, sample_picture, sample_sound
from engine.render.programs import IsfProgram
from engine.render.window import Offscreen

if TYPE_CHECKING:
    import moderngl
    from PIL.Image import Image

KINDS = {"generator": "generators", "filter": "effects", "transition": "transitions"}
TILE: Size = (240, 135)
LABEL, HEAD = 18, 30
GROUND, INK = (14, 14, 16), (225, 225, 225)
BEGIN, SHORT, LONG = 20.0, 2, 45
"""Show time of the first picture, s; how many are drawn of shaders without and with a memory."""
ROOM = 1.12
"""The picture under effects drifts: it is so much larger than the tile."""


def shader_sheet(
    paths: Sequence[Path], picture: np.ndarray | None = None, columns: int = 6
) -> Image:
    """Every shader of `paths` by its kind and name; `picture` uint8 (h, w, 3) lies under effects.

    Raises ShaderError for the first that does not compile, DeviceError without GL.
    """
    from PIL import Image, ImageDraw, ImageFont

    headers = sorted(map(load_header, paths), key=lambda header: header.name)
    groups = {kind: [h for h in headers if h.kind == kind] for kind in KINDS}
    tall = TILE[1] + LABEL
    rows = sum(-(-len(group) // columns) for group in groups.values())
    heads = sum(bool(group) for group in groups.values())
    page = Image.new("RGB", (columns * TILE[0], rows * tall + heads * HEAD), GROUND)
    pen, top = ImageDraw.Draw(page), 0
    stage = Offscreen(TILE, refresh_hz=None)
    try:
        under = _Under(stage.ctx, sample_picture(TILE) if picture is None else picture)
        for kind, group in groups.items():
            if group:
                pen.text((6, top + 7), KINDS[kind], INK, ImageFont.load_default(15))
                top += HEAD
            for n, header in enumerate(group):
                x, y = n % columns * TILE[0], top + n // columns * tall
                page.paste(Image.fromarray(_drawn(stage.ctx, header, under)), (x, y))
                pen.text((x + 4, y + TILE[1] + 1), header.name, INK, ImageFont.load_default(12))
            top += -(-len(group) // columns) * tall
    finally:
        stage.close()
    return page


def write_sheet(file: Path, paths: Sequence[Path], over: Path | None = None) -> None:
    """Write the sheet of `paths` with the picture `over` under the effects.

    Raises MediaError for pictures that cannot be read or written, and what `shader_sheet` does.
    """
    from PIL import Image

    try:
        picture = None if over is None else np.asarray(Image.open(over).convert("RGB"))
    except (OSError, ValueError) as error:
        raise MediaError(f"{over}: {error}") from None
    page = shader_sheet(paths, picture)
    try:
        page.save(file, quality=82)
    except (OSError, ValueError) as error:
        raise MediaError(f"{file}: {error}") from None


class _Under:
    """What effects change: a picture that drifts to and fro, and the same turned over."""

    def __init__(self, ctx: moderngl.Context, picture: np.ndarray) -> None:
        from PIL import Image

        size = round(TILE[0] * ROOM), round(TILE[1] * ROOM)
        self._whole = np.asarray(Image.fromarray(picture).resize(size, Image.Resampling.LANCZOS))
        self._texture, self._other = (ctx.texture(TILE, 3, alignment=1) for _ in range(2))
        for texture in (self._texture, self._other):
            texture.repeat_x = texture.repeat_y = False

    def at(self, index: int) -> dict[str, moderngl.Texture]:
        """The images of the picture with that number."""
        spare = self._whole.shape[1] - TILE[0], self._whole.shape[0] - TILE[1]
        x, y = (round(room * (0.5 - 0.5 * np.cos(0.11 * index))) for room in spare)
        now = self._whole[y : y + TILE[1], x : x + TILE[0]]
        self._texture.write(np.ascontiguousarray(now[::-1]), alignment=1)
        self._other.write(np.ascontiguousarray(now[:, ::-1, [2, 0, 1]]), alignment=1)
        images = dict.fromkeys(("inputImage", "startImage"), self._texture)
        return {**images, "endImage": self._other}


def _drawn(ctx: moderngl.Context, header: ShaderHeader, under: _Under) -> np.ndarray:
    """The last of some pictures of a shader, uint8 (h, w, 3)."""
    program = IsfProgram(ctx, header)
    target = ctx.framebuffer([ctx.texture(TILE, 4)])
    inputs = {"progress": 0.5} if header.kind == "transition" else {}
    if header.input("amount") and header.input("amount").default == 0.0:
        inputs["amount"] = 0.6
    for index in range(LONG if header.remembers else SHORT):
        time = BEGIN + index / FPS
        clock = ShaderClock(
            time, 1.0 / FPS, index, time * BPM / 60.0, BPM, sound=sample_sound(time)
        )
        program.draw(target, inputs, under.at(index), clock)
    raw = np.frombuffer(target.read(components=3, alignment=1), np.uint8)
    program.release()
    return raw.reshape(TILE[1], TILE[0], 3)[::-1].copy()
