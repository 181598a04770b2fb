"""Real windows on a real (virtual) display, each in a process of its own."""

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest

from engine.render.window import Offscreen

SHOW = """
import json, subprocess, sys
import numpy as np
from engine.render.window import Window, list_displays
report = {"displays": list_displays()}
window = Window((320, 180), title="a test")
keys = []
window.on_key(keys.append)
def show():
    for _ in range(3):
        window.poll()
        screen = window.screen
        screen.use()
        width, height = window.framebuffer_size
        screen.clear(0.2, 0.4, 0.6)
        screen.clear(1.0, 0.5, 0.0, viewport=(0, 0, width // 2, height // 2))
        raw = screen.read(viewport=(0, 0, width, height), alignment=1)
        window.swap()
    return np.frombuffer(raw, np.uint8).reshape(height, width, 3)[::-1]
def shot(name):
    find = ["xdotool", "search", "--name", "a test"]
    where = subprocess.run(find, capture_output=True, text=True)
    subprocess.run(["import", "-window", where.stdout.split()[0], name], check=True)
np.save(sys.argv[1] + "/drawn.npy", show())
shot(sys.argv[1] + "/seen.png")
window.toggle_fullscreen()
full = show()
np.save(sys.argv[1] + "/full.npy", full)
subprocess.run(["import", "-window", "root", sys.argv[1] + "/full.png"], check=True)
report["full"] = window.framebuffer_size
window._hear_displays()
window.poll()
report["reclaimed"] = window.fullscreen and window.framebuffer_size == report["full"]
press = lambda key: subprocess.run(["xdotool", "key", "--clearmodifiers", key], check=True)
for key in ("b", "space", "7", "Left", "F11", "ctrl+s", "ctrl+shift+z"):
    press(key)
for _ in range(20):
    window.poll()
    window.swap()
report["keys"], report["fullscreen"] = keys, window.fullscreen
report["windowed"] = window.framebuffer_size
report["hz"], report["waited"] = window.refresh_hz, window.frame_seconds
report["close"] = window.should_close
window.close()
print(json.dumps(report))
"""


def run(script, env, *arguments):
    env = {**env, "PYTHONPATH": os.getcwd(), "PYTHONWARNINGS": "error"}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=240)


@pytest.mark.skipif(not shutil.which("import"), reason="ImageMagick is not installed")
@pytest.mark.skipif(not shutil.which("xdotool"), reason="xdotool is not installed")
def test_what_is_drawn_is_what_the_display_shows(display, tmp_path):
    from PIL import Image

    done = run(SHOW, display, tmp_path)
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    for name, size in (("drawn", (180, 320)), ("full", (600, 800))):
        drawn = np.load(tmp_path / f"{name}.npy")
        png = "seen" if name == "drawn" else "full"
        with Image.open(tmp_path / f"{png}.png") as image:
            seen = np.asarray(image.convert("RGB"))
        assert drawn.shape[:2] == size and np.array_equal(drawn, seen)
        assert drawn[-1, 0].tolist() == [255, 128, 0] and drawn[0, -1].tolist() == [51, 102, 153]
    assert report["displays"] == ["screen"] and report["full"] == [800, 600]
    assert report["reclaimed"], "full screen survives a display that comes and goes"
    keys = [key for key in report["keys"] if not key.endswith(("_control", "_shift"))]
    assert keys == ["b", "space", "7", "left", "ctrl+s", "ctrl+shift+z"], "F11 is the window's own"
    assert not report["fullscreen"] and report["windowed"] == [320, 180]
    assert report["hz"] > 0 and report["waited"] > 0 and not report["close"]


def test_an_unknown_display_is_named_with_those_there_are(display):
    script = """
from engine.errors import DeviceError
from engine.render.window import Window
try:
    Window((320, 180), display="Beamer", fullscreen=True)
except DeviceError as error:
    print(error)
"""
    done = run(script, display)
    assert done.stdout.strip() == "no display is called 'Beamer'; there is 'screen'", done.stderr


def test_no_display_at_all_is_one_line_that_helps():
    script = """
from engine.errors import DeviceError
from engine.render.window import Window, list_displays
print(list_displays())
try:
    Window((320, 180))
except DeviceError as error:
    print(error)
"""
    hidden = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_RUNTIME_DIR")
    done = run(script, {k: v for k, v in os.environ.items() if k not in hidden})
    first, second = done.stdout.splitlines()
    assert first == "[]" and "--offscreen" in second and "render" in second


def test_the_package_is_light():
    script = """
import sys
import engine.render, engine.render.window, engine.render.film, engine.render.compositor
import engine.isf
heavy = {"moderngl", "glfw", "av", "torch", "PIL"} & set(sys.modules)
assert not heavy, heavy
"""
    assert run(script, dict(os.environ)).returncode == 0


def test_the_twin_draws_keeps_pace_and_passes_keys():
    from engine import clock

    stage = Offscreen((64, 36), refresh_hz=50.0)
    keys = []
    stage.on_key(keys.append)
    stage.press("b")
    start = clock.monotonic()
    for _ in range(5):
        stage.poll()
        stage.screen.clear(0.0, 1.0, 0.0)
        stage.swap()
    assert clock.monotonic() - start >= 0.095 and stage.frame_seconds > 0
    assert stage.screen.read(alignment=1)[:3] == b"\x00\xff\x00"
    assert keys == ["b"] and not stage.should_close
    stage.close()
