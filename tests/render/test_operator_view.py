"""The operator's view, drawn and read back: letters, panels, preview, small pictures of looks."""

from dataclasses import replace

import numpy as np
import pytest

from engine.render.glyphs import Glyphs, Sheet
from engine.render.offscreen import Offscreen
from engine.render.operator_view import OperatorView
from engine.render.overview import PREVIEW, THUMB, Overview

WHITE = (1.0, 1.0, 1.0, 1.0)
NOW = Overview(
    time=12.0, beat=6.1, bpm=124.0, confidence=0.9, tempo_source="audio", playing="bloom",
    signals=(("bass", np.linspace(0, 1, 90)),), spectrum=np.full(64, 0.5), input_db=-6.0,
    frame_ms=np.full(60, 16.7), model_ms=np.full(60, 110.0), model_state="running",
    latency=(("in", 10.0), ("show", 16.0)), keys=(("f", "freeze"), ("b", "blackout")),
)


@pytest.fixture(scope="module")
def stage():
    stage = Offscreen((1280, 720), None)
    yield stage
    stage.close()


@pytest.fixture(scope="module")
def view(stage):
    view = OperatorView(stage.ctx)
    yield view
    view.release()


def colours(stage, colour):
    return stage.ctx.texture((64, 36), 4, bytes(colour) * (64 * 36))


def seen(target):
    """uint8 (h, w, 3), top row first."""
    width, height = target.size
    raw = target.read(components=3, alignment=1)
    return np.frombuffer(raw, np.uint8).reshape(height, width, 3)[::-1].astype(int)


def inside(picture, place, edge=6):
    x, y, w, h = (round(side) for side in place)
    return picture[y + edge : y + h - edge, x + edge : x + w - edge]


def test_digits_are_equally_wide_and_letters_are_rasterised_once(stage):
    glyphs = Glyphs(stage.ctx, (18,))
    widths = {glyphs.layout(text, 18)[1] for text in ("111.1", "888.8", "124.0")}
    assert len(widths) == 1
    pen = list(glyphs._pen)
    assert glyphs.layout("Liquidlight 128.0 bpm", 18)[0].shape[1] == 8 and glyphs._pen == pen
    glyphs.layout("żółw", 18)
    assert glyphs._pen != pen, "letters that were not foreseen come in when they are written"
    pen = list(glyphs._pen)
    glyphs.layout("wółż", 18)
    assert glyphs._pen == pen
    glyphs.release()


def test_a_full_atlas_and_a_full_sheet_leave_out_what_is_more(stage):
    glyphs = Glyphs(stage.ctx)
    for size in range(60, 400, 20):
        glyphs.layout("WMQ@#8B&", size)
    sheet = Sheet(stage.ctx, glyphs)
    for _ in range(900):
        sheet.text(0, 20, "ten letters", 14, WHITE)
    sheet.draw(stage.screen)
    sheet.release()
    glyphs.release()


def test_a_text_lies_where_it_was_put(stage):
    glyphs = Glyphs(stage.ctx)
    sheet = Sheet(stage.ctx, glyphs)
    stage.screen.clear()
    sheet.clear()
    width = sheet.text(200, 100, "HHHH", 40, WHITE)
    sheet.box(600, 300, 50, 20, (0.0, 1.0, 0.0, 1.0))
    sheet.bars(700, 400, 40, 100, np.array([0.0, 1.0, 0.5, 2.0]), (0.0, 0.0, 1.0, 1.0))
    sheet.draw(stage.screen)
    picture = seen(stage.screen)
    rows, columns = np.nonzero(picture[:200, :, 0] > 100)
    assert abs(rows.max() - 99) <= 1 and 198 <= columns.min() <= 206
    assert columns.max() < 200 + width + 2 and rows.min() > 60
    assert (picture[300:320, 600:650] == (0, 255, 0)).all() and picture[299, 610].sum() == 0
    heights = (picture[400:500, 705:740:10, 2] > 0).sum(0)
    assert list(heights) == [0, 100, 50, 100], "bars are cut off at 0 and 1"
    sheet.release()
    glyphs.release()


def test_the_preview_shows_the_output_with_its_light(stage, view):
    picture = colours(stage, (200, 100, 40, 255))
    view.draw(stage.screen, NOW, picture, 0.5)
    shown = inside(seen(stage.screen), PREVIEW)
    assert np.abs(shown - (100, 50, 20)).max() <= 1
    view.draw(stage.screen, NOW, None)
    assert inside(seen(stage.screen), PREVIEW).max() < 12
    assert stage.screen.viewport == (0, 0, 1280, 720)


def test_the_queued_look_is_seen_as_it_was(stage, view):
    view.remember("night_drive", colours(stage, (0, 255, 0, 255)))
    view.draw(stage.screen, replace(NOW, queued="night_drive", queued_beats=3.0), None)
    assert (inside(seen(stage.screen), THUMB) == (0, 255, 0)).all()
    half = np.zeros((90, 160, 3), np.uint8)
    half[:45] = (255, 0, 0)
    view.keep("bloom", half)
    view.draw(stage.screen, replace(NOW, queued="bloom"), None)
    kept = inside(seen(stage.screen), THUMB)
    assert (kept[:20] == (255, 0, 0)).all() and kept[-20:].max() == 0, "upright"
    view.draw(stage.screen, replace(NOW, queued="nobody"), None)
    assert inside(seen(stage.screen), THUMB)[..., 1].max() < 60


def test_recording_warnings_and_help_are_seen(stage, view):
    plain = view_of(stage, view, NOW)
    lit = view_of(stage, view, replace(NOW, recording=("show.mp4", 61.0, 1830, 0, "libx264")))
    red = lit - plain
    assert (red[38:48, 42:52, 0] > 150).any() and (red[14:15, 100:500, 0] > 100).all()
    warned = view_of(stage, view, replace(NOW, warnings=("the disk is full",)))
    assert (warned[340:366, 17:20, 0] > 200).all()
    view.help_shown = True
    helped = view_of(stage, view, NOW)
    view.help_shown = False
    assert helped[500:700].mean() < 0.4 * plain[500:700].mean() and helped[40:120].max() > 200


def view_of(stage, view, now):
    view.draw(stage.screen, now, None)
    return seen(stage.screen)


@pytest.mark.parametrize("size", [(640, 360), (1920, 1080), (1000, 900)])
def test_other_sizes_hold_the_whole_view(stage, view, size):
    target = stage.ctx.framebuffer([stage.ctx.texture(size, 4)])
    view.draw(target, NOW, colours(stage, (90, 90, 90, 255)))
    picture = seen(target)
    scale = min(size[0] / 1280, size[1] / 720)
    left, top = (size[0] - 1280 * scale) / 2, (size[1] - 720 * scale) / 2
    x, y = round(left + scale * (16 + 312)), round(top + scale * (16 + 175))
    assert (picture[y - 3 : y + 3, x - 3 : x + 3] == 90).all()
    assert picture[round(top + 40 * scale) :, round(left + 656 * scale) :].max() > 200


def test_drawing_again_makes_nothing_new(stage, view):
    """Rasterising, laying out and GL objects are for the first time a text is seen."""
    picture = colours(stage, (90, 90, 90, 255))
    view.draw(stage.screen, NOW, picture)
    pen, looks = list(view._glyphs._pen), len(view._glyphs._texts)
    for n in range(30):
        view.draw(stage.screen, replace(NOW, time=12.0 + n / 100), picture)
    assert view._glyphs._pen == pen and len(view._glyphs._texts) == looks
