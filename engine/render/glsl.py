"""From an ISF body to GLSL 330 that a driver takes, and from its complaint back to the file.

ISF is written in the GLSL of 2008 (`gl_FragColor`, `texture2D`, `varying`). A prelude declares
the uniforms that ISF promises and maps the old words; names that have become words of the
language since then are renamed; `#line` makes the compiler count the lines of the file. Runs on
the GL thread.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from engine.errors import ShaderError
from engine.isf import ShaderHeader

if TYPE_CHECKING:
    import moderngl

AUTOMATIC = {
    "FRAMEINDEX": "int",
    "RENDERSIZE": "vec2",
    "TIME": "float",
    "TIMEDELTA": "float",
    "DATE": "vec4",
}
"""The uniforms that every ISF shader has, with their GLSL types; PASSINDEX is a constant."""
MUSICAL = ("beat", "phase", "bpm")
"""Plain float uniforms that are filled in where a shader declares them."""

_TYPES = {
    "event": "bool",
    "bool": "bool",
    "long": "int",
    "float": "float",
    "point2D": "vec2",
    "color": "vec4",
}
_WORDS = """\
#version 330 core
vec4 isf_at(sampler2D image, vec2 place) { return texture(image, place); }
vec4 isf_pixel(sampler2D image, vec2 place) {
    return texture(image, place / vec2(textureSize(image, 0)));
}
vec2 isf_size(sampler2D image) { return vec2(textureSize(image, 0)); }
#define texture2D isf_at
#define texture2DRect isf_pixel
#define sampler2DRect sampler2D
#define texture2DLod textureLod
#define texture2DLodEXT textureLod
#define texture2DProj textureProj
#define texture2DGradARB textureGrad
#define vv_FragNormCoord isf_FragNormCoord
#define vv_vertShaderInit isf_vertShaderInit
#define isf_fragCoord (isf_FragNormCoord * RENDERSIZE)
#define IMG_NORM_PIXEL(image, place) isf_at(image, place)
#define IMG_PIXEL(image, place) isf_pixel(image, place)
#define IMG_THIS_NORM_PIXEL(image) isf_at(image, isf_FragNormCoord)
#define IMG_THIS_PIXEL(image) isf_at(image, isf_FragNormCoord)
#define IMG_SIZE(image) isf_size(image)
"""
"""Functions, so that a shader whose own variable is called `texture` still reads pictures."""
_FRAGMENT = """\
vec4 isf_at(sampler2D image, vec2 place, float bias) { return texture(image, place, bias); }
#define varying in
#define gl_FragColor isf_FragColor
in vec2 isf_FragNormCoord;
out vec4 isf_FragColor;
"""
_VERTEX = """\
#define varying out
#define attribute in
in vec2 position;
out vec2 isf_FragNormCoord;
void isf_vertShaderInit() {
    gl_Position = vec4(position, 0.0, 1.0);
    isf_FragNormCoord = 0.5 * position + 0.5;
}
"""
_PLAIN_VERTEX = "void main() { isf_vertShaderInit(); }\n"

_HOISTED = re.compile(r"^[ \t]*#[ \t]*(version|extension)\b[^\n]*", re.MULTILINE)
_DATA = re.compile(r"\bgl_FragData\s*\[\s*0\s*\]")
_FOREIGN = re.compile(r"[^\x00-\x7f]")
NEWER = (
    *("smooth", "flat", "noperspective", "layout", "common", "partition", "active", "filter"),
    *("superp", "resource", "patch", "sample", "subroutine", "precise", "buffer", "shared"),
    *("coherent", "restrict", "readonly", "writeonly"),
)
"""Names in GLSL 120 that are words of some newer one; a shader that declares one means a name."""
_TYPED = r"(?:void|float|int|bool|[ib]?vec[234]|mat[234]|sampler2D)"
_COMPLAINTS = (
    re.compile(r"^\d+:(\d+)\(\d+\):\s*(?:preprocessor )?(error:.*)$", re.MULTILINE),
    re.compile(r"^\d+\((\d+)\)\s*:\s*(error.*)$", re.MULTILINE | re.IGNORECASE),
    re.compile(r"^(?:ERROR:\s*)\d+:(\d+):\s*(.*)$", re.MULTILINE),
)
"""How Mesa, NVIDIA and Apple (AMD and Intel alike) write a place."""


def compile_shader(ctx: moderngl.Context, header: ShaderHeader, index: int) -> moderngl.Program:
    """Compile the file's fragment shader for pass `index`, with the `.vs` beside it if any.

    Raises ShaderError `file:line: the compiler's message`, the line being the file's own.
    """
    import moderngl

    vertex_path = header.path.with_suffix(".vs")
    body, vertex_body = _dated(header.body), _vertex_body(vertex_path)
    shared = _renamed(header, body + vertex_body)
    shared += f"const int PASSINDEX = {index};\n" + _declarations(header)
    vertex = _VERTEX + shared + "#line 1\n" + vertex_body
    fragment = _FRAGMENT + shared + f"#line {header.body_line}\n" + body
    try:
        return ctx.program(vertex_shader=_WORDS + vertex, fragment_shader=_WORDS + fragment)
    except moderngl.Error as error:
        in_vertex = "vertex_shader\n" in str(error)
        raise _translated(vertex_path if in_vertex else header.path, str(error)) from None


def declared(uniform: str) -> str:
    """The name by which the file knows a uniform of the program."""
    plain = uniform.removeprefix(_PREFIX)
    return plain if plain in NEWER else uniform


_PREFIX = "isf_named_"


def _dated(text: str) -> str:
    """A body without what only other versions of the language know; lines stay where they are."""
    text = _FOREIGN.sub(" ", _HOISTED.sub("", text))
    return _DATA.sub("gl_FragColor", text)


def _renamed(header: ShaderHeader, text: str) -> str:
    names = {item.name for item in header.inputs} | {one.target for one in header.passes}
    own = [
        word for word in NEWER if word in names or re.search(rf"\b{_TYPED}\s+{word}\b", text)
    ]
    return "".join(f"#define {word} {_PREFIX}{word}\n" for word in own)


def _vertex_body(path: Path) -> str:
    try:
        return _dated(path.read_text(encoding="utf-8-sig", errors="replace"))
    except FileNotFoundError:
        return _PLAIN_VERTEX
    except OSError as error:
        raise ShaderError(f"{path}: {error.strerror or 'cannot be read'}") from None


def _declarations(header: ShaderHeader) -> str:
    rows = [f"uniform {kind} {name};" for name, kind in AUTOMATIC.items()]
    images = [item.name for item in header.inputs if item.is_image]
    rows += [f"uniform {_TYPES[i.type]} {i.name};" for i in header.inputs if not i.is_image]
    targets = [one.target for one in header.passes if one.target]
    names = dict.fromkeys([*images, *targets, *(name for name, _ in header.imported)])
    for name in names:
        rows += [f"uniform sampler2D {name};"]
        rows += [f"uniform vec4 _{name}_imgRect;", f"uniform vec2 _{name}_imgSize;"]
        rows += [f"uniform bool _{name}_flip;"]
    return "\n".join(rows) + "\n"


def _translated(path: Path, text: str) -> ShaderError:
    """The compiler's first complaint as one line; a linker's has no line."""
    for pattern in _COMPLAINTS:
        found = pattern.search(text)
        if found:
            return ShaderError(f"{path}:{found[1]}: {found[2].strip()}")
    lines = [line.strip() for line in text.splitlines() if line.strip(" =")]
    said = [line for line in lines if "error" in line.lower()] or lines[-1:]
    return ShaderError(f"{path}: {said[0] if said else 'does not compile'}")
