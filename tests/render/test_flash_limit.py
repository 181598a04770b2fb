"""The flash limiter, against a meter of its own that counts flashes as WCAG 2.3.1 words them."""

import numpy as np
import pytest

from engine.records import FrameParams, Layer
from engine.render.compositor import Compositor

SIZE = (96, 54)
FPS = 60
FLASHER = """/*{"INPUTS": [
    {"NAME": "kind", "TYPE": "long", "VALUES": [0, 1, 2, 3, 4, 5], "DEFAULT": 0},
    {"NAME": "hz", "TYPE": "float", "MAX": 60, "DEFAULT": 10}]}*/
float hash(vec3 p) { return fract(sin(dot(p, vec3(12.9898, 78.233, 37.719))) * 43758.5453); }
void main() {
    vec2 p = isf_FragNormCoord;
    float on = step(fract(TIME * hz + 0.001), 0.5);
    if (kind == 1) on = p.x < 0.5 ? on : 1.0 - on;
    if (kind == 2) on = length(p - 0.5) < 0.2 ? on : 0.4;
    if (kind == 3) on = hash(vec3(gl_FragCoord.xy, fract(TIME)));
    if (kind == 4) on = 0.5 + 0.5 * sin(6.2831853 * hz * TIME);
    if (kind == 5) on = mod(floor(p.x * 8.0) + floor(p.y * 3.0), 2.0) < 0.5 ? on : 1.0 - on;
    gl_FragColor = vec4(vec3(on), 1.0);
}
"""


@pytest.fixture
def show(gl, tmp_path):
    """Draws seconds of a flasher, and gives the pictures."""
    (tmp_path / "flasher.fs").write_text(FLASHER)
    stages = []

    def drawn(
        kind, hz, seconds=2.5, limit=True, opacity=lambda _: 1.0, blackout=lambda _: False,
        size=SIZE,
    ):
        stage = Compositor(gl, size, (tmp_path,))
        stages.append(stage)
        layer = Layer("shader", "flasher", inputs=(("kind", float(kind)), ("hz", hz)))
        pictures = []
        for n in range(int(seconds * FPS)):
            stage.draw(FrameParams(
                n, n / FPS, 1 / FPS, layers=(layer,), flash_limit=limit,
                opacity=opacity(n / FPS), blackout=blackout(n / FPS),
            ))
            pictures.append(stage.read())
        return np.stack(pictures)

    yield drawn
    for stage in stages:
        stage.release()


def luminance(pictures):
    """Relative luminance of blocks of 6 by 6 pixels, (pictures, 9, 16)."""
    c = pictures.astype(np.float64) / 255.0
    linear = np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)
    light = linear @ [0.2126, 0.7152, 0.0722]
    return light.reshape(len(pictures), 9, 6, 16, 6).mean((2, 4))


def turns(track):
    """The pictures at which one block has gone 10 % the other way, the darker below 0.8."""
    found, extreme, way = [], track[0], 0
    for n, now in enumerate(track):
        if way == 0 and abs(now - extreme) >= 0.1:
            way, extreme = np.sign(now - extreme), now
            found.append(n)
        elif way * (now - extreme) > 0:
            extreme = now
        elif way and abs(now - extreme) >= 0.1 and min(now, extreme) < 0.8:
            found.append(n)
            way, extreme = -way, now
    return np.array(found)


def too_many(pictures):
    """The largest share of the picture that turns more than six times, three flashes, a second."""
    light = luminance(pictures)
    over = np.zeros((len(light), *light.shape[1:]), bool)
    for y, x in np.ndindex(*light.shape[1:]):
        at = turns(light[:, y, x])
        for n in range(6, len(at)):
            if at[n] - at[n - 6] < FPS:
                over[at[n] : at[n] + FPS, y, x] = True
    return over.mean((1, 2)).max()


@pytest.mark.parametrize(
    ("kind", "hz"), [(0, 10.0), (0, 30.0), (0, 4.0), (1, 7.5), (4, 6.0), (5, 10.0)]
)
def test_no_more_than_three_flashes_in_any_second(show, kind, hz):
    assert too_many(show(kind, hz, limit=False)) > 0.9, "the meter sees what is not limited"
    seen = show(kind, hz)
    assert too_many(seen) <= 0.25
    light = luminance(seen)[:, 2, 2]
    assert 4 <= len(turns(light[:FPS])) <= 7, "flashes that are allowed are shown"
    assert len(turns(light[FPS:])) >= 4, "later too"


@pytest.mark.parametrize(("kind", "hz"), [(0, 2.5), (2, 12.0), (4, 1.0)])
def test_what_is_allowed_is_not_touched(show, kind, hz):
    """Slow flashes, and flashes of a tenth of the picture."""
    assert np.array_equal(show(kind, hz), show(kind, hz, limit=False))


def test_noise_is_no_flash(show):
    """Every pixel changes in every picture, and nowhere does the light."""
    size = (480, 270)
    assert np.array_equal(show(3, 0.0, 1.2, size=size), show(3, 0.0, 1.2, limit=False, size=size))


def test_the_master_fader_cannot_flash_either(show):
    def fader(time):
        return 1.0 if time * 8.0 % 1.0 < 0.5 else 0.1

    assert too_many(show(2, 0.0, limit=False, opacity=fader)) > 0.9
    assert too_many(show(2, 0.0, opacity=fader)) <= 0.25


def test_blackout_is_black_at_once(show):
    seen = show(0, 10.0, seconds=1.5, blackout=lambda time: 0.8 < time < 1.1)
    assert seen[50:65].max() == 0 and seen[70:].max() > 0


def test_the_same_show_is_limited_alike(show):
    assert np.array_equal(show(1, 9.0, 1.5), show(1, 9.0, 1.5))


def test_moments_of_an_open_shutter_are_limited_too(gl, tmp_path):
    """A film's picture is the mean of moments: none of them may flash more often."""
    (tmp_path / "flasher.fs").write_text(FLASHER)
    layer = Layer("shader", "flasher", inputs=(("kind", 0.0), ("hz", 10.0)))
    films = []
    for limit in (False, True):
        stage = Compositor(gl, SIZE, (tmp_path,))
        pictures = []
        for n in range(120):
            moments = []
            for part in (0.5, 1.0):
                params = FrameParams(
                    n, (n + part) / FPS, 1 / FPS, layers=(layer,), flash_limit=limit)
                if part < 1.0:
                    texture, light = stage.draw_passing(params)
                    raw = np.frombuffer(texture.read(), np.uint8).reshape(54, 96, 4)
                    moments.append(light * raw[::-1, :, :3])
                else:
                    stage.draw(params)
                    moments.append(stage.read())
            pictures.append(np.mean(moments, axis=0))
        films.append(np.stack(pictures))
        stage.release()
    plain, limited = films
    assert too_many(plain) > 0.9 and too_many(limited) <= 0.25
