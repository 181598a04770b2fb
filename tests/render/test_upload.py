"""Pictures get onto the GPU as they are, straight away or through buffers that take turns."""

import numpy as np
import pytest

from engine.render.offscreen import Offscreen
from engine.render.upload import Uploader


@pytest.fixture(scope="module")
def ctx():
    stage = Offscreen((8, 8), None)
    yield stage.ctx
    stage.close()


def pictures(size, parts, count=5):
    rng = np.random.default_rng(3)
    return [rng.integers(0, 256, (size[1], size[0], parts), np.uint8) for _ in range(count)]


@pytest.mark.parametrize("buffered", [False, True])
@pytest.mark.parametrize(("size", "parts"), [((64, 36), 3), ((33, 7), 3), ((5, 5), 4)])
def test_a_texture_holds_the_picture_written_last(ctx, buffered, size, parts):
    """Odd widths too: rows have no gap."""
    uploader = Uploader(ctx, buffered)
    texture = ctx.texture(size, parts, alignment=1)
    for picture in pictures(size, parts):
        uploader.write(texture, picture)
        assert texture.read(alignment=1) == picture.tobytes()
    uploader.release()
    texture.release()


def test_a_picture_may_be_changed_once_it_was_written(ctx):
    uploader = Uploader(ctx, True)
    texture = ctx.texture((64, 36), 3)
    picture = pictures((64, 36), 3, 1)[0]
    before = picture.tobytes()
    uploader.write(texture, picture)
    picture[:] = 0
    assert texture.read(alignment=1) == before
    strided = np.frombuffer(before, np.uint8).reshape(36, 64, 3)[::-1]
    uploader.write(texture, strided)
    assert texture.read(alignment=1) == strided.tobytes()
    uploader.release()


def test_two_buffers_take_turns_for_each_size(ctx):
    uploader = Uploader(ctx, True)
    for size in ((64, 36), (32, 18), (64, 36)):
        texture = ctx.texture(size, 3)
        for picture in pictures(size, 3):
            uploader.write(texture, picture)
        texture.release()
    assert sorted(uploader._buffers) == [32 * 18 * 3, 64 * 36 * 3]
    assert all(len(turns) == 2 for turns in uploader._buffers.values())
    uploader.release()
    assert not uploader._buffers


def test_software_writes_straight_away(ctx):
    software = "llvmpipe" in ctx.info["GL_RENDERER"]
    assert Uploader(ctx).buffered is not software
