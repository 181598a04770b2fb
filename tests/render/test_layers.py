"""Layers of every kind with real files: what is drawn, what is missing, what is left out."""

from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from engine import clock
from engine.errors import LiquidlightError
from engine.records import Effect, Frame, FrameParams, Layer
from engine.render import cameras, fonts
from engine.render.compositor import Compositor
from engine.render.texts import LEADING, Lettering, draw_words
from engine.show import load_show
from engine.staging import prepare

SIZE = (160, 90)
PLAIN = FrameParams(index=1, time=1.0, dt=1 / 30)
GENERATOR = Layer("generator")
FPS = 25
FRAMES = 30


@pytest.fixture
def compositor(gl, picture):
    """As a film's: files are waited for."""
    made = Compositor(gl, SIZE, patient=True)
    made.show(Frame(1, picture, replace(PLAIN, time=0.9), 0.9))
    yield made
    made.release()


def drawn(compositor, *layers, **changes):
    compositor.draw(replace(PLAIN, layers=layers, **changes))
    return compositor.read().astype(int)


def saved(path, pixels):
    Image.fromarray(pixels).save(path)
    return str(path)


def level(index):
    return 20 + 7 * index


@pytest.fixture(scope="module")
def video(tmp_path_factory):
    return written(tmp_path_factory.mktemp("video") / "greys.mp4")


