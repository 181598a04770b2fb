"""What other people's ISF files do that ours do not: each feature in a small shader of its own."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ShaderError
from engine.isf import load_header, parse_header
from engine.lut import as_picture, read_cube
from engine.records import (
    HOP,
    SAMPLERATE,
    SILENCE,
    SOUND_SAMPLES,
    Effect,
    FrameParams,
    Layer,
    Sound,
)
from engine.render.compositor import Compositor
from engine.render.programs import IsfProgram, ShaderClock
from engine.render.sound_textures import spectrum, spread, waveform

SIZE = (64, 36)


class Stage:
    """Draws ISF source at 64 by 36 and gives the picture back 0..255, bottom row first."""

    def __init__(self, gl, head, code, path=Path("look.fs")):
        self.program = IsfProgram(gl, parse_header(f"/*{head}*/\n{code}\n", path))
        self.target = gl.framebuffer([gl.texture(SIZE, 4)])

    def draw(self, inputs=None, images=None, **clock):
        now = ShaderClock(**{"index": 1, **clock})
        self.program.draw(self.target, inputs or {}, images or {}, now)
        raw = np.frombuffer(self.target.read(components=4, alignment=1), np.uint8)
        return raw.reshape(SIZE[1], SIZE[0], 4).astype(int)


@pytest.fixture
def flat(gl):
    """Makes a texture of one colour."""

    def made(*colour):
        return gl.texture((4, 4), 4, bytes(colour) * 16)

    return made


def tone(left_hz, right_hz, level=0.5):
    t = np.arange(SOUND_SAMPLES)[:, None] / SAMPLERATE
    return Sound((level * np.sin(2 * np.pi * t * [left_hz, right_hz])).astype(np.float32))


def test_the_waveform_has_a_row_for_each_channel(gl):
    head = '{"INPUTS": [{"NAME": "wave", "TYPE": "audio", "MAX": 64}]}'
    code = "void main() { gl_FragColor = IMG_THIS_PIXEL(wave); }"
    samples = np.zeros((SOUND_SAMPLES, 2), np.float32)
    samples[-32:, 0], samples[-32:, 1] = 0.5, -1.0
    seen = Stage(gl, head, code).draw(sound=Sound(samples))
    assert (seen[2, 2] == [128, 128, 128, 255]).all(), "older samples are 0.5"
    assert (seen[2, 60, :3] == 191).all() and (seen[33, 60, :3] == 0).all()
    assert (Stage(gl, head, code).draw()[..., 0] == 128).all(), "silence is 0.5"


def test_the_spectrum_is_where_the_tones_are(gl):
    head = '{"INPUTS": [{"NAME": "fft", "TYPE": "audioFFT"}]}'
    code = "void main() { gl_FragColor = vec4(IMG_SIZE(fft) / vec2(2048.0, 4.0), 0.0, 1.0); }"
    assert Stage(gl, head, code).draw()[0, 0].tolist() == [128, 128, 0, 255]
    bins = spectrum(tone(3000.0, 12000.0, 1.0))
    assert bins[0].argmax() == 128 and bins[1].argmax() == 512
    assert bins.max() == pytest.approx(1.0, abs=0.01) and bins[0, 600] == 0.0
    quiet = spectrum(tone(3000.0, 3000.0, 0.01))
    assert quiet.max() == pytest.approx(0.5, abs=0.01), "-40 dB"
    few = spread(spectrum(tone(40.0, 9000.0)), 6)
    assert few[0].argmax() == 0 and few[1].argmax() == 5, "a few columns lie evenly in pitch"
    assert spread(bins, 256)[0].argmax() == 32


def test_one_column_is_the_volume():
    assert waveform(tone(100.0, 900.0, 0.6), 1)[:, 0].tolist() == pytest.approx([0.8] * 2, abs=0.01)


def test_the_sound_reaches_a_layer_of_the_show(gl, tmp_path):
    """From FrameParams through the compositor to the shader, and never from another moment."""
    (tmp_path / "bar.fs").write_text(
        '/*{"INPUTS": [{"NAME": "wave", "TYPE": "audio", "MAX": 1}]}*/\n'
        "void main() { gl_FragColor = vec4(2.0 * IMG_NORM_PIXEL(wave, vec2(0.5)).r - 1.0); }"
    )
    stage = Compositor(gl, SIZE, (tmp_path,))
    seen = []
    for index, level in enumerate((0.2, 0.8, 0.4)):
        params = FrameParams(
            index, index / 30, 1 / 30, layers=(Layer("shader", "bar"),),
            sound=tone(500.0, 500.0, level),
        )
        stage.draw(params)
        seen.append(int(stage.read()[5, 5, 0]))
    assert seen == pytest.approx([10, 163, 41], abs=2), "alpha counts: level squared"
    stage.release()


def test_a_shader_that_remembers_begins_at_the_beginning(gl):
    """Others begin their memory with `TIME < 0.1` or `FRAMEINDEX == 0`, wherever the show is."""
    head = '{"PASSES": [{"TARGET": "kept", "PERSISTENT": true}]}'
    code = """void main() {
    if (FRAMEINDEX == 0 && TIME < 0.01) gl_FragColor = vec4(1.0, 0.0, TIMEDELTA, 1.0);
    else gl_FragColor = vec4(IMG_THIS_PIXEL(kept).r, TIME, 0.0, 1.0);
}"""
    stage = Stage(gl, head, code)
    assert stage.draw(index=5000, time=80.0, dt=0.1)[0, 0].tolist() == [255, 0, 0, 255]
    assert stage.draw(index=5001, time=80.2, dt=0.1)[0, 0].tolist() == [255, 51, 0, 255]
    stage.program.reset()
    assert stage.draw(index=6000, time=99.0)[0, 0].tolist() == [255, 0, 0, 255]
    plain = Stage(gl, "{}", "void main() { gl_FragColor = vec4(TIME, DATE.w, 0.0, 1.0); }")
    assert plain.draw(time=0.4, date=(0, 0, 0, 86399.8))[0, 0, :2].tolist() == [102, 51]


def test_two_passes_may_draw_one_buffer(gl):
    head = '{"PASSES": [{"TARGET": "a"}, {"TARGET": "a"}, {"TARGET": "a"}]}'
    code = "void main() { gl_FragColor = PASSINDEX == 0 ? vec4(0.2) : IMG_THIS_PIXEL(a) * 2.0; }"
    assert Stage(gl, head, code).draw()[3, 3, 0] == 204


def test_a_second_picture_is_the_one_there_is(gl, flat):
    first, second = ({"NAME": name, "TYPE": "image"} for name in ("inputImage", "maskImage"))
    head = json.dumps({"INPUTS": [first, second]})
    code = "void main() { gl_FragColor = IMG_THIS_PIXEL(maskImage); }"
    seen = Stage(gl, head, code).draw(images={"inputImage": flat(9, 80, 200, 255)})
    assert seen[0, 0].tolist() == [9, 80, 200, 255]


@pytest.mark.parametrize(
    "code",
    [
        "void main() { vec4 texture = texture2D(inputImage, isf_FragNormCoord);"
        " gl_FragColor = texture; }",
        "void main() { vec3 new = texture2DRect(inputImage, gl_FragCoord.xy * IMG_SIZE(inputImage)"
        " / RENDERSIZE).rgb; gl_FragData[0] = vec4(new, 1.0); }",
        "float smooth = 1.0;\nvec4 filter(vec4 c) { return c * smooth; }\n"
        "void main() { gl_FragColor = filter(IMG_THIS_PIXEL(inputImage)); }",
        "vec4 at(sampler2D image, vec2 p) { return IMG_NORM_PIXEL(image, p); }\n"
        "void main() { gl_FragColor = at(inputImage, vec2(mod(1.3, 1.0), 0.5)); }",
        "#version 120\n#extension GL_ARB_texture_rectangle : enable\n#ifdef GL_ES\n"
        "precision mediump float;\n#endif\nfloat round(float x) { return floor(x + 0.5); }\n"
        "vec4 c();\nvoid main() { gl_FragColor = c() * round(0.9); }\n"
        "vec4 c() { return IMG_PIXEL(inputImage, isf_fragCoord / RENDERSIZE); }",
        "float k = TIME * 0.0 + 1.0; // \u2022 a dot, and a global that is no constant\n"
        "void main() { gl_FragColor = k * texture2D(inputImage, vv_FragNormCoord, 0.0); }",
    ],
)
def test_the_language_of_2008(gl, flat, code):
    head = '{"INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}'
    seen = Stage(gl, head, code).draw(images={"inputImage": flat(200, 100, 50, 255)})
    assert seen[10, 10].tolist() == [200, 100, 50, 255]


def test_inputs_may_be_called_what_became_a_word(gl):
    head = '{"INPUTS": [{"NAME": "smooth", "TYPE": "float"}, {"NAME": "active", "TYPE": "bool"}]}'
    code = "void main() { gl_FragColor = vec4(active ? smooth : 0.0); }"
    stage = Stage(gl, head, code)
    assert stage.draw({"smooth": 0.6, "active": 1.0})[0, 0, 0] == 153
    assert stage.draw({"smooth": 0.6})[0, 0, 0] == 0


def test_headers_as_they_are_found():
    text = """// Somebody, 2014
