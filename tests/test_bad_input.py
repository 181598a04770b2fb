"""One test a kind of bad input: one clear line on standard error, exit status 2, no traceback."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from engine.cli import main

BAD_SHADER = """/*{"ISFVSN": "2", "INPUTS": [{"NAME": "inputImage", "TYPE": "image"}]}*/

void main() {
    gl_FragColor = nonsense(1.0);
}
"""


@pytest.fixture
def refused(capsys: pytest.CaptureFixture) -> Callable:
    """Run the command in this process; it must end with status 2 and one line of these words."""

    def check(*args: str, says: tuple[str, ...]) -> None:
        try:
            status = main(args)
        except SystemExit as ended:
            status = ended.code
        words = capsys.readouterr().err
        assert status == 2, words
        lines = words.strip().splitlines()
        assert len(lines) == 1, words
        for part in says:
            assert part in lines[0], words

    return check


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
def test_preset(refused: Callable, tmp_path: Path, text: str, says: tuple[str, ...]) -> None:
    path = _look(tmp_path, text)
    refused("play", path, "--offscreen", "--audio", "demo", says=says)


def test_check_tells_all_and_fails(tmp_path: Path) -> None:
    good, bad = tmp_path / "good.toml", tmp_path / "bad.toml"
    good.write_text("[[prompts]]\ntext = 'sea'\n")
    bad.write_text("strength = 7\n[[prompts]]\ntext = 'sea'\n")
    command = [sys.executable, "-m", "engine", "check", str(good), str(bad)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 2
    assert done.stdout.startswith("ok ") and "bad.toml:1: strength = 7" in done.stdout


def test_unknown_sound_device(refused: Callable) -> None:
    refused("play", "hush", "--offscreen", "--audio", "No Such Card", says=("No Such Card",))


def test_unreadable_sound_file(refused: Callable, tmp_path: Path) -> None:
    path = tmp_path / "song.mp3"
    path.write_bytes(b"this is no music" * 100)
    refused("beats", str(path), says=("song.mp3",))
    refused("render", str(tmp_path / "none.wav"), says=("none.wav",))


def test_shader_that_does_not_compile(
    refused: Callable, tmp_path: Path, capsys: pytest.CaptureFixture
) -> None:
    path = tmp_path / "bad.fs"
    path.write_text(BAD_SHADER)
    assert main(["shader", str(path)]) == 2
    told = capsys.readouterr().out
    assert "bad.fs:4" in told and "nonsense" in told
    look = str(tmp_path / "look.toml")
    Path(look).write_text("[[prompts]]\ntext='sea'\n[[effects]]\nshader='bad'\n")
    refused("play", look, "--offscreen", "--audio", "demo", says=("bad.fs:4", "nonsense"))


def test_model_folder_with_a_part_missing(refused: Callable, tmp_path: Path) -> None:
    (tmp_path / "model_index.json").write_text('{"_class_name": "StableDiffusionImg2ImgPipeline"}')
    refused("render", "demo", "--model", str(tmp_path), "--to", "1", says=(str(tmp_path), "unet"))
    refused(
        "play",
        "--offscreen",
        "--audio",
        "demo",
        "--model",
        str(tmp_path / "nowhere"),
        says=("nowhere",),
    )


def test_no_display(refused: Callable, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    refused("play", "hush", "--audio", "demo", says=("display", "--offscreen"))


def test_midi_port_or_driver_missing(refused: Callable) -> None:
    refused(
        "play", "hush", "--offscreen", "--audio", "demo", "--midi", "No Such Port", says=("MIDI",)
    )


def test_wrong_usage(refused: Callable) -> None:
    refused("render", says=("no song",))
    refused("play", "--size", "12by9", says=("12by9", "1280x720"))
    refused("fly", says=("fly",))
