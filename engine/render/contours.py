"""Draws the contours of a soft, small picture sharp while it is made larger.

A one-step model of a few million numbers paints in soft blobs; magnified on a projector they are
fog. A shock filter (S. Osher, L. Rudin, "Feature-oriented image enhancement using shock filters",
SIAM J. Numer. Anal. 27, 1990) lets each side of an edge grow towards it until they meet: colours
stay those of the picture, nothing rings. Here it moves where the picture is read instead of
adding to it, so that all three primaries move together, and takes its derivatives over some
pixels, so that noise makes no edges (L. Alvarez, L. Mazorra, SIAM J. Numer. Anal. 31, 1994).

A texture flows in when a picture comes, a larger one flows out; nothing is done between pictures.
Three passes: the picture's tones, softened; where each place is pulled to; the picture read along
that pull. Runs on the GL thread.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from engine.render.buffers import Size, quad, release

if TYPE_CHECKING:
    import moderngl

LARGER = 2
"""Times the sides of the picture that comes."""

_VERTEX = """#version 330 core
in vec2 position; out vec2 at;
void main() { gl_Position = vec4(position, 0.0, 1.0); at = 0.5 * position + 0.5; }
"""
_SOFT = """#version 330 core
uniform sampler2D image; in vec2 at; out vec4 colour;
const float WEIGHTS[3] = float[](0.0545, 0.2442, 0.4026);  // a Gaussian of one pixel
void main() {
    vec2 pixel = 1.0 / vec2(textureSize(image, 0));
    vec3 sum = vec3(0.0);
    for (int y = -2; y <= 2; y++)
        for (int x = -2; x <= 2; x++)
            sum += WEIGHTS[2 - abs(x)] * WEIGHTS[2 - abs(y)]
                 * texture(image, at + pixel * vec2(x, y)).rgb;
    colour = vec4(dot(sum, vec3(0.299, 0.587, 0.114)));
}
"""
# On the dark side of an edge the tone bends upwards: there the pull is away from the light.
_PULL = """#version 330 core
uniform sampler2D tones; in vec2 at; out vec4 colour;
float tone(float x, float y) {
    return texture(tones, at + 1.5 * vec2(x, y) / vec2(textureSize(tones, 0))).r;
}
void main() {
    float c = tone(0.0, 0.0), w = tone(-1.0, 0.0), e = tone(1.0, 0.0), s = tone(0.0, -1.0),
          n = tone(0.0, 1.0), sw = tone(-1.0, -1.0), se = tone(1.0, -1.0), nw = tone(-1.0, 1.0),
          ne = tone(1.0, 1.0);
    vec2 slope = vec2(2.0 * (e - w) + ne - nw + se - sw, 2.0 * (n - s) + ne - se + nw - sw) / 8.0;
    float xx = 2.0 * (e - 2.0 * c + w) + ne - 2.0 * n + nw + se - 2.0 * s + sw;
    float yy = 2.0 * (n - 2.0 * c + s) + ne - 2.0 * e + se + nw - 2.0 * w + sw;
    float steep = length(slope);
    vec2 up = slope / (steep + 0.002);
    float xy = ne - nw - se + sw;
    float bend = up.x * up.x * xx + up.y * up.y * yy + 2.0 * up.x * up.y * xy;
    colour = vec4(-up * tanh(bend / (0.48 * steep + 0.006)), 0.0, 1.0);
}
"""
_READ = """#version 330 core
uniform sampler2D image, pull; uniform float way; in vec2 at; out vec4 colour;
const int STEPS = 8;
void main() {
    vec2 stride = way / float(STEPS) / vec2(textureSize(image, 0)), place = at;
    for (int i = 0; i < STEPS; i++) place += stride * texture(pull, place).rg;
    colour = vec4(texture(image, place).rgb, 1.0);
}
"""
WAY = 5.0
"""Pixels of the small picture over which the sides of an edge may meet."""


class Contours:
    """The passes and their textures, made when a size is first seen."""

    def __init__(self, ctx: moderngl.Context) -> None:
        self._ctx = ctx
        self._programs = [ctx.program(_VERTEX, text) for text in (_SOFT, _PULL, _READ)]
        self._quads = [quad(ctx, program) for program in self._programs]
        self._programs[2]["image"].value, self._programs[2]["pull"].value = 0, 1
        self._fields: list[moderngl.Framebuffer] = []

    def draw(self, picture: moderngl.Texture, target: moderngl.Framebuffer, amount: float) -> None:
        """The picture over the whole of `target`, its contours sharp by `amount` 0..1."""
        self._fit(picture.size)
        tones, pull = self._fields
        self._pass(0, tones, picture)
        self._pass(1, pull, tones.color_attachments[0])
        pull.color_attachments[0].use(1)
        self._programs[2]["way"].value = WAY * amount
        self._pass(2, target, picture)

    def release(self) -> None:
        """Free everything on the GPU."""
        for thing in (*self._quads, *self._programs):
            thing.release()
        release(self._fields)

    def _pass(self, n: int, target: moderngl.Framebuffer, image: moderngl.Texture) -> None:
        image.use(0)
        target.use()
        self._quads[n].render(mode=self._ctx.TRIANGLE_STRIP)

    def _fit(self, size: Size) -> None:
        if self._fields and self._fields[0].size == size:
            return
        release(self._fields)
        textures = [self._ctx.texture(size, count, dtype="f2") for count in (1, 2)]
        for texture in textures:
            texture.repeat_x = texture.repeat_y = False
        self._fields = [self._ctx.framebuffer([texture]) for texture in textures]
