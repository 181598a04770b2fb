"""One test a kind of bad input: one clear line on standard error, exit status 2, no traceback."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

BAD_SHADER = """/*{"ISFVSN": "2", "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}*/

void main() {
    gl_FragColor = nonsense(1.0);
}
"""


def _run(*args: str, **environment: str | None) -> tuple[int, str]:
    variables = {key: v for key, v in {**os.environ, **environment}.items() if v is not None}
    command = [sys.executable, "-m", "engine", *args]
    done = subprocess.run(command, capture_output=True, text=True, env=variables, timeout=120)
    return done.returncode, done.stderr


def _refused(*args: str, says: tuple[str, ...], **environment: str | None) -> None:
    status, words = _run(*args, **environment)
    assert status == 2, words
    lines = words.strip().splitlines()
    assert len(lines) == 1, words
    for part in says:
        assert part in lines[0], words


def _look(folder: Path, text: str) -> str:
    path = folder / "look.toml"
    path.write_text(f"{text}\n[[prompts]]\ntext = 'tunnel'\n", "utf-8")
    return str(path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("strenght = 0.5", ("look.toml:1", "strenght", "strength")),
        ("strength = 'loud'", ("look.toml:1", "strength", "loud")),
        ("strength = [1]", ("look.toml:1", "strength", "0.0..1.0")),
        ("strength = 7", ("look.toml:1", "strength = 7", "0.0..1.0")),
        ("strength = '1 + '", ("look.toml:1", "strength", "expression")),
        ("midi = {knob1 = 'cc 999'}", ("look.toml:1", "knob1", "cc 999")),
    ],
    ids=["key", "name", "type", "range", "expression", "midi"],
)
def test_preset(tmp_path: Path, text: str, says: tuple[str, ...]) -> None:
    path = _look(tmp_path, text)
    _refused("play", path, "--offscreen", "--audio", "demo", says=says)


def test_check_tells_all_and_fails(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text("[[prompts]]\ntext = 'sea'\n")
    bad.write_text("strength = 7\n[[prompts]]\ntext = 'sea'\n")
    command = [sys.executable, "-m", "engine", "check", str(good), str(bad)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stdout.startswith("ok ") and "bad.toml:1: strength = 7" in done.stdout


def test_unknown_sound_device() -> None:
    _refused("play", "hush", "--offscreen", "--audio", "No Such Card", says=("No Such Card",))


def test_unreadable_sound_file(tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(b"this is no music" * 100)
    _refused("beats", str(path), says=("song.mp3",))
    _refused("render", str(tmp_path / "none.wav"), says=("none.wav",))


def test_shader_that_does_not_compile(tmp_path: Path) -> None:
    path = tmp_path / "bad.fs"
    path.write_text(BAD_SHADER)
    command = [sys.executable, "-m", "engine", "shader", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert "bad.fs:4" in done.stdout and "nonsense" in done.stdout
    look = str(tmp_path / "look.toml")
    Path(look).write_text("[[prompts]]\ntext='sea'\n[[effects]]\nshader='bad'\n")
    _refused("play", look, "--offscreen", "--audio", "demo", says=("bad.fs:4", "nonsense"))


def test_model_folder_with_a_part_missing(tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableDiffusionImg2ImgPipeline"}')
    _refused("render", "demo", "--model", str(tmp_path), "--to", "1",
             says=(str(tmp_path), "unet"))
    _refused("play", "--offscreen", "--audio", "demo", "--model", str(tmp_path / "nowhere"),
             says=("nowhere",))


def test_no_display() -> None:
    _refused("play", "hush", "--audio", "demo", says=("display", "--offscreen"),
             DISPLAY=None, WAYLAND_DISPLAY=None)


def test_midi_port_or_driver_missing() -> None:
    _refused("play", "hush", "--offscreen", "--audio", "demo", "--midi", "No Such Port",
             says=("MIDI",))


def test_wrong_usage() -> None:
    _refused("render", says=("SONG",))
    _refused("play", "--size", "12by9", says=("12by9", "1280x720"))
    _refused("fly", says=("fly",))
