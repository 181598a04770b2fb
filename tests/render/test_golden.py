"""Every shader that ships and every blend mode, drawn in software GL and held against a picture.

Time, beat, sound and input picture are fixed. A pixel may be off by 1 of 255. On another processor
a few may fall on the other side of a hard edge, where noise is cut off at a level: one pixel in 200
may be anything. `GOLDEN=write` in the environment draws the pictures of tests/render/golden anew:
look at what changed before committing it. Where a picture differs, it is written beside the golden
one and their difference, eightfold.
"""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from engine.isf import SHIPPED, load_header
from engine.params import BLENDS
from engine.records import SAMPLERATE, SOUND_SAMPLES, Sound
from engine.render.blend import Blender
from engine.render.preview import sample_picture
from engine.render.programs import IsfProgram, ShaderClock

GOLDEN = Path(__file__).parent / "golden"
WRITE = os.environ.get("GOLDEN") == "write"
SIZE = (96, 54)
FRAMES, FPS, BEGIN = 12, 30.0, 2.0
EDGES = 1 / 200
SHADERS = sorted(SHIPPED.glob("*.fs"))
SHOWN = {
    "flash": {"amount": 0.7},
    "colour": {"hue": 0.3, "contrast": 1.4},
    "punch": {"amount": 0.8},
    "strobe": {"rate": 0.25, "push": 0.6},
    "progress": {"progress": 0.45},
}
"""Inputs that show what a shader does where its defaults do not."""


@pytest.fixture(scope="module", autouse=True)
def software(context):
    if "llvmpipe" not in context.info["GL_RENDERER"]:
        pytest.skip("golden pictures are those of Mesa's software GL")


def tones(index):
    """Three tones that swell with the pictures."""
    n = np.arange(SOUND_SAMPLES)[:, None] + 1600.0 * index
    parts = [np.sin(2 * np.pi * hz * n / SAMPLERATE + [0.0, 1.0]) for hz in (70, 440, 3000)]
    return Sound((0.05 * (index % 6 + 1) * sum(parts)).astype(np.float32))


def texture(gl, picture):
    made = gl.texture(SIZE, 3, np.ascontiguousarray(picture[::-1]), alignment=1)
    made.repeat_x = made.repeat_y = False
    return made


def picture_of(target):
    raw = np.frombuffer(target.read(components=3, alignment=1), np.uint8)
    return raw.reshape(SIZE[1], SIZE[0], 3)[::-1].copy()


def drawn(gl, path):
    """The last of some pictures in which the input moves, so that memories show."""
    header = load_header(path)
    program = IsfProgram(gl, header)
    target = gl.framebuffer([gl.texture(SIZE, 4)])
    plain = sample_picture(SIZE)
    other = texture(gl, plain[::-1, ::-1, ::-1])
    inputs = SHOWN["progress"] if header.kind == "transition" else SHOWN.get(path.stem, {})
    for index in range(FRAMES):
        time = BEGIN + index / FPS
        now = texture(gl, np.roll(plain, 2 * index, 1))
        images = {
            item.name: other if item.name == "endImage" else now
            for item in header.inputs if item.type == "image"
        }
        clock = ShaderClock(time, 1 / FPS, 60 + index, 2.0 * time, 120.0, sound=tones(index))
        program.draw(target, inputs, images, clock)
        now.release()
    program.release()
    other.release()
    return picture_of(target)


def hold(name, seen, tmp_path):
    """Compare with the golden picture of that name, or write it."""
    path = GOLDEN / f"{name}.png"
    if WRITE:
        GOLDEN.mkdir(exist_ok=True)
        Image.fromarray(seen).save(path, optimize=True)
        return
    assert path.is_file(), f"no {path.name}: draw it with GOLDEN=write, and look at it"
    golden = np.asarray(Image.open(path).convert("RGB"))
    assert golden.shape == seen.shape
    apart = np.abs(golden.astype(int) - seen).max(axis=2)
    share = (apart > 1).mean()
    if share > EDGES:
        beside = np.concatenate([golden, seen, np.minimum(255, 8 * apart[..., None]) + 0 * seen], 1)
        file = tmp_path / f"{name}.png"
        Image.fromarray(beside.astype(np.uint8)).save(file)
        pytest.fail(f"{name}: {share:.1%} of the pixels differ, by up to {apart.max()}; see {file}")


@pytest.mark.parametrize("path", SHADERS, ids=lambda path: path.stem)
def test_shaders(gl, path, tmp_path):
    hold(path.stem, drawn(gl, path), tmp_path)


@pytest.mark.parametrize("mode", BLENDS)
def test_blend_modes(gl, mode, tmp_path):
    blender = Blender(gl)
    plain = sample_picture(SIZE)
    below, above = texture(gl, plain), texture(gl, plain[:, ::-1, [1, 2, 0]])
    target = gl.framebuffer([gl.texture(SIZE, 4)])
    blender.draw(mode, below, above, target, 0.8)
    hold(f"blend_{mode}", picture_of(target), tmp_path)
    blender.release()


def test_no_golden_picture_is_left_over():
    names = {path.stem for path in SHADERS} | {f"blend_{mode}" for mode in BLENDS}
    assert {path.stem for path in GOLDEN.glob("*.png")} == names
    assert sum(path.stat().st_size for path in GOLDEN.glob("*.png")) < 2_000_000