/* and a licence */
/*{ // a note, {
 "CATEGORIES": "Blur", "DESCRIPTION": "see https://example.org/a",
 "INPUTS": [
  {"NAME": "wide", "TYPE": "float", "DEFAULT": "0.25", "MIN": "0", "MAX": "2"},
  {"NAME": "on", "TYPE": "bool", "DEFAULT": "true"},
  {"NAME": "mode", "TYPE": "long", "LABELS": ["a", "b", "c"], "DEFAULT": 1},
  {"NAME": "wave", "TYPE": "audio", "MAX": 256},
 ],
 "PASSES": [{"TARGET": "b", "WIDTH": "ceil($WIDTH / max(1.0, $wide))", "HEIGHT": 8}]
}*/
void main() {}"""
    header = parse_header(text, Path("look.fs"))
    wide, on, mode, wave = header.inputs
    assert (wide.default, wide.high, on.default, mode.default) == (0.25, 2.0, 1.0, 1.0)
    assert mode.values == (0.0, 1.0, 2.0) and wave.high == 256.0
    assert header.categories == ("Blur",) and header.description.endswith("org/a")
    assert header.passes[0].width({"WIDTH": 641.0, "wide": 2.0}) == 321.0
    assert header.body_line == 12 and not header.remembers


def test_a_list_of_imported_pictures(gl, tmp_path):
    from PIL import Image

    Image.new("RGB", (2, 2), (10, 200, 30)).save(tmp_path / "a.png")
    head = '{"IMPORTED": [{"NAME": "a", "PATH": "a.png"}]}'
    stage = Stage(gl, head, "void main() { gl_FragColor = IMG_THIS_PIXEL(a); }", tmp_path / "x.fs")
    assert stage.draw()[0, 0].tolist() == [10, 200, 30, 255]


def cube(path, text):
    path.write_text(text)
    return path


CORNERS = "LUT_3D_SIZE 2\n" + "\n".join(
    f"{1 - r} {g} {b}" for b in (0, 1) for g in (0, 1) for r in (0, 1)
)


def test_a_colour_table_is_an_effect(gl, flat, tmp_path):
    """A cube that turns red over, and curves that halve it: named as a shader, beside a look."""
    header = load_header(cube(tmp_path / "turned.cube", "TITLE \"x\"\n# a note\n" + CORNERS))
    assert header.name == "turned" and header.kind == "filter" and header.input("amount")
    image = {"inputImage": flat(51, 102, 204, 255)}
    stage = Stage.__new__(Stage)
    stage.program, stage.target = IsfProgram(gl, header), gl.framebuffer([gl.texture(SIZE, 4)])
    assert stage.draw(images=image)[9, 9].tolist() == pytest.approx([204, 102, 204, 255], abs=1)
    assert stage.draw({"amount": 0.0}, image)[9, 9].tolist() == [51, 102, 204, 255]
    curves = cube(tmp_path / "half.cube", "LUT_1D_SIZE 3\n0 0 0\n.25 .5 .5\n.5 1 1\n")
    stage.program = IsfProgram(gl, load_header(curves))
    assert stage.draw(images=image)[9, 9].tolist() == pytest.approx([26, 102, 204, 255], abs=1)


def test_tables_lie_as_the_shader_reads_them(tmp_path):
    rows = [f"{r / 2} {g / 2} {b / 2}" for b in range(3) for g in range(3) for r in range(3)]
    table = read_cube(cube(tmp_path / "same.cube", "LUT_3D_SIZE 3\n" + "\n".join(rows)))
    flat = as_picture(table)
    assert flat.shape == (3, 9, 4) and flat[2, 3 + 1].tolist() == [0.5, 1.0, 0.5, 1.0]
    wide = "DOMAIN_MIN -1 0 0\nDOMAIN_MAX 1 1 1\n" + CORNERS
    table = read_cube(cube(tmp_path / "wide.cube", wide))
    assert table[0, 0, :, 0] == pytest.approx([0.5, 0.0]), "red 0 is half way through the domain"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("0 0 0\n", "bad.cube:1: a colour table has one of LUT_1D_SIZE and LUT_3D_SIZE"),
        ("LUT_3D_SIZE 900\n", "bad.cube:1: LUT_3D_SIZE 900 is no whole number in 2..128"),
        ("LUT_1D_SIZE 2\n0 0 0\n", "bad.cube:2: 1 colours, but the size says 2"),
        ("LUT_1D_SIZE 2\n0 0 0\n0 x 0\n", "bad.cube:3: '0 x 0' should be three numbers"),
        ("LUT_1D_SIZE 2\n0 0 0\n0 0\n", "bad.cube:3: '0 0' should be three numbers"),
        ("DOMAIN_MIN 2 0 0\nLUT_1D_SIZE 2\n0 0 0\n0 0 0\n", "bad.cube:1: DOMAIN_MIN (2.0,"),
    ],
)
def test_a_broken_table_is_one_line(tmp_path, text, says):
    with pytest.raises(ShaderError) as caught:
        load_header(cube(tmp_path / "bad.cube", text))
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_errors_in_a_late_pass_and_in_the_vertex_shader_name_their_line(gl, tmp_path):
    path = tmp_path / "late.fs"
    head = '{\n"PASSES": [{"TARGET": "a"}, {}]\n}'
    code = "varying vec2 x;\nvoid main() {\n  if (PASSINDEX == 1)\n    gl_FragColor = wrong;\n}"
    vertex = "varying vec2 x;\nvoid main() {\n  isf_vertShaderInit();\n  x = vec2(1);\n}"
    path.with_suffix(".vs").write_text(vertex)
    with pytest.raises(ShaderError, match=r"late\.fs:7: .*wrong"):
        Stage(gl, head, code, path)
    path.with_suffix(".vs").write_text(vertex.replace("vec2(1)", "y"))
    with pytest.raises(ShaderError, match=r"late\.vs:4: .*y"):
        Stage(gl, head, code.replace("wrong", "vec4(x, 0, 1)"), path)


def test_a_table_is_reloaded_and_the_last_good_one_kept(gl, tmp_path):
    """As the watcher does it, for a look that wrote the name with its suffix."""
    path = cube(tmp_path / "warm.cube", "LUT_1D_SIZE 2\n0 0 0\n1 1 1\n")
    (tmp_path / "grey.fs").write_text("/*{}*/ void main() { gl_FragColor = vec4(0.4); }")
    stage = Compositor(gl, SIZE, (tmp_path,))

    def red(index):
        stage.draw(FrameParams(
            index, index / 30, 1 / 30, layers=(Layer("shader", "grey"),),
            effects=(Effect("warm.cube"),),
        ))
        return int(stage.read()[5, 5, 0])

    before = red(0)
    cube(path, "LUT_1D_SIZE 2\n1 0 0\n1 1 1\n")
    assert stage.reload_shader(path) is None and red(1) == 255 > before
    cube(path, "LUT_1D_SIZE 2\n1 0 0\n")
    assert "the size says 2" in str(stage.reload_shader(path)) and red(2) == 255
    stage.release()


def test_the_graph_gives_every_moment_its_newest_sound():
    from engine.graph import Graph
    from engine.resolve import resolve
    from engine.show import load_show

    graph = Graph(load_show("hush"))
    hops = np.random.default_rng(3).uniform(-0.1, 0.1, (6, HOP, 2)).astype(np.float32)
    moments = [graph.hop(hop) for hop in hops]
    last = moments[-1].sound.samples
    assert last.shape == (SOUND_SAMPLES, 2)
    assert np.array_equal(last, np.concatenate(hops)[-SOUND_SAMPLES:])
    assert not moments[0].sound.samples[:-HOP].any(), "before the first there was silence"
    params = resolve(moments[-1].time, 1, 1 / 30, moments[-1], graph.show)
    assert params.sound is moments[-1].sound
    assert pickle.loads(pickle.dumps(params)).sound is SILENCE, "it stays at home"  # noqa: S301
