"""The other trackers of `bench hearing`: aubio's own tempo tracker, and madmom's online one.

aubio runs here, hop by hop on the full band as its command line does. madmom needs an old Python
world and runs in its own (`--madmom PYTHON`), fed frame by frame by madmom_beats.py.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path

import numpy as np

from bench.beat_scores import Heard
from engine.errors import LiquidlightError
from engine.records import HOP, SAMPLERATE

WINDOW = 1024
SCRIPT = Path(__file__).with_name("madmom_beats.py")


def aubio_beats(samples: np.ndarray) -> Heard:
    """aubio.tempo("default") over mono float32 samples (n,), hop 512, causally."""
    import aubio

    tempo = aubio.tempo("default", WINDOW, HOP, SAMPLERATE)
    rows = []
    for end in range(HOP, len(samples) + 1, HOP):
        if tempo(samples[end - HOP : end])[0]:
            rows.append((tempo.get_last_s(), end / SAMPLERATE, tempo.get_bpm()))
    return _heard(rows)


def madmom_beats(samples: np.ndarray, python: str) -> tuple[Heard, float]:
    """madmom's DBNBeatTracker in online mode, and its share of one core. Raises LiquidlightError
    when that Python cannot run it."""
    from scipy.signal import resample_poly

    with tempfile.TemporaryDirectory(prefix="hearing-") as folder:
        path = Path(folder, "sound.npy")
        np.save(path, resample_poly(samples, 147, 160).astype(np.float32))
        done = subprocess.run([python, str(SCRIPT), str(path)], capture_output=True, text=True)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no word"])[-1]
        raise LiquidlightError(f"--madmom {python}: madmom does not run there ({last})")
    said = json.loads(done.stdout.splitlines()[-1])
    seconds = len(samples) / SAMPLERATE
    return _heard([tuple(row) for row in said["beats"]]), said["cpu_s"] / seconds


def _heard(rows: list[tuple[float, float, float]]) -> Heard:
    t, emitted, bpm = np.array(rows, float).reshape(-1, 3).T
    order = np.argsort(t, kind="stable")
    return Heard(t[order], emitted[order], bpm[order], np.zeros(len(t), int))
