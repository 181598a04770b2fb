"""The contact sheet: every look a row, real pictures of the model and the stage."""

import numpy as np
from PIL import Image

from engine.gallery import LABEL, GalleryOptions, draw, sheet, shipped
from engine.records import SAMPLERATE
from engine.show import load_show

SIZE = (128, 72)


def _opened(path) -> Image.Image:
    with Image.open(path) as image:
        return image.copy()


def test_a_sheet_of_looks_and_their_thumbnails(tmp_path) -> None:
    rng = np.random.default_rng(1)
    samples = (0.1 * rng.standard_normal((SAMPLERATE // 2, 2))).astype(np.float32)
    told: list[tuple[int, int]] = []
    wanted = GalleryOptions(tmp_path / "sheet.png", SIZE, columns=2, end=0.4,
                            thumbnails=tmp_path / "small")
    draw(samples, ["hush", "deep_tunnel"], wanted, lambda *counts: told.append(counts))
    page = np.asarray(_opened(wanted.path))
    assert page.shape == (2 * (72 + LABEL), 2 * 128, 3)
    hush, tunnel = page[LABEL : LABEL + 72], page[2 * LABEL + 72 :]
    assert min(hush.std(), tunnel.std()) > 8 and not np.array_equal(hush, tunnel)
    assert told == [(1, 2), (2, 2)]
    assert _opened(tmp_path / "small" / "hush.jpg").size == SIZE


def test_pictures_lie_where_they_belong() -> None:
    rows = [[np.full((20, 30, 3), 10 * (3 * r + c), np.uint8) for c in range(3)] for r in range(2)]
    page = np.asarray(sheet(["one", "two"], rows))
    assert [int(page[LABEL + 5, 30 * c + 5, 0]) for c in range(3)] == [0, 10, 20]
    assert int(page[2 * LABEL + 25, 65, 0]) == 50


def test_looks_that_ship_are_looks() -> None:
    names = shipped()
    assert "deep_tunnel" in names and "first_light" not in names
    assert all(len(load_show(name).presets) == 1 for name in names)
