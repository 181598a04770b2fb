"""Every shader that ships: it compiles, does something, and does nothing at its identity."""

import numpy as np
import pytest

from engine.isf import SHIPPED, load_header
from engine.records import SAMPLERATE, SOUND_SAMPLES, Sound
from engine.render.preview import sample_picture
from engine.render.programs import IsfProgram, ShaderClock

SIZE = (160, 90)
ALL = sorted(SHIPPED.glob("*.fs"))
FILTERS = [path for path in ALL if load_header(path).kind == "filter"]
GENERATORS = [path for path in ALL if load_header(path).kind == "generator"]
STRONG = {
    "colour": {"hue": 0.4, "contrast": 1.5}, "flash": {"amount": 1.0},
    "grade": {"warmth": 1.0, "gain": 1.4, "vibrance": 1.5}, "strobe": {"amount": 0.5, "rate": 1.6},
}
SCALED = "glow kaleidoscope ripple edges punch vignette blur displace".split()
PAST = ("echo", "feedback", "slit_scan", "smear")
"""Effects that show what was: over a picture that moves."""


def name(path):
    return path.stem


class Look:
    """One shader over the sample picture, drawn frame after frame at 30 a second."""

    def __init__(self, gl, path, size=SIZE):
        self.gl, self.size = gl, size
        self.header = load_header(path)
        self.program = IsfProgram(gl, self.header)
        self.picture = sample_picture(size)
        self.texture = gl.texture(size, 3, np.ascontiguousarray(self.picture[::-1]), alignment=1)
        self.texture.repeat_x = self.texture.repeat_y = False
        self.target = gl.framebuffer([gl.texture(size, 4)])

    def draw(self, inputs, index=1, fps=30.0, texture=None):
        time = index / fps
        clock = ShaderClock(time, 1 / fps, index, 2.0 * time, 120.0, sound=tones(index))
        images = {"inputImage": texture or self.texture}
        self.program.draw(self.target, inputs, images, clock)
        raw = np.frombuffer(self.target.read(components=3, alignment=1), np.uint8)
        return raw.reshape(self.size[1], self.size[0], 3)[::-1].astype(int)


def tones(index):
    """Three tones that swell, for shaders that draw the sound."""
    n = np.arange(SOUND_SAMPLES)[:, None] + 1600.0 * index
    loud = min(0.6, 0.004 * index)
    parts = [np.sin(2 * np.pi * hz * n / SAMPLERATE + [0.0, 1.0]) for hz in (70, 440, 3000)]
    return Sound((loud * sum(parts) / 2).astype(np.float32))


def identity(header):
    return {i.name: i.identity for i in header.settable if i.identity is not None}


def test_there_are_all_that_presets_name():
    wanted = "glow punch kaleidoscope mirror rgb_split trails colour vignette grain scanlines"
    wanted += " ripple liquid flash edges tunnel plasma oil waiting"
    wanted += " halftone pixels dither static vhs glitch"
    assert {path.stem for path in ALL} >= set(wanted.split())


@pytest.mark.parametrize("path", ALL, ids=name)
def test_headers_tell_users_what_they_need(path):
    header = load_header(path)
    assert header.credit == "Liquidlight" and header.version == "2"
    assert len(header.description) > 15 and header.categories
    for item in header.settable:
        assert item.allows(item.default), item.name
    if header.kind == "filter":
        assert identity(header), "a filter says at which values it does nothing"


