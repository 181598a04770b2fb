"""ISF as it is written in tutorials and in the wild, drawn and read back."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from engine.errors import ShaderError
from engine.isf import load_header, parse_header
from engine.render.preview import draw_shader, sample_picture
from engine.render.programs import IsfProgram, ShaderClock

SIZE = (64, 36)


class Stage:
    """Draws ISF source at 64 by 36 and gives the picture back, bottom row first."""

    def __init__(self, gl, source, path=Path("look.fs"), size=SIZE):
        self.gl, self.size = gl, size
        self.program = IsfProgram(gl, parse_header(source, path))
        self.target = gl.framebuffer([gl.texture(size, 4)])

    def draw(self, inputs=None, images=None, clock=ShaderClock(index=1)):  # noqa: B008
        self.program.draw(self.target, inputs or {}, images or {}, clock)
        return self.pixels(self.target)

    def pixels(self, target):
        raw = np.frombuffer(target.read(components=4, alignment=1), np.uint8)
        return raw.reshape(target.height, target.width, 4)


@pytest.fixture
def ramp(gl):
    """A texture whose red rises to the right and green upwards."""
    pixels = np.zeros((36, 64, 4), np.uint8)
    pixels[..., 0] = np.arange(64) * 4
    pixels[..., 1] = np.arange(36)[:, None] * 7
    pixels[..., 3] = 255
    texture = gl.texture(SIZE, 4, pixels.tobytes())
    texture.repeat_x = texture.repeat_y = False
    return texture, pixels


def body(code, head="{}"):
    return f"/*{head}*/\n{code}\n"


def test_each_type_of_input_reaches_the_shader(gl):
    stage = Stage(
        gl,
        body(
            """
void main() {
    float x = isf_FragNormCoord.x;
    if (x < 0.2) gl_FragColor = vec4(vec3(level), 1.0);
    else if (x < 0.4) gl_FragColor = tint;
    else if (x < 0.6) gl_FragColor = vec4(place, 0.0, 1.0);
    else if (x < 0.8) gl_FragColor = vec4(float(mode) / 10.0, on ? 1.0 : 0.0, 0.0, 1.0);
    else gl_FragColor = vec4(hit ? 1.0 : 0.0);
}""",
            """{"INPUTS": [
    {"NAME": "level", "TYPE": "float", "DEFAULT": 0.2},
    {"NAME": "tint", "TYPE": "color", "DEFAULT": [1.0, 0.5, 0.0, 1.0]},
    {"NAME": "place", "TYPE": "point2D", "DEFAULT": [0.25, 0.75]},
    {"NAME": "mode", "TYPE": "long", "VALUES": [2, 6], "DEFAULT": 6},
    {"NAME": "on", "TYPE": "bool", "DEFAULT": true},
    {"NAME": "hit", "TYPE": "event"}]}""",
        ),
    )
    row = stage.draw()[10]
    assert row[3].tolist() == [51, 51, 51, 255] and row[18].tolist() == [255, 128, 0, 255]
    assert row[32].tolist() == [64, 191, 0, 255] and row[45].tolist() == [153, 255, 0, 255]
    assert row[60, 0] == 0
    inputs = {"level": 0.8, "tint": (0, 0, 1, 1), "mode": 2.0, "on": 0.0, "hit": 1.0}
    row = stage.draw(inputs)[10]
    assert row[3, 0] == 204 and row[18].tolist() == [0, 0, 255, 255]
    assert row[45].tolist() == [51, 0, 0, 255]
    assert row[60, 0] == 255, "an event is true in the frame in which it comes"
    assert stage.draw(inputs)[10, 60, 0] == 0, "and not in the next"
    stage.draw({"hit": 0.0})
    assert stage.draw(inputs)[10, 60, 0] == 255
    assert stage.draw({"level": 7.0})[10, 3, 0] == 255, "values are kept in range"


def test_automatic_uniforms(gl):
    stage = Stage(
        gl,
        body("""uniform float beat; uniform float phase; uniform float bpm;
