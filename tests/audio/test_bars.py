"""Where the bar begins: on the demo track entered anywhere, and by hand."""

from __future__ import annotations

import numpy as np
import pytest

from engine.audio import demo
from engine.audio.claims import Hearing, iter_beats
from engine.audio.media import stream_hops
from engine.records import SAMPLERATE, Beat


@pytest.mark.parametrize("ear", ["network", "onsets"])
@pytest.mark.parametrize("entered", [9.2, 9.7, 10.2, 10.7])
def test_the_bar_is_found_wherever_the_music_is_entered(demo_samples, entered, ear):
    """Four places a beat apart, so at least three of them start with the wrong beat."""
    true = np.array(demo.beats()) - entered
    part = demo_samples[round(entered * SAMPLERATE) : round((entered + 24) * SAMPLERATE)]
    claims = [c for c in iter_beats(part, ear=ear) if c.t > 16]
    positions = [int(np.abs(true - c.t).argmin()) % 4 + 1 for c in claims]
    assert len(claims) > 14
    assert [c.bar_pos for c in claims] == positions


@pytest.mark.parametrize("ear", ["network", "onsets"])
def test_a_correction_only_skips_whole_beats_forward(demo_samples, ear):
    hearing, last, skips = Hearing(ear=ear), Beat(), []
    for block in stream_hops(demo_samples[round(9.7 * SAMPLERATE) : 34 * SAMPLERATE]):
        beat = hearing.process(block)[1]
        step = beat.beat - last.beat
        assert step >= 0.0
        if step > 0.5:
            skips.append(step)
        last = beat
    assert len(skips) <= (2 if ear == "network" else 1)  # by what is seen, then by harmony
    assert all(abs(step - round(step)) < 0.05 and step < 3.5 for step in skips)


def test_without_change_of_harmony_nothing_is_skipped(kicks):
    """A bare kick says nothing about bars: the plain ear leaves the count as it is."""
    counts = []
    hearing = Hearing(ear="onsets")
    for block in stream_hops(kicks(124, 24.0, first=0.3, hats=False)):
        counts.append(hearing.process(block)[1].beat)
    assert np.diff(counts).max() < 0.1


def test_the_hand_is_believed_over_the_ear(demo_samples):
    hearing = Hearing()
    one = demo.beats()[18]  # in truth the third beat of a bar
    for block in stream_hops(demo_samples[: 30 * SAMPLERATE]):
        beat = hearing.process(block)[1]
        if abs(block.time - 12.0) < 0.006:
            hearing.beat_one(one)
    count = beat.at(one)
    assert abs(count / 16 - round(count / 16)) * 16 < 0.2