def written(path):
    """30 pictures at 25 a second, each of one grey: which of them is seen can be told."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=FPS)
        stream.width, stream.height, stream.pix_fmt = 64, 36, "yuv420p"
        stream.options = {"crf": "1", "g": "12", "bf": "2"}
        for index in range(FRAMES):
            grey = np.full((36, 64, 3), level(index), np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode(None))
    return str(path)


def test_the_generated_picture_as_a_layer_is_exact(compositor, picture):
    assert np.array_equal(drawn(compositor, GENERATOR), picture)
    half = drawn(compositor, replace(GENERATOR, opacity=0.5))
    assert np.abs(half - picture / 2.0).max() <= 1
    assert not drawn(compositor, replace(GENERATOR, opacity=0.0)).any()


def test_a_picture_with_alpha_lies_over_what_is_below(compositor, picture, tmp_path):
    badge = np.zeros((90, 160, 4), np.uint8)
    badge[20:50, 40:80] = (255, 0, 0, 255)
    badge[50:70, 40:80] = (0, 0, 255, 128)
    path = saved(tmp_path / "badge.png", badge)
    seen = drawn(compositor, GENERATOR, Layer("picture", path))
    alpha = badge[..., 3:] / 255.0
    wanted = picture * (1.0 - alpha) + badge[..., :3] * alpha
    inner = np.s_[22:68, 42:78]
    assert np.abs(seen - wanted)[inner].max() <= 2
    assert np.array_equal(seen[:, 100:], picture[:, 100:])


def test_a_picture_is_placed_turned_and_made_smaller(compositor, tmp_path):
    path = saved(tmp_path / "white.jpg", np.full((400, 800, 3), 255, np.uint8))
    place = (("x", 0.25), ("y", 0.75), ("scale", 0.25), ("angle", 90.0))
    seen = drawn(compositor, Layer("picture", path, inputs=place))
    # It covers 180 by 90 pixels at scale 1, so 45 by 22.5 here, standing upright.
    rows, columns = np.nonzero(seen[..., 0] > 128)
    assert (columns.min(), columns.max()) == pytest.approx((40 - 11.25, 40 + 10.25), abs=1)
    assert (rows.min(), rows.max()) == pytest.approx((0, 22.5 + 21.5), abs=1)


def test_wrong_files_are_counted_once_and_left_out(compositor, picture, tmp_path):
    broken, missing = tmp_path / "broken.png", tmp_path / "none.mp4"
    broken.write_bytes(b"\x89PNG no picture at all")
    layers = (GENERATOR, Layer("picture", str(broken)), Layer("video", str(missing)))
    compositor.prepare(replace(PLAIN, layers=layers))
    for index in range(3):
        assert np.array_equal(drawn(compositor, *layers, index=index), picture)
    assert set(compositor.faults) == {str(broken), str(missing)}
    assert f"{missing}: " in compositor.faults[str(missing)].message
    assert "\n" not in compositor.faults[str(broken)].message


def test_live_a_picture_is_not_waited_for(gl, picture, tmp_path):
    compositor = Compositor(gl, SIZE)
    compositor.show(Frame(1, picture, replace(PLAIN, time=0.9), 0.9))
    path = saved(tmp_path / "white.png", np.full((900, 1600, 3), 255, np.uint8))
    seen = drawn(compositor, GENERATOR, Layer("picture", path), index=0)
    assert np.array_equal(seen, picture) or seen.min() == 255
    deadline = clock.monotonic() + 20.0
    while seen.min() < 255 and clock.monotonic() < deadline:
        clock.sleep(0.02)
        seen = drawn(compositor, GENERATOR, Layer("picture", path), index=PLAIN.index + 1)
        compositor._last = None
    assert seen.min() == 255
    compositor.release()


def test_a_shader_layer_with_its_own_effects_and_blend(compositor, picture):
    waves = Layer("shader", "plasma", 0.5, "screen", (("scale", 3.0),))
    alone = drawn(compositor, replace(waves, opacity=1.0))
    seen = drawn(compositor, GENERATOR, waves)
    screen = 255.0 - (255.0 - picture) * (255.0 - alone) / 255.0
    assert np.abs(seen - (picture + screen) / 2.0).max() <= 2
    mirror = Effect("mirror", (("amount", 1.0), ("mode", 0.0)))
    folded = drawn(compositor, replace(waves, opacity=1.0, effects=(mirror,)))
    assert np.abs(folded - folded[:, ::-1]).max() <= 1 and np.abs(folded - alone).mean() > 2


def test_each_layer_and_the_look_have_feedback_of_their_own(compositor):
    """The same trails on two layers: one keeps what its layer showed, the other nothing of it."""
    trails = (Effect("trails", (("amount", 1.0), ("zoom", 0.0))),)
    bright = Layer("shader", "plasma", effects=trails)
    dark = Layer("shader", "waiting", inputs=(("light", 0.0),), blend="add", effects=trails)
    for index in range(4):
        both = drawn(compositor, bright, dark, index=index + 1, time=1.0 + index / 30)
    alone = drawn(compositor, replace(bright, opacity=0.0), dark, index=9)
    assert alone.mean() < 0.4 * both.mean()


def test_a_video_is_exact_at_every_time_and_loops(compositor, video):
    length = FRAMES / FPS
    for time in (0.0, 0.5, 0.52, 0.3, 1.1, length + 0.02, 2 * length + 0.33, 0.0, 90.0, 1.18):
        seen = drawn(compositor, Layer("video", video), time=time, index=int(time * 1000))
        index = int((time % length) * FPS + 1e-6)
        assert seen.mean() == pytest.approx(level(index), abs=2), time
        assert seen.std() < 1.0


@pytest.mark.parametrize("suffix", [".ts", ".mkv"])
def test_containers_that_seek_badly_or_say_no_length_are_exact_too(compositor, tmp_path, suffix):
    path = written(tmp_path / f"greys{suffix}")
    for time in (0.0, 0.9, 0.2, 1.3):
        seen = drawn(compositor, Layer("video", path), time=time, index=int(time * 10))
        assert seen.mean() == pytest.approx(level(int(time % 1.2 * FPS + 1e-6)), abs=2), time


def test_a_video_has_a_start_and_a_speed(compositor, video):
    layer = Layer("video", video, inputs=(("start", 0.4), ("speed", 0.5)))
    for time in (0.0, 0.4, 1.2, 3.0):
        index = int(((0.4 + 0.5 * time) % (FRAMES / FPS)) * FPS + 1e-6)
        seen = drawn(compositor, layer, time=time, index=int(time * 100))
        assert seen.mean() == pytest.approx(level(index), abs=2), time


def test_two_layers_of_one_video_are_two_places_in_it(compositor, video):
    first = Layer("video", video, inputs=(("speed", 0.0), ("start", 0.1)))
    later = Layer("video", video, 1.0, "difference", (("speed", 0.0), ("start", 1.0)))
    for index in range(3):
        seen = drawn(compositor, first, later, index=index)
        assert seen.mean() == pytest.approx(level(25) - level(2), abs=3)


def test_live_a_video_plays_without_being_waited_for(gl, video):
    """It moves on by itself, never back, and comes to where it should be."""
    compositor = Compositor(gl, SIZE)
    compositor.prepare(replace(PLAIN, layers=(Layer("video", video),)))
    levels, index, end = [], 0, clock.monotonic() + 20.0
    while clock.monotonic() < end and (not levels or levels[-1] < level(25) - 2):
        time = min(index / 30, 1.0)
        levels.append(drawn(compositor, Layer("video", video), index=index, time=time).mean())
        clock.sleep(1 / 30)
        index += 1
    assert (np.diff(levels) >= -2).all() and levels[0] < level(5)
    assert levels[-1] == pytest.approx(level(25), abs=2)
    compositor.release()


def test_words_are_white_outlined_centred_and_crisp(compositor, picture):
    layer = Layer("text", "NORTH", inputs=(("size", 0.4), ("outline", 0.1)))
    seen = drawn(compositor, GENERATOR, layer)
    changed = np.abs(seen - picture).max(-1) > 40
    rows, columns = np.nonzero(changed)
    assert (columns.min() + columns.max()) / 2 == pytest.approx(79.5, abs=2.0)
    assert 20 < rows.min() and rows.max() < 70 and np.ptp(rows) > 20
    assert (seen[changed] > 250).all(-1).sum() > 200, "whole white"
    assert (seen[changed] < 5).all(-1).sum() > 100, "in whole black"
    assert not compositor.faults


def test_words_of_another_colour_size_and_place(compositor):
    red = (("colour", (1.0, 0.0, 0.0, 1.0)), ("size", 0.3), ("y", 0.2))
    seen = drawn(compositor, Layer("text", "low", inputs=red))
    assert seen[..., 0].max() == 255 and not seen[..., 1:].any() and not seen[:40].any()
    assert not drawn(compositor, Layer("text", "  ")).any()


def test_long_words_are_broken_and_lines_are_kept(compositor):
    one = draw_words("so many words that no line could ever hold", Lettering(20, 1.6, 140))
    assert one.shape[1] <= 150 and one.shape[0] > 3 * 20 * LEADING
    halves = draw_words("nine even words that fit two lines just so", Lettering(20, 0.0, 240))
    ink = [np.nonzero(half[..., 0].any(0))[0] for half in np.array_split(halves, 2)]
    assert np.ptp(ink[0]) == pytest.approx(np.ptp(ink[1]), rel=0.35), "no word alone on a line"
    two = draw_words("up\ndown", Lettering(20, 1.6, 140))
    single = draw_words("up", Lettering(20, 1.6, 140))
    assert two.shape[0] - single.shape[0] == 20 * LEADING


def test_letters_that_the_font_lacks_come_from_another_and_are_never_boxes(monkeypatch):
    lettering = Lettering(40, 0.0, 400)
    assert draw_words("Wörter", lettering).any()
    monkeypatch.setattr(fonts, "SYSTEM", ())
    assert fonts.font_for("Wörter — straße ☃", 40)[1] == "Worter - strasse "
    plain, marked = (draw_words(text, lettering) for text in ("Worter", "Wörter"))
    assert np.array_equal(plain, marked)


def test_a_text_is_drawn_once_for_a_size_that_stays(compositor, monkeypatch):
    calls = []
    monkeypatch.setattr(
        "engine.render.texts.draw_words", lambda *a: calls.append(a) or draw_words(*a)
    )
    for index in range(4):
        drawn(compositor, Layer("text", "twice"), index=index)
    assert len(calls) == 1
    for index in range(4, 9):
        drawn(compositor, Layer("text", "twice", inputs=(("size", 0.1 + index / 50),)), index=index)
    assert len(calls) == 1, "while it grows, what is there is scaled"
    for index in range(9, 13):
        drawn(compositor, Layer("text", "twice", inputs=(("size", 0.26),)), index=index)
    assert len(calls) == 2, "at rest it is crisp again"


def test_a_camera_that_is_missing_is_nothing_is_counted_and_comes_back(gl, picture, monkeypatch):
    """A real FFmpeg device (its test source), which is not there for the first two tries."""
    tries = []
    whole = cameras.camera_address

    def address(name):
        tries.append(name)
        return whole("stage" if len(tries) < 3 else "lavfi:color=c=0x204060:s=64x36:r=30")

    monkeypatch.setattr(cameras, "camera_address", address)
    monkeypatch.setattr(cameras, "PAUSES", (0.05, 0.1))
    compositor = Compositor(gl, SIZE)
    compositor.show(Frame(1, picture, replace(PLAIN, time=0.9), 0.9))
    layers = (GENERATOR, Layer("camera", "stage"))
    assert np.array_equal(drawn(compositor, *layers, index=0), picture)
    deadline, index, seen = clock.monotonic() + 20.0, 1, picture
    while seen.std() > 40 and clock.monotonic() < deadline:
        clock.sleep(0.03)
        seen = drawn(compositor, *layers, index=index)
        index += 1
    assert np.abs(seen - (0x20, 0x40, 0x60)).max() <= 4
    assert compositor.faults["stage"].count == 2
    assert "camera 'stage': is not there" in compositor.faults["stage"].message
    compositor.release()


def test_a_broken_file_stops_the_show_before_it_begins(gl, tmp_path):
    """One line with the file's name; during the show the same is only counted."""
    (tmp_path / "logo.png").write_bytes(b"no picture")
    look = tmp_path / "look.toml"
    look.write_text('[[prompts]]\ntext = "tunnel"\n[[layers]]\npicture = "logo.png"\n')
    compositor = Compositor(gl, SIZE)
    with pytest.raises(LiquidlightError, match=r"logo\.png: cannot be read as a picture") as caught:
        prepare(compositor, load_show(str(look)))
    assert "\n" not in str(caught.value)
    prepare(compositor, load_show(str(look)), strict=False)
    assert len(compositor.faults) == 1
    compositor.release()


def test_what_was_prepared_compiles_nothing_on_the_frame_path(compositor, video):
    layers = (
        Layer("shader", "plasma"),
        Layer("video", video, 0.5, "overlay"),
        Layer("text", "hi", 1.0, "difference", effects=(Effect("glow"),)),
        replace(GENERATOR, blend="soft_light"),
    )
    compositor.prepare(replace(PLAIN, layers=layers))
    drawn(compositor, *layers)
    assert compositor.compiles == 0 and not compositor.faults