void main() {
    float x = gl_FragCoord.x;
    if (x < 8.0) gl_FragColor = vec4(TIME / 10.0, TIMEDELTA, float(FRAMEINDEX) / 100.0, 1.0);
    else if (x < 16.0) gl_FragColor = vec4(RENDERSIZE / 100.0, float(PASSINDEX), 1.0);
    else if (x < 24.0) gl_FragColor = vec4(DATE.x / 4000.0, DATE.y / 12.0, DATE.w / 86400.0, 1.0);
    else if (x < 32.0) gl_FragColor = vec4(beat / 10.0, phase, bpm / 200.0, 1.0);
    else gl_FragColor = vec4(isf_FragNormCoord, 0.0, 1.0);
}"""),
    )
    clock = ShaderClock(5.0, 0.2, 40, 2.25, 100.0, (2000.0, 6.0, 21.0, 43195.0))
    row = stage.draw(clock=clock)[0].astype(float) / 255
    assert row[2] == pytest.approx([0.5, 0.2, 0.4, 1], abs=0.003)
    assert row[12] == pytest.approx([0.64, 0.36, 0, 1], abs=0.003)
    assert row[20] == pytest.approx([0.5, 0.5, 0.5, 1], abs=0.003)
    assert row[28] == pytest.approx([0.225, 0.25, 0.5, 1], abs=0.003)
    assert row[48] == pytest.approx([48.5 / 64, 0.5 / 36, 0, 1], abs=0.003)
    first = stage.draw(clock=ShaderClock(0.0, 0.2, 0))[0, 2]
    assert first[1] == 0, "TIMEDELTA is 0 on the first frame"


def test_reading_pictures(gl, ramp):
    texture, pixels = ramp
    image = '{"INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}'
    for code in (
        "IMG_THIS_PIXEL(inputImage)",
        "IMG_THIS_NORM_PIXEL(inputImage)",
        "IMG_NORM_PIXEL(inputImage, isf_FragNormCoord)",
        "IMG_PIXEL(inputImage, gl_FragCoord.xy)",
        "IMG_PIXEL(inputImage, isf_FragNormCoord * IMG_SIZE(inputImage))",
        "IMG_PIXEL(inputImage, isf_FragNormCoord * _inputImage_imgSize)",
        "texture2D(inputImage, vv_FragNormCoord)",
    ):
        stage = Stage(gl, body(f"void main() {{ gl_FragColor = {code}; }}", image))
        assert np.array_equal(stage.draw(images={"inputImage": texture}), pixels), code
    assert not stage.draw().any(), "a picture that is missing is black"


def test_passes_at_sizes_from_expressions(gl, ramp):
    """The ISF tutorial's way to blur: a small buffer, then large again."""
    texture, pixels = ramp
    stage = Stage(
        gl,
        body(
            """void main() {
    if (PASSINDEX == 0) gl_FragColor = vec4(RENDERSIZE / 100.0, 0.5, 1.0);
    else if (PASSINDEX == 1) gl_FragColor = IMG_NORM_PIXEL(small, isf_FragNormCoord);
    else gl_FragColor = IMG_NORM_PIXEL(copy, isf_FragNormCoord);
}""",
            """{"INPUTS": [{"NAME": "div", "TYPE": "float", "MIN": 1, "MAX": 8, "DEFAULT": 2}],
 "PASSES": [{"TARGET": "small", "WIDTH": "$WIDTH/$div", "HEIGHT": "floor($HEIGHT/4.0)"},
            {"TARGET": "copy", "FLOAT": true}, {}]}""",
        ),
    )
    assert stage.draw()[5, 5].tolist() == [82, 23, 128, 255]
    assert stage.draw({"div": 4.0})[5, 5].tolist() == [41, 23, 128, 255]


