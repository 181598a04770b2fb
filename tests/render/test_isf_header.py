"""ISF headers: what is read from them, and what a broken one says. No GL."""

from pathlib import Path

import pytest

from engine import isf
from engine.errors import ShaderError

HEADER = """/*{
 "ISFVSN": "2", "CREDIT": "a test", "CATEGORIES": ["Blur", ],
 "INPUTS": [
  {"NAME": "inputImage", "TYPE": "image"},
  {"NAME": "width", "TYPE": "float", "DEFAULT": 0.5, "MIN": -1.0, "MAX": 2.0, "IDENTITY": 0.0},
  {"NAME": "tint", "TYPE": "color", "DEFAULT": [1, 0, 0]},
  {"NAME": "centre", "TYPE": "point2D", "DEFAULT": [320, 2]},
  {"NAME": "mode", "TYPE": "long", "VALUES": [2, 5], "LABELS": ["two", "five, ]"], "DEFAULT": 5},
  {"NAME": "on", "TYPE": "bool", "DEFAULT": true},
  {"NAME": "hit", "TYPE": "event"},
  {"NAME": "wide", "TYPE": "float", "DEFAULT": 7},
 ],
 "PASSES": [
  {"TARGET": "half", "WIDTH": "floor($WIDTH / 2.0)", "HEIGHT": "max($HEIGHT * $width, 1)"},
  {"TARGET": "kept", "PERSISTENT": true, "FLOAT": true, "WIDTH": 1, "HEIGHT": 1}, {}
 ]
}*/

void main() {}
"""


def read(text: str) -> isf.ShaderHeader:
    return isf.parse_header(text, Path("look.fs"))


def test_every_kind_of_input():
    header = read(HEADER)
    made = {item.name: item for item in header.inputs}
    assert header.kind == "filter" and header.version == "2" and header.categories == ("Blur",)
    assert [item.name for item in header.settable][0] == "width" and made["inputImage"].is_image
    width = made["width"]
    assert (width.default, width.low, width.high, width.identity) == (0.5, -1.0, 2.0, 0.0)
    assert made["tint"].default == (1.0, 0.0, 0.0, 1.0) and made["tint"].high == (1.0,) * 4
    assert made["centre"].default == (320.0, 2.0)
    assert made["mode"].values == (2.0, 5.0) and made["mode"].labels == ("two", "five, ]")
    assert (made["on"].default, made["hit"].default) == (1.0, 0.0)
    assert made["wide"].default == 7.0, "a missing MAX makes room for the default"


def test_ranges_check_and_clamp():
    made = {item.name: item for item in read(HEADER).inputs}
    assert made["width"].allows(2.0) and not made["width"].allows(2.1)
    assert made["width"].clamp(9.0) == 2.0 and made["width"].clamp(float("nan")) == 0.5
    assert made["mode"].allows(5.0) and not made["mode"].allows(3.0)
    assert made["mode"].clamp(2.9) == 2.0 and made["mode"].range == "2 | 5"
    assert made["tint"].clamp((2.0, -1.0, 0.5, 1.0)) == (1.0, 0.0, 0.5, 1.0)
    assert made["tint"].clamp(0.5) == (1.0, 0.0, 0.0, 1.0), "one number is no colour"
    param = isf.input_param(made["on"])
    assert param.integer and param.range == "0..1"


def test_passes_and_body_line():
    header = read(HEADER)
    half, kept, last = header.passes
    values = {"WIDTH": 641.0, "HEIGHT": 100.0, "width": 0.25, "mode": 2, "on": 1, "hit": 0}
    assert half.width(values) == 320.0 and half.height(values) == 25.0
    assert kept.persistent and kept.floating and kept.width(values) == 1.0
    assert (last.target, last.width, last.persistent) == ("", None, False)
    assert HEADER.splitlines()[header.body_line - 1].endswith("}*/")


def test_version_one_buffers():
    header = read('/*{"PERSISTENT_BUFFERS": ["old"], "PASSES": [{"TARGET": "old"}, {}]}*/')
    assert header.version == "1" and header.passes[0].persistent
    header = read('/*{"PERSISTENT_BUFFERS": {"o": {"WIDTH": "1"}}, "PASSES": [{"TARGET": "o"}]}*/')
    assert header.passes[0].persistent and header.passes[0].width({}) == 1.0


def test_kinds():
    images = [f'{{"NAME": "{name}", "TYPE": "image"}}' for name in ("startImage", "endImage")]
    inputs = ",".join([*images, '{"NAME": "progress", "TYPE": "float"}'])
    assert read('/*{"INPUTS": [' + inputs + "]}*/").kind == "transition"
    assert read("/*{}*/").kind == "generator"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("void main() {}", "look.fs:1: an ISF file begins with"),
        ('/*{"a": 1\n"b": 2}*/', "look.fs:2: the header is no JSON: Expecting ','"),
        ("/*\n[]*/", "must be a JSON object"),
        ('/*{"INPUTS": [\n{"NAME": "a b", "TYPE": "float"}]}*/', "look.fs:2: NAME 'a b'"),
        ('/*{"INPUTS": [\n{"NAME": "a", "TYPE": "flot"}]}*/', "look.fs:2: a: TYPE 'flot' is none"),
        (
            '/*{"INPUTS": [\n{"NAME": "a", "TYPE": "color", "DEFAULT": 1}]}*/',
            "look.fs:2: a: 1 should be a list of 4 numbers",
        ),
        (
            '/*{"INPUTS": [{"NAME": "a", "TYPE": "float", "MIN": 2, "MAX": 1}]}*/',
            "MIN 2.0 is above MAX 1.0",
        ),
        ('/*{"PASSES": [\n\n{"WIDTH": "$WIDHT/2"}]}*/', "look.fs:3: '$WIDHT/2': unknown name"),
        ('/*{"PASSES": [{"WIDTH": "open(1)"}]}*/', "unknown function 'open'"),
        ('/*{"PASSES": {}, "INPUTS": {"a": 1}}*/', "INPUTS must be a list of objects"),
        ('/*{"IMPORTED": {"a": 1}}*/', "must be a name with a PATH"),
    ],
)
def test_a_broken_header_is_one_line(text, says):
    with pytest.raises(ShaderError) as caught:
        read(text)
    assert says in str(caught.value) and "\n" not in str(caught.value)


def test_finding(tmp_path):
    (tmp_path / "mine.fs").write_text("/*{}*/")
    (tmp_path / "glow.fs").write_text("/*{}*/")
    assert isf.find_shader("mine", [tmp_path]) == tmp_path / "mine.fs"
    assert isf.find_shader("mine.fs", [tmp_path]) == tmp_path / "mine.fs"
    assert isf.find_shader("glow", [tmp_path]) == tmp_path / "glow.fs", "own folders come first"
    assert isf.find_shader("glow") == isf.SHIPPED / "glow.fs"
    with pytest.raises(ShaderError, match="unknown shader 'glwo'; did you mean 'glow'"):
        isf.find_shader("glwo")
    with pytest.raises(ShaderError, match="No such file"):
        isf.load_header(tmp_path / "none.fs")
