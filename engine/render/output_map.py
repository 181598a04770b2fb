"""One output's pass: the composed picture through a Mapping onto its screen.

A texture and how much light of it flow in; the screen of one context is drawn. A plain mapping is
one rectangle; any other a mesh, made when mapping or sizes change. GL thread, in its own context:
programs are compiled when made, so that a mapping may change during the show.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.render.buffers import LIT, Size, quad
from engine.render.geometry import fitted, mesh, turned
from engine.render.mapping import Mapping
from engine.render.mask_field import mask_field

if TYPE_CHECKING:
    import moderngl

_VERTEX = """#version 330 core
in vec3 position;
in vec2 surface;
out vec2 at;
void main() { gl_Position = vec4(position.xy, 0.0, position.z); at = surface; }
"""
_FRAGMENT = """#version 330 core
uniform sampler2D image, mask;
uniform mat2 turn;
uniform vec2 shift, size;
uniform float light;
uniform vec4 overlap;       // left, right, bottom, top: beside the picture
uniform vec2 projector;     // its gamma, and the light of its black
uniform vec3 tone, gain;    // brightness, contrast, gamma
in vec2 at;
out vec4 colour;

// Of each side, the share of light that this one gives: two that overlap give 1 together.
// (P. Bourke, Edge blending using commodity projectors, 2004, with p = 2.)
vec4 shares(vec4 t) {
    return mix(2.0 * t * t, 1.0 - 2.0 * (1.0 - t) * (1.0 - t), step(0.5, t));
}

void main() {
    vec3 c = texture(image, turn * at + shift).rgb;
    c = clamp((c - 0.5) * tone.y + 0.5 + tone.x, 0.0, 1.0);
    c = pow(c, vec3(1.0 / tone.z)) * gain;
    vec4 from = vec4(at.x, 1.0 - at.x, at.y, 1.0 - at.y);
    vec4 t = clamp(from / max(overlap, 1e-6), 0.0, 1.0);
    vec4 s = shares(t);
    float alone = step(1.0, min(min(t.x, t.y), min(t.z, t.w)));
    c = mix(c, projector.y + c * (1.0 - projector.y), alone);
    c *= pow(s.x * s.y * s.z * s.w, 1.0 / projector.x);
    // The picture's own edge is as soft as a pixel, where it is not the screen's.
    vec2 edge = clamp(min(at, 1.0 - at) / max(fwidth(at), 1e-6) + 0.5, 0.0, 1.0);
    float seen = clamp(texture(mask, gl_FragCoord.xy / size).r + 0.5, 0.0, 1.0);
    colour = vec4(c * light * edge.x * edge.y * seen, 1.0);
}
"""


class OutputMap:
    """Draws for one context; `rect` is where the picture lies before it is bent, as `fitted`."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._plain = ctx.program(*LIT)
        self._quad = quad(ctx, self._plain)
        self._program = ctx.program(vertex_shader=_VERTEX, fragment_shader=_FRAGMENT)
        self._program["image"].value, self._program["mask"].value = 0, 1
        self._everything = ctx.texture((1, 1), 1, b"\x00\x3c", dtype="f2")
        self._mask = self._everything
        self._mesh: moderngl.VertexArray | None = None
        self._buffers: list[moderngl.Buffer] = []
        self._made: tuple[Mapping, Size, Size] | None = None
        self._masked: tuple | None = None

    def draw(
        self,
        image: moderngl.Texture,
        size: Size,
        light: float,
        mapping: Mapping,
        target: moderngl.Framebuffer,
    ) -> None:
        """`image`, that stands for a picture of `size`, onto the whole viewport of `target`."""
        whole = target.viewport  # of a window, whose framebuffer does not know its new size
        target.clear()
        target.use()
        image.use(0)
        if mapping.plain:
            self._draw_plain(size, light, target, whole)
            return
        made = (mapping, size, whole[2:])
        if made != self._made:
            self._make(*made)
        self._program["light"].value = light
        self._mask.use(1)
        self._mesh.render(mode=self._ctx.TRIANGLES)

    def release(self) -> None:
        """Free everything on the GPU."""
        self._forget_mesh()
        for thing in (self._mask, self._everything, self._quad, self._plain, self._program):
            thing.release()

    def _draw_plain(
        self, size: Size, light: float, target: moderngl.Framebuffer, whole: tuple[int, ...]
    ) -> None:
        """In the middle of the screen, whole, with black where it ends."""
        width, height = whole[2:]
        scale = min(width / size[0], height / size[1])
        across, up = round(size[0] * scale), round(size[1] * scale)
        target.viewport = ((width - across) // 2, (height - up) // 2, across, up)
        self._plain["light"].value = light
        self._quad.render(mode=self._ctx.TRIANGLE_STRIP)
        target.viewport = whole

    def _make(self, mapping: Mapping, size: Size, target: Size) -> None:
        """The mesh and the numbers of another mapping or size."""
        self._forget_mesh()
        vertices, triangles = mesh(mapping, fitted(mapping, size, target))
        self._buffers = [self._ctx.buffer(vertices.tobytes()), self._ctx.buffer(triangles)]
        layout = [(self._buffers[0], "3f 2f", "position", "surface")]
        self._mesh = self._ctx.vertex_array(self._program, layout, self._buffers[1])
        blend, colour = mapping.blend, mapping.colour
        say = self._program
        say["turn"].value, say["shift"].value = turned(mapping)
        say["size"].value = target
        say["overlap"].value = blend.left, blend.right, blend.bottom, blend.top
        say["projector"].value = blend.gamma, blend.black
        say["tone"].value = colour.brightness, colour.contrast, colour.gamma
        say["gain"].value = colour.red, colour.green, colour.blue
        if (mapping.masks, target) != self._masked:
            self._make_mask(mapping, target)
        self._made = mapping, size, target

    def _make_mask(self, mapping: Mapping, target: Size) -> None:
        if self._mask is not self._everything:
            self._mask.release()
        self._mask, self._masked = self._everything, (mapping.masks, target)
        if mapping.masks:
            field = mask_field(mapping.masks, target)
            size = field.shape[1], field.shape[0]
            self._mask = self._ctx.texture(size, 1, field.tobytes(), alignment=1, dtype="f2")
            self._mask.repeat_x = self._mask.repeat_y = False

    def _forget_mesh(self) -> None:
        if self._mesh is not None:
            self._mesh.release()
        for buffer in self._buffers:
            buffer.release()
        self._mesh, self._buffers = None, []