COUNTER = body(
    """void main() {
    if (PASSINDEX == 0) gl_FragColor = IMG_THIS_PIXEL(past) + vec4(0.1, 0.0, 0.0, 1.0);
    else gl_FragColor = IMG_THIS_PIXEL(past);
}""",
    '{"PASSES": [{"TARGET": "past", "PERSISTENT": true, "FLOAT": true}, {}]}',
)


def test_persistent_buffers_remember_and_grow_with_the_output(gl):
    stage = Stage(gl, COUNTER)
    seen = [stage.draw()[3, 3, 0] for _ in range(3)]
    assert seen == [26, 51, 76] or seen == [26, 51, 77]
    stage.target = gl.framebuffer([gl.texture((128, 72), 4)])
    assert stage.draw()[60, 100, 0] == 102, "a new size keeps the past"
    stage.program.reset()
    assert stage.draw()[60, 100, 0] == 26


def test_version_one_files_and_a_last_pass_with_a_target(gl):
    source = body(
        """void main() {
    vec4 old = IMG_NORM_PIXEL(past, vv_FragNormCoord);
    gl_FragColor = old + vec4(0.2, vv_FragNormCoord.x, 0.0, 1.0);
}""",
        '{"PERSISTENT_BUFFERS": ["past"], "PASSES": [{"TARGET": "past"}]}',
    )
    stage = Stage(gl, source)
    assert [stage.draw()[0, 0, 0] for _ in range(2)] == [51, 102]


def test_a_vertex_shader_beside_the_file(gl, tmp_path, ramp):
    texture, pixels = ramp
    path = tmp_path / "edge.fs"
    (tmp_path / "edge.vs").write_text("""varying vec2 left_coord;
void main() {
    isf_vertShaderInit();
    left_coord = isf_FragNormCoord - vec2(1.0 / RENDERSIZE.x, 0.0);
}""")
    source = body(
        """varying vec2 left_coord;
void main() { gl_FragColor = IMG_NORM_PIXEL(inputImage, left_coord); }""",
        '{"INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}',
    )
    seen = Stage(gl, source, path).draw(images={"inputImage": texture})
    assert np.array_equal(seen[:, 1:], pixels[:, :-1])
    (tmp_path / "edge.vs").write_text("void main() {\n  isf_vertShaderInit();\n  wrong = 1;\n}")
    with pytest.raises(ShaderError, match=r"edge\.vs:3: .*wrong"):
        Stage(gl, source, path)


def test_imported_pictures(gl, tmp_path):
    from PIL import Image

    pixels = np.zeros((36, 64, 3), np.uint8)
    pixels[:18] = (255, 0, 0)
    Image.fromarray(pixels).save(tmp_path / "noise.png")
    head = '{"IMPORTED": {"noise": {"PATH": "noise.png"}}}'
    source = body("void main() { gl_FragColor = IMG_THIS_PIXEL(noise); }", head)
    seen = Stage(gl, source, tmp_path / "look.fs").draw()
    assert seen[30, 5].tolist() == [255, 0, 0, 255] and seen[5, 5].tolist() == [0, 0, 0, 255]
    with pytest.raises(ShaderError, match="missing.png"):
        Stage(gl, source.replace("noise.png", "missing.png"), tmp_path / "look.fs")


@pytest.mark.parametrize(
    ("code", "says"),
    [
        ("void main() {\n  gl_FragColor = vec4(nothing);\n}", "look.fs:4: error: `nothing'"),
        ("float f() { return 1.0 }\nvoid main() {}", "look.fs:3: error: "),
        ("void main() {\n\n\n#if\n}", "look.fs:6: "),
        ("float unused() { return 1.0; }", "look.fs: "),
    ],
)
def test_a_compile_error_names_the_line_of_the_file(gl, code, says):
    with pytest.raises(ShaderError) as caught:
        Stage(gl, body(code, '{\n"INPUTS": [{"NAME": "a", "TYPE": "float"}]}'))
    assert str(caught.value).startswith(says) and "\n" not in str(caught.value)


