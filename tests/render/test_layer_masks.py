"""Layers that are masks of their neighbours, solo and bypassed layers: drawn, and by hand."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from controllers.addresses import find
from engine.errors import PresetError
from engine.records import Controls, Frame, FrameParams, Layer
from engine.render.compositor import Compositor
from engine.render.layers import masked
from engine.resolve import resolve, silent_moment
from engine.show import load_show
from engine.surface import values_at

SIZE = (160, 90)
PLAIN = FrameParams(index=1, time=1.0, dt=1 / 30)
GENERATOR = Layer("generator")


@pytest.fixture
def compositor(gl, picture):
    made = Compositor(gl, SIZE, patient=True)
    made.show(Frame(1, picture, replace(PLAIN, time=0.9), 0.9))
    yield made
    made.release()


def drawn(compositor, *layers):
    compositor.draw(replace(PLAIN, layers=layers))
    return compositor.read().astype(int)


@pytest.fixture
def files(tmp_path):
    """Pictures of the canvas's size: half white, a red one, one whose left half is clear."""
    half = np.zeros((90, 160, 3), np.uint8)
    half[:, 80:] = 255
    red = np.full((90, 160, 3), (200, 0, 0), np.uint8)
    clear = np.full((90, 160, 4), 255, np.uint8)
    clear[:, :80, 3] = 0
    paths = {}
    for name, pixels in (("half", half), ("red", red), ("clear", clear), ("grey", half // 2)):
        paths[name] = str(tmp_path / f"{name}.png")
        Image.fromarray(pixels).save(paths[name])
    return paths


@pytest.mark.parametrize("way", ("above", "below"))
def test_a_mask_shows_its_neighbour_where_it_is_light(compositor, picture, files, way):
    mask, red = Layer("picture", files["half"], mask=way), Layer("picture", files["red"])
    layers = (GENERATOR, mask, red) if way == "above" else (GENERATOR, red, mask)
    seen = drawn(compositor, *layers)
    assert np.array_equal(seen[:, :79], picture[:, :79])
    assert np.all(seen[:, 81:] == (200, 0, 0))


def test_a_mask_counts_by_light_alpha_and_opacity(compositor, picture, files):
    red = Layer("picture", files["red"])
    grey = Layer("picture", files["grey"], mask="above")
    seen = drawn(compositor, GENERATOR, grey, red)[45, 120]
    wanted = picture[45, 120] * (1 - 127 / 255) + np.array((200, 0, 0)) * 127 / 255
    assert np.abs(seen - wanted).max() <= 1
    clear = Layer("picture", files["clear"], mask="above")
    seen = drawn(compositor, GENERATOR, clear, red)
    assert np.array_equal(seen[:, :79], picture[:, :79]) and np.all(seen[:, 81:] == (200, 0, 0))
    weak = drawn(compositor, GENERATOR, replace(clear, opacity=0.5), red)[45, 20]
    assert np.abs(weak - (picture[45, 20] + (200, 0, 0)) / 2).max() <= 1
    none = drawn(compositor, GENERATOR, replace(clear, opacity=0.0), red)
    assert np.all(none == (200, 0, 0))


def test_several_masks_cut_together_and_the_generated_picture_may_have_one(
    compositor, picture, files
):
    masks = (Layer("picture", files["half"], mask="above"),
             Layer("picture", files["clear"], mask="above"))
    seen = drawn(compositor, *masks, GENERATOR)
    assert not seen[:, :79].any() and np.array_equal(seen[:, 81:], picture[:, 81:])
    as_mask = drawn(compositor, Layer("generator", mask="above"), Layer("picture", files["red"]))
    luma = picture @ (0.2126, 0.7152, 0.0722) / 255 * 200
    assert np.abs(as_mask[..., 0] - luma).max() <= 2 and not as_mask[..., 1:].any()


def test_a_masked_layer_keeps_its_blend(compositor, picture, files):
    red = Layer("picture", files["red"], blend="add")
    seen = drawn(compositor, GENERATOR, Layer("picture", files["half"], mask="above"), red)
    added = np.minimum(255, picture[:, 81:].astype(int) + (200, 0, 0))
    assert np.abs(seen[:, 81:] - added).max() <= 1
    assert np.array_equal(seen[:, :79], picture[:, :79])


def test_what_is_not_shown_is_not_drawn(compositor, picture, files):
    red = Layer("picture", files["red"], shown=False)
    assert np.array_equal(drawn(compositor, GENERATOR, red), picture)
    mask = Layer("picture", files["half"], mask="above", shown=False)
    assert np.all(drawn(compositor, GENERATOR, mask, replace(red, shown=True)) == (200, 0, 0))


def test_nothing_is_compiled_during_the_show(compositor, files):
    layers = (GENERATOR, Layer("picture", files["half"], mask="above", shown=False),
              Layer("picture", files["red"], blend="screen"))
    compositor.prepare(replace(PLAIN, layers=layers))
    before = compositor.compiles
    drawn(compositor, layers[0], replace(layers[1], shown=True), layers[2])
    assert compositor.compiles == before


def test_whose_mask_it_is():
    plain, above, below = Layer("generator"), Layer("text", mask="above"), Layer("text",
                                                                                 mask="below")
    assert masked((plain, above, plain)) == {2: [1]}
    assert masked((plain, below, above, plain)) == {0: [1], 3: [2]}
    assert masked((above, above, plain)) == {2: [0, 1]}
    assert masked((plain, above)) == {} and masked((below, plain)) == {}
    assert masked((replace(above, shown=False), plain)) == {}
    assert masked((replace(above, shown=False), plain), whole=True) == {1: [0]}


LOOK = """
[[prompts]]
text = "sea"
[[layers]]
generator = true
[[layers]]
text = "MASK"
mask = "above"
[[layers]]
shader = "plasma"
bypass = "level > 0.5"
[[layers]]
text = "HELLO"
blend = "screen"
"""


@pytest.fixture
def show(tmp_path):
    path = tmp_path / "look.toml"
    path.write_text(LOOK)
    return load_show(str(path))


def shown(show, **values):
    moment = replace(silent_moment(), controls=Controls(values=values))
    return [layer.shown for layer in resolve(0.0, 0, 0.0, moment, show).layers]


def test_solo_and_bypass_by_hand(show):
    assert find("layers.2.solo").kind == "value" and find("layers.2.bypass").kind == "value"
    assert shown(show) == [True] * 4
    assert shown(show, **{"layers.1.bypass": 1.0}) == [False, True, True, True]
    solo = {"layers.4.solo": 1.0}
    assert shown(show, **solo) == [False, True, False, True], "a mask goes with its layer"
    both = {**solo, "layers.1.solo": 1.0, "layers.1.bypass": 1.0}
    assert shown(show, **both) == [False, True, False, True], "what is bypassed is out"
    assert shown(show, **{"layers.2.solo": 1.0}) == [True] * 4, "a mask alone shows nothing"
    assert shown(show, **{"layers.2.bypass": 1.0}) == [True, False, True, True]


def test_a_look_may_switch_layers_by_expressions(show):
    signals = replace(silent_moment().signals, values={**silent_moment().signals.values,
                                                       "level": 0.9})
    moment = replace(silent_moment(), signals=signals)
    layers = resolve(0.0, 0, 0.0, moment, show).layers
    assert [layer.shown for layer in layers] == [True, True, False, True]
    assert layers[1].mask == "above" and layers[2].opacity == 1.0
    values = values_at(moment, show)
    assert values["layers.3.bypass"] == 1.0 and values["layers.3.solo"] == 0.0
    assert values["layers.3.opacity"] == 1.0, "a fader stays where it is"


def test_a_wrong_mask_is_named(tmp_path):
    path = tmp_path / "look.toml"
    path.write_text(LOOK.replace('"above"', '"abov"'))
    with pytest.raises(PresetError, match=r"layers\.2\.mask = 'abov' is not known; did you mean"):
        load_show(str(path))
