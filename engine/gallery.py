"""A contact sheet: looks down, moments of a song across, each picture as a film would show it.

Names of presets and a song flow in, one PNG flows out, and a thumbnail of each look if wanted: what
to glance at before a show, and what anyone should look at who has changed a look or the model.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from engine.offline import FilmOptions, pictures
from engine.show import PRESETS, Show, load_show

FPS = 10
"""Drawn a second: every picture of the model, none between."""
LABEL = 18
GROUND, INK = (14, 14, 16), (225, 225, 225)


@dataclass(frozen=True, slots=True)
class GalleryOptions:
    """`columns` moments of the song between `start` and `end` seconds; `size` of each picture."""

    path: Path
    size: tuple[int, int] = (320, 180)
    columns: int = 8
    start: float = 0.0
    end: float = 60.0
    model: str = "small"
    runtime: str = "auto"
    thumbnails: Path | None = None


def shipped() -> list[str]:
    """The names of the looks that ship, without the sets."""
    names = sorted(path.stem for path in PRESETS.glob("*.toml"))
    return [name for name in names if len(load_show(name).presets) == 1]


def moments_of(samples: np.ndarray, show: Show, options: GalleryOptions) -> list[np.ndarray]:
    """`columns` pictures uint8 (h, w, 3), evenly spread, each after all that went before it."""
    film = FilmOptions(options.path, options.size, FPS, FPS, options.model,
                       start=options.start, end=options.end, runtime=options.runtime)
    made = list(pictures(samples, show, film))
    places = (np.arange(options.columns) + 0.5) / options.columns * len(made)
    return [made[int(place)] for place in places]


def draw(
    samples: np.ndarray,
    names: Sequence[str],
    options: GalleryOptions,
    progress: Callable[[int, int], None] = lambda done, total: None,
) -> None:
    """Write the sheet of these presets; `progress(done, total)` after each.

    Raises PresetError, ModelError or ShaderError for the first that cannot be drawn.
    """
    shows = [load_show(name) for name in names]
    rows = []
    for done, show in enumerate(shows, 1):
        rows.append(moments_of(samples, show, options))
        if options.thumbnails:
            _keep_thumbnail(rows[-1], options.thumbnails / f"{show.name}.jpg")
        progress(done, len(shows))
    sheet([show.presets[0].title for show in shows], rows).save(options.path)


def sheet(titles: Sequence[str], rows: Sequence[Sequence[np.ndarray]]) -> Image.Image:
    """Rows of pictures of one size, a title over each row."""
    height, width = rows[0][0].shape[:2]
    page = Image.new("RGB", (len(rows[0]) * width, len(rows) * (height + LABEL)), GROUND)
    pen, font = ImageDraw.Draw(page), ImageFont.load_default(12)
    for r, (title, row) in enumerate(zip(titles, rows, strict=True)):
        top = r * (height + LABEL)
        pen.text((4, top + 2), title, INK, font)
        for c, picture in enumerate(row):
            page.paste(Image.fromarray(picture), (c * width, top + LABEL))
    return page


def _keep_thumbnail(row: Sequence[np.ndarray], path: Path) -> None:
    """The liveliest picture of the row: the one with the most contrast."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(max(row, key=lambda picture: float(picture.std()))).save(path, quality=85)
