"""What the ear's network sees: live and for a whole recording the same, loud or soft."""

from __future__ import annotations

import numpy as np

from engine.audio.front_end import BANDS, PLAIN, WIDTH, FrontEnd, bands_of, with_rises
from engine.records import HOP, SAMPLERATE


def rows_of(samples: np.ndarray) -> np.ndarray:
    front = FrontEnd()
    stereo = np.repeat(samples[:, None], 2, axis=1)
    return np.array([front.process(stereo[k : k + HOP]) for k in range(0, len(stereo), HOP)])


def test_live_and_whole_recordings_give_the_same_rows(kicks):
    samples = kicks(128, 3.0)[: 280 * HOP, 0]
    live, whole = rows_of(samples), with_rises(bands_of(samples))
    assert live.shape == (280, WIDTH)
    assert np.abs(live - whole).max() < 1e-5


def test_loudness_hardly_matters(kicks):
    samples = kicks(128, 3.0)[: 280 * HOP, 0]
    loud, soft = bands_of(samples), bands_of(0.03 * samples)
    assert np.abs(loud - soft).max() < 1e-3


def test_a_hit_shows_in_the_hop_in_which_it_falls(kicks):
    """A kick starts in hop 46: seen at once in the short window, and in the middle one."""
    first = 46.5 * HOP / SAMPLERATE
    rows = rows_of(kicks(60, 1.0, first=first, hats=False)[: 90 * HOP, 0])
    rises = rows[:, PLAIN:]
    for bands in (slice(0, BANDS[0]), slice(BANDS[0], BANDS[0] + BANDS[1])):
        total = rises[:, bands].sum(axis=1)
        assert total[:46].max() < 0.05 * total.max()
        assert 46 <= total.argmax() <= 48


def test_silence_is_silent():
    assert np.abs(rows_of(np.zeros(40 * HOP, np.float32))).max() == 0.0


def test_another_chord_shows_as_a_change_of_harmony():
    time = np.arange(375 * HOP) / SAMPLERATE
    chords = [sum(np.sin(2 * np.pi * hz * time) for hz in notes) for notes in
              ((220.0, 277.2, 329.6), (246.9, 311.1, 370.0))]  # fmt: skip
    samples = 0.1 * np.where(time < 2.0, *chords).astype(np.float32)
    changes = rows_of(samples)[:, -3:]
    before, after = changes[150:187], changes[187:230]
    assert before.max() < 0.1
    assert after[:, 0].max() > 0.2 and after[:, 2].max() > 0.4


def test_what_is_no_sound_is_taken_for_silence(kicks):
    front, samples = FrontEnd(), kicks(128, 3.0)
    for k, value in enumerate((np.nan, np.inf, 1e30, 0.0)):
        block = samples[k * HOP : (k + 1) * HOP].copy()
        block[7] = value or block[7]
        assert np.isfinite(front.process(block)).all()