TUTORIAL = """/*
{
  "CREDIT": "in the manner of the ISF tutorial", "ISFVSN": "2",
  "CATEGORIES": ["Test-Filter"],
  "INPUTS": [
    { "NAME": "inputImage", "TYPE": "image" },
    { "NAME": "blurAmount", "TYPE": "float", "MIN": 0.0, "MAX": 24.0, "DEFAULT": 8.0 }
  ],
  "PASSES": [
    { "TARGET": "halfSize", "WIDTH": "floor($WIDTH/2.0)", "HEIGHT": "floor($HEIGHT/2.0)" },
    { }
  ]
}
*/
#version 120
#if __VERSION__ <= 120
varying vec2 texOffsets[3];
#else
in vec2 texOffsets[3];
#endif
#ifdef GL_ES
precision mediump float;
#endif
const int taps = 3;
vec4 gather(sampler2D img, float reach) {
    vec4 sum = vec4(0);
    for (int i = 0; i < taps; ++i)
        sum += texture2D(img, texOffsets[i] * reach + (1. - reach) * isf_FragNormCoord);
    return sum / float(taps);
}
void main() {
    if (PASSINDEX == 0) gl_FragColor = gather(inputImage, 1.0);
    else gl_FragColor = mix(IMG_THIS_PIXEL(inputImage), IMG_THIS_NORM_PIXEL(halfSize), 1);
    gl_FragColor.a = IMG_THIS_PIXEL(inputImage).a;
}
"""
TUTORIAL_VERTEX = """#if __VERSION__ <= 120
varying vec2 texOffsets[3];
#else
out vec2 texOffsets[3];
#endif
void main(void) {
    vv_vertShaderInit();
    for (int i = 0; i < 3; i++)
        texOffsets[i] = isf_FragNormCoord + vec2(blurAmount / RENDERSIZE.x * float(i - 1), 0);
}
"""


def test_a_filter_in_the_manner_of_the_tutorials(gl, tmp_path, ramp):
    texture, pixels = ramp
    path = tmp_path / "soft.fs"
    path.write_text(TUTORIAL)
    path.with_suffix(".vs").write_text(TUTORIAL_VERTEX)
    stage = Stage(gl, TUTORIAL, path)
    seen = stage.draw({"blurAmount": 4.0}, {"inputImage": texture})
    assert np.abs(seen[8:-8, 12:-12].astype(int) - pixels[8:-8, 12:-12]).max() <= 2
    pictures = draw_shader(path, SIZE, 2)
    assert len(pictures) == 2 and pictures[0].shape == (36, 64, 3) and pictures[0].std() > 20


def test_preview_of_a_transition_runs_from_start_to_end(tmp_path):
    path = tmp_path / "fade.fs"
    path.write_text(
        body(
            "void main() { gl_FragColor = mix(IMG_THIS_PIXEL(startImage), "
            "IMG_THIS_PIXEL(endImage), progress); }",
            '{"INPUTS": [{"NAME": "startImage", "TYPE": "image"}, {"NAME": "endImage", '
            '"TYPE": "image"}, {"NAME": "progress", "TYPE": "float"}]}',
        )
    )
    first, _, last = draw_shader(path, SIZE, 3)
    sample = sample_picture(SIZE)
    assert np.array_equal(first, sample)
    assert np.array_equal(last, sample[::-1, ::-1, ::-1]), "another picture, to be told apart"
    with pytest.raises(ShaderError, match="No such file"):
        draw_shader(tmp_path / "none.fs")


def test_a_shipped_shader_keeps_its_lines_when_broken(gl, tmp_path):
    header = load_header(shutil.copy("shaders/glow.fs", tmp_path / "glow.fs"))
    lines = header.path.read_text().splitlines()
    place = next(n for n, line in enumerate(lines) if "vec3 brightPart" in line)
    lines[place + 1] = "    vec2 px = 1.0 / missing;"
    header.path.write_text("\n".join(lines))
    with pytest.raises(ShaderError, match=rf"glow\.fs:{place + 2}: "):
        IsfProgram(gl, load_header(header.path))
