"""A song with lyrics and stems becomes a film in one command; songs are taken apart."""

import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from engine.audio.media import decode
from engine.cli import main
from engine.records import SAMPLERATE

LOOK = """
strength = "0.3 + 0.4*drums.hits"
style = "blue"
[[prompts]]
text = "jellyfish"
"""


@pytest.fixture
def song(tmp_path: Path) -> Path:
    """Two seconds of song, its drums, its lyrics and a look, all in one folder."""
    time = np.arange(2 * SAMPLERATE) / SAMPLERATE
    drums = np.exp(-(time % 0.5) * 30) * np.sin(2 * np.pi * 60 * time)
    whole = 0.4 * drums + 0.1 * np.sin(2 * np.pi * 440 * time)
    (tmp_path / "stems").mkdir()
    for name, part in (("song.wav", whole), ("stems/drums.wav", drums)):
        wavfile.write(tmp_path / name, SAMPLERATE, np.stack([part] * 2, 1).astype("f4"))
    (tmp_path / "song.lrc").write_text("[00:00.50]Hello\n[00:01.50]\n", "utf-8")
    (tmp_path / "look.toml").write_text(LOOK, "utf-8")
    return tmp_path / "song.wav"


def _lines(capsys: pytest.CaptureFixture, *args: str) -> list[dict]:
    assert main(["frames", *args]) == 0
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def test_the_film_of_a_song_in_one_command(song: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(song.parent)
    company = ["--preset", "look.toml", "--lyrics", "song.lrc", "--stems", "stems"]
    small = ["--size", "192x128", "--fps", "5", "--model-fps", "2", "-o", "film.mp4"]
    assert main(["render", "song.wav", *company, *small]) == 0
    import av

    with av.open("film.mp4") as film:
        pictures = [frame.to_ndarray(format="gray") for frame in film.decode(video=0)]
    assert len(pictures) == 10 and len(decode("film.mp4")) > 1.9 * SAMPLERATE
    low = [picture[96:120] for picture in pictures]  # where the line stands, white on black
    assert low[5].max() > 240 and int(low[5].max()) - int(low[1].max()) > 10


def test_lyrics_and_stems_are_in_the_frames(song: Path, capsys: pytest.CaptureFixture) -> None:
    place = song.parent
    company = ["--lyrics", str(place / "song.lrc"), "--stems", f"drums={place / 'stems/drums.wav'}"]
    said = [str(song), "--preset", str(place / "look.toml"), "--fps", "10"]
    lines = _lines(capsys, *said, *company, "--lyric-prompt", "{line}, ink")
    assert [layer["name"] for layer in lines[10]["layers"]] == ["", "Hello"]
    assert lines[18]["layers"][1]["name"] == ""
    assert "Hello, ink, blue" in [prompt["text"] for prompt in lines[14]["prompts"]]
    assert max(line["strength"] for line in lines) > 0.45 > min(x["strength"] for x in lines)


def test_a_show_names_its_song(song: Path, capsys: pytest.CaptureFixture) -> None:
    show = song.parent / "show.toml"
    show.write_text(LOOK + '[song]\nfile = "song.wav"\nstems = "stems"\nlyrics = "song.lrc"\n'
                    "[[layers]]\ntext = '{line}'\n", "utf-8")  # fmt: skip
    lines = _lines(capsys, str(show), "--fps", "10")
    assert len(lines) == 20 and lines[10]["layers"][0]["name"] == "Hello"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (["song.wav", "--stems", "no"], "--stems no: no folder"),
        (["song.wav", "--stems", "drums=no.wav"], "no such file"),
        (["song.wav", "--stems", "a b=song.wav"], "'a b' is not a name"),
        (["song.wav", "--lyrics", "no.lrc"], "no.lrc: cannot be read"),
        (["song.wav", "--lyric-prompt", "x"], "needs --lyrics"),
        (["no.take"], "no.take: cannot be read"),
        (["look.toml"], "no song: name one"),
        (["song.wav", "--take", "song.lrc"], "song.lrc:1: is no line of a take"),
    ],
)
def test_wrong_ones_are_one_line(song: Path, args, says, monkeypatch, capsys) -> None:
    monkeypatch.chdir(song.parent)
    assert main(["frames", *args]) == 2
    words = capsys.readouterr().err.strip().splitlines()
    assert len(words) == 1 and says in words[0]


def _demucs(folder: Path, fails: bool = False) -> None:
    """A small program in demucs' place: it takes its options and writes two stems."""
    place = folder / "bin"
    place.mkdir()
    program = place / "demucs"
    program.write_text(
        f"#!{sys.executable}\nimport sys, shutil, pathlib\n"
        "args = dict(zip(sys.argv[1:-1:2], sys.argv[2:-1:2]))\n"
        f"if {fails}: print('out of memory', file=sys.stderr); sys.exit(3)\n"
        "out = pathlib.Path(args['-o']) / args['-n']\nout.mkdir()\n"
        "for stem in ('drums', 'vocals'):\n"
        "    shutil.copy(sys.argv[-1], out / args['--filename'].format(stem=stem, ext='wav'))\n"
    )
    program.chmod(program.stat().st_mode | stat.S_IEXEC)


def test_a_song_is_split_where_demucs_is(song: Path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(song.parent)
    monkeypatch.setenv("PATH", "/nowhere")
    assert main(["split", "song.wav"]) == 2
    assert "pip install 'liquidlight[stems]'" in capsys.readouterr().err
    _demucs(song.parent)
    monkeypatch.setenv("PATH", f"{song.parent / 'bin'}{os.pathsep}/usr/bin")
    assert main(["split", "song.wav", "-o", "parts"]) == 0
    assert sorted(os.listdir("parts")) == ["drums.wav", "vocals.wav"]
    assert "--stems parts" in capsys.readouterr().err


def test_a_split_that_fails_says_why(song: Path, monkeypatch, capsys) -> None:
    _demucs(song.parent, fails=True)
    monkeypatch.setenv("PATH", str(song.parent / "bin"))
    assert main(["split", str(song)]) == 2
    assert "could not split" in (said := capsys.readouterr().err) and "out of memory" in said
    assert main(["split", "no.wav"]) == 2


def test_import_writes_a_look_and_tells_what_is_lost(tmp_path: Path, capsys) -> None:
    settings = tmp_path / "s.txt"
    settings.write_text('{"max_frames": 9, "prompts": {"0": "sea"}, "use_init": true}')
    out = tmp_path / "look.toml"
    assert main(["import", str(settings), "-o", str(out)]) == 0
    words = capsys.readouterr().err
    assert "not kept: use_init = True" in words and str(out) in words
    assert main(["check", str(out)]) == 0
    assert main(["import", "deforum", str(settings), "-o", str(out)]) == 0
    assert main(["import", "lrc", str(settings), "-o", str(out)]) == 2


def test_import_overwrites_nothing_unasked(tmp_path: Path) -> None:
    (tmp_path / "s.csv").write_text("frame,subject\n0,sea\n")
    command = [sys.executable, "-m", "engine", "import", "s.csv"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    runs = [
        subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)
        for _ in range(2)
    ]
    assert [run.returncode for run in runs] == [0, 2] and "is there already" in runs[1].stderr
