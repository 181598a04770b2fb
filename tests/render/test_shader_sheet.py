"""The contact sheet of shaders, and what the verb `shader` says of files that cannot be read."""

import numpy as np
import pytest
from PIL import Image

from engine.errors import MediaError
from engine.isf import SHIPPED
from engine.render.preview import draw_shader, sample_sound
from engine.render.shader_sheet import HEAD, LABEL, TILE, shader_sheet, write_sheet


def test_a_sheet_has_every_kind_under_its_head():
    paths = [SHIPPED / f"{name}.fs" for name in ("wipe", "plasma", "mirror", "vignette")]
    page = shader_sheet(paths, np.full((60, 90, 3), (250, 10, 10), np.uint8), columns=2)
    tall = TILE[1] + LABEL
    assert page.size == (2 * TILE[0], 3 * (HEAD + tall))
    pixels = np.asarray(page)
    assert pixels[HEAD + 60, 60].std() > 5, "a generator"
    mirror = pixels[2 * HEAD + tall + 60, 60]
    assert mirror.tolist() == [250, 10, 10], "an effect over the picture that was given"
    empty = pixels[HEAD + 20 : HEAD + 100, TILE[0] + 20 : 2 * TILE[0] - 20]
    assert len(np.unique(empty)) == 2, "the second place beside one generator is the ground"


def test_files_that_cannot_be_are_one_line(tmp_path):
    with pytest.raises(MediaError, match="none.png"):
        write_sheet(tmp_path / "a.jpg", [SHIPPED / "mirror.fs"], tmp_path / "none.png")
    with pytest.raises(MediaError, match="a.nothing"):
        write_sheet(tmp_path / "a.nothing", [SHIPPED / "mirror.fs"])
    write_sheet(tmp_path / "a.jpg", [SHIPPED / "mirror.fs"])
    with Image.open(tmp_path / "a.jpg") as page:
        assert page.width == 6 * TILE[0]


def test_the_preview_has_a_sound():
    samples = sample_sound(0.01).samples
    assert samples.shape == (2048, 2) and 0.3 < np.abs(samples).max() < 1.0
    assert draw_shader(SHIPPED / "wave.fs", (96, 54), 4)[-1].max() > 60