@pytest.mark.parametrize("path", FILTERS, ids=name)
def test_a_filter_does_nothing_at_its_identity_and_much_at_full(gl, path):
    look = Look(gl, path)
    for index in range(1, 4):
        seen = look.draw(identity(look.header), index)
    assert np.abs(seen - look.picture).max() <= 2
    look.program.reset()
    full = {i.name: i.high for i in look.header.settable if i.name == "amount"}
    for index in range(1, 9 if path.stem not in PAST else 24):
        if path.stem in PAST:
            rolled = np.roll(look.picture, 6 * index, 1)
            look.texture.write(np.ascontiguousarray(rolled[::-1]), alignment=1)
        seen = look.draw(STRONG.get(path.stem, full), index)
    if path.stem == "trails":
        black = gl.texture(SIZE, 3, bytes(SIZE[0] * SIZE[1] * 3), alignment=1)
        seen = look.draw({"amount": 1.0}, 9, texture=black)
        assert seen.mean() > 60, "light stays behind"
        seen = look.draw({"amount": 0.0}, 10, texture=black)
        assert seen.max() == 0
        return
    assert np.abs(seen - look.picture).mean() > 5
    assert seen.std() > 15 and (seen.max(-1) > 20).mean() > 0.2, "it still is a picture"


def test_the_strobe_keeps_to_the_beat(gl):
    """At 120 beats a minute and two flashes a beat: lit at each half beat, dark between."""
    look = Look(gl, SHIPPED / "strobe.fs")
    lit = [look.draw({"rate": 2.0}, index, 40.0).mean() > 60 for index in range(20)]
    assert lit == [index % 10 < 4 for index in range(20)]


def test_there_are_as_many_as_promised():
    kinds = [load_header(path).kind for path in ALL]
    assert kinds.count("generator") >= 12 and kinds.count("filter") >= 24
    assert kinds.count("transition") >= 8


@pytest.mark.parametrize("path", GENERATORS, ids=name)
def test_a_generator_draws_and_moves(gl, path):
    look = Look(gl, path)
    first, later = look.draw({}, 30), look.draw({}, 150)
    assert first.std() > 8 and first.mean() > 4
    assert np.abs(first - later).mean() > 1


@pytest.mark.parametrize("stem", SCALED)
def test_a_look_is_the_same_at_another_size(gl, stem):
    """Effects are measured in pictures, not in pixels: a film larger than the stage looks alike."""
    small = Look(gl, SHIPPED / f"{stem}.fs", (320, 180))
    large = Look(gl, SHIPPED / f"{stem}.fs", (640, 360))
    seen = large.draw({"amount": 0.8}).reshape(180, 2, 320, 2, 3).mean((1, 3))
    assert np.abs(seen - small.draw({"amount": 0.8})).mean() < 7


def test_trails_fade_with_time_not_with_frames(gl):
    levels = []
    for fps in (15.0, 60.0):
        look = Look(gl, SHIPPED / "trails.fs")
        black = gl.texture(SIZE, 3, bytes(SIZE[0] * SIZE[1] * 3), alignment=1)
        look.draw({"amount": 0.6, "zoom": 0.0}, 1, fps)
        for index in range(int(fps * 0.4)):
            seen = look.draw({"amount": 0.6, "zoom": 0.0}, index + 2, fps, black)
        levels.append(seen.mean())
    assert levels[0] == pytest.approx(levels[1], rel=0.05) and 10 < levels[0] < 100


def test_flashes_are_limited_to_three_a_second(gl):
    """Asked for ten flashes a second, for three seconds, at 60 frames a second."""
    look = Look(gl, SHIPPED / "flash.fs")
    dark = look.picture.mean()
    lit = [
        look.draw({"amount": float(n % 6 < 3)}, n + 1, 60.0).mean() > dark + 40 for n in range(180)
    ]
    starts = [n for n in range(1, 180) if lit[n] and not lit[n - 1]] + [0] * int(lit[0])
    assert 7 <= len(starts) <= 9
    for start in starts:
        assert sum(start <= other < start + 60 for other in starts) <= 3


def test_a_flash_follows_its_amount_and_its_limit(gl):
    look = Look(gl, SHIPPED / "flash.fs")
    amounts = [0.0, 1.0, 0.7, 0.4, 0.1, 0.0]
    seen = [look.draw({"amount": a, "limit": 1.0}, n + 1).mean() for n, a in enumerate(amounts)]
    assert seen[1] == 255 and all(np.diff(seen[1:]) < 0)
    assert seen[-1] == pytest.approx(look.picture.mean(), abs=0.5)
