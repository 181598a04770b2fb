"""`liquidlight beats`: what either ear hears of a file, as lines of JSON."""

import json
import wave
from pathlib import Path

import numpy as np
import pytest

from engine.audio.claims import iter_beats
from engine.audio.media import decode
from engine.cli import main
from engine.records import SAMPLERATE


@pytest.fixture(scope="module")
def song(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twelve seconds of kicks, 120 a minute."""
    time = np.arange(SAMPLERATE // 2) / SAMPLERATE
    kick = np.sin(2 * np.pi * (50 * time - 8 * np.exp(-time / 0.03))) * np.exp(-time / 0.12)
    path = tmp_path_factory.mktemp("song") / "kicks.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, 2, SAMPLERATE, 0, "NONE", ""))
        file.writeframes((24000 * np.tile(kick, 24)).astype("<i2").tobytes())
    return path


@pytest.mark.parametrize("source", ["network", "onsets"])
def test_lines_are_what_that_ear_claims(song: Path, source: str, capsys) -> None:
    assert main(["beats", str(song), "--source", source, "--range", "80-180"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    claims = list(iter_beats(decode(str(song)), 80.0, 180.0, source))
    assert [row["t"] for row in rows] == [round(claim.t, 4) for claim in claims]
    late = [row for row in rows if row["t"] > 6.0]
    assert len(late) >= 8 and all(abs(row["bpm"] - 120.0) < 3.0 for row in late)
    assert all(set(row) == {"t", "emitted", "bpm", "bar_pos"} for row in rows)
