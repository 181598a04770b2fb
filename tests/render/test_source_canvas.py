"""What the model redraws, drawn at its size: real files and shaders, read back late or at once."""

from dataclasses import replace

import av
import numpy as np
import pytest
from PIL import Image

from engine import clock
from engine.diffusion import TwinGenerator
from engine.records import FrameParams, Layer
from engine.render import cameras
from engine.render.compositor import Compositor
from engine.sourcing import Sourcing

SIZE, MODEL = (160, 90), (96, 64)
PLAIN = FrameParams(index=1, time=1.0, dt=1 / 30, source_amount=0.5)


@pytest.fixture(params=[True, False], ids=["film", "live"])
def compositor(gl, request):
    made = Compositor(gl, SIZE, patient=request.param)
    yield made
    made.release()


@pytest.fixture
def film(gl):
    made = Compositor(gl, SIZE, patient=True)
    yield made
    made.release()


@pytest.fixture
def still(tmp_path):
    """A picture of the model's size: red above, blue below, a green corner at the top left."""
    pixels = np.zeros((64, 96, 3), np.uint8)
    pixels[:32], pixels[32:], pixels[:8, :8] = (250, 0, 0), (0, 0, 250), (0, 250, 0)
    Image.fromarray(pixels).save(tmp_path / "still.png")
    return Layer("picture", str(tmp_path / "still.png")), pixels


def of(layer, **changes):
    return replace(PLAIN, source_layer=layer, **changes)


def late(canvas, params):
    """As live: asked for in one turn, taken in the next."""
    assert canvas.ask(params)
    return canvas.take()


def test_a_picture_is_upright_and_exact_both_ways(compositor, still):
    layer, pixels = still
    canvas = compositor.source(MODEL)
    compositor.prepare(of(layer))
    assert np.array_equal(canvas.read(of(layer)), pixels)
    assert np.array_equal(late(canvas, of(layer)), pixels)
    assert canvas.take() is None, "once"
    assert compositor.source(MODEL) is canvas


def test_a_shader_moves_with_the_show_and_is_compiled_before(compositor):
    canvas, layer = compositor.source(MODEL), Layer("shader", "plasma")
    compositor.prepare(of(layer))
    first, same, later = (canvas.read(of(layer, time=time)) for time in (1.0, 1.0, 3.0))
    assert np.array_equal(first, same) and np.abs(later.astype(int) - first).mean() > 2
    assert first.shape == (64, 96, 3) and first.std() > 5
    assert canvas.compiles == 0 and not compositor.faults


def test_a_video_plays_on_the_show_clock(film, tmp_path):
    path = tmp_path / "greys.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.options = {"crf": "1"}
        for index in range(30):
            grey = np.full((64, 96, 3), 20 + 7 * index, np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(grey, format="rgb24")))
        container.mux(stream.encode(None))
    layer = Layer("video", str(path), inputs=(("start", 0.2), ("speed", 0.5)))
    canvas = film.source(MODEL)
    film.prepare(of(layer))
    for time in (0.0, 0.8, 0.4):
        index = int((0.2 + 0.5 * time) * 25 + 1e-6)
        seen = canvas.read(of(layer, time=time))
        assert seen.mean() == pytest.approx(20 + 7 * index, abs=2), time
        film.draw(replace(PLAIN, time=time, index=int(100 * time)))  # the show has its own pace


def test_what_is_missing_is_counted_and_the_feedback_goes_on(film, tmp_path, monkeypatch):
    gone = of(Layer("picture", str(tmp_path / "gone.png")))
    sourcing, twin = Sourcing(film, MODEL), TwinGenerator(MODEL)
    assert film.source(MODEL).read(gone) is None
    assert len(film.faults) == 1
    params, picture = sourcing.exact(gone)
    assert picture is None and params == replace(gone, source_amount=0.0)
    sourcing.submit(twin, gone)
    assert twin.latest().params.source_amount == 0.0 and twin.source is None
    assert sourcing.exact(PLAIN) == (PLAIN, None)


def test_a_camera_that_comes_late_and_is_shared_with_a_layer(film, monkeypatch):
    opened = []

    def address(name):
        opened.append(name)
        return "lavfi", "color=c=0x204060:s=64x36:r=30"

    monkeypatch.setattr(cameras, "camera_address", address)
    layer, canvas = Layer("camera", "stage"), film.source(MODEL)
    film.prepare(of(layer, layers=(layer,)))
    end, seen = clock.monotonic() + 20.0, None
    while seen is None and clock.monotonic() < end:
        clock.sleep(0.02)
        seen = canvas.read(of(layer))
    assert np.abs(seen.reshape(-1, 3).mean(0) - (0x20, 0x40, 0x60)).max() < 6
    assert opened == ["stage"]


def test_live_it_is_drawn_at_twice_the_models_pace_and_handed_over_a_turn_later(film, still):
    layer, pixels = still
    sourcing, twin = Sourcing(film, MODEL), TwinGenerator(MODEL)
    film.prepare(of(layer))
    canvas, asked = film.source(MODEL), []
    real = canvas.ask
    canvas.ask = lambda params: asked.append(params.time) or real(params)
    amounts = []
    for n in range(60):
        sourcing.submit(twin, of(layer, time=n / 60, index=n), seconds=0.2)
        amounts.append(twin.latest().params.source_amount)
    assert amounts[0] == 0.0 and set(amounts[1:]) == {0.5}, "known from the second turn on"
    assert np.array_equal(twin.source, pixels)
    assert 9 <= len(asked) <= 12
    for n in range(60, 64):  # gone and back: the old picture is not shown for the new one
        sourcing.submit(twin, replace(PLAIN, time=n / 60, index=n), seconds=0.2)
    sourcing.submit(twin, of(layer, time=64 / 60, index=64), seconds=0.2)
    assert twin.latest().params.source_amount == 0.0


def test_another_size_from_now_on(film, still):
    layer, _ = still
    sourcing, twin = Sourcing(film, MODEL), TwinGenerator((64, 64))
    sourcing.submit(twin, of(layer))
    sourcing.resize((64, 64))
    for n in range(3):
        sourcing.submit(twin, of(layer, index=n, time=n / 60))
    assert twin.source.shape == (64, 64, 3)
    film.source((96, 96))  # of a model that comes later: prepared with the others
    film.prepare(of(Layer("shader", "plasma")))
    sourcing.resize((96, 96))
    sourcing.exact(of(Layer("shader", "plasma")))
    assert film.source((96, 96)).compiles == 0


def test_a_hot_shader_is_drawn_anew_and_a_broken_one_keeps_the_last(film, tmp_path):
    """The source has shaders of its own: a saved file reaches them too."""
    text = ('/*{"ISFVSN": "2", "CATEGORIES": ["Generator"], "INPUTS": []}*/\n'
            "void main() { gl_FragColor = vec4(%s, 0.0, 0.0, 1.0); }\n")
    file = tmp_path / "mine.fs"
    file.write_text(text % "0.2")
    canvas, layer = film.source(MODEL), Layer("shader", "mine")
    film.look_in([tmp_path])
    film.prepare(of(layer))
    assert canvas.read(of(layer))[0, 0, 0] == 51
    file.write_text(text % "0.8")
    assert film.reload_shader(file) is None
    assert canvas.read(of(layer))[0, 0, 0] == 204
    file.write_text(text % "oops")
    assert film.reload_shader(file) is not None
    assert canvas.read(of(layer))[0, 0, 0] == 204
