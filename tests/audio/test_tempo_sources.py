"""Taps, MIDI clock, held tempi, and who is followed: times made by hand, no clock, no network."""

import numpy as np
import pytest

from engine.audio.tempo_sources.contract import MemoryTempo
from engine.audio.tempo_sources.held import Held
from engine.audio.tempo_sources.midi_clock import MidiClock
from engine.audio.tempo_sources.scaling import Scaling
from engine.audio.tempo_sources.selector import Selector
from engine.audio.tempo_sources.taps import HOLD_SECONDS, Taps
from engine.records import Beat, Reading

START, CONTINUE, STOP, TICK = [0xFA], [0xFB], [0xFC], [0xF8]


def off(phase: float) -> float:
    """Beats -0.5..0.5 from a beat."""
    return (phase + 0.5) % 1.0 - 0.5


def tapped(times, bpm: float = 120.0) -> Taps:
    taps = Taps()
    for time in times:
        taps.tap(float(time), bpm)
    return taps


def test_one_tap_is_a_beat_at_the_tempo_that_there_is():
    reading = tapped([10.0], bpm=97.0).read(10.0)
    assert (reading.bpm, reading.phase) == (97.0, 0.0)
    assert reading.confidence < 0.95


def test_twenty_shaky_taps_find_the_tempo():
    """A hand is 20 ms off; the line through twenty taps is not."""
    rng = np.random.default_rng(3)
    times = 5.0 + np.arange(20) * 60.0 / 128.0
    taps = tapped(times + rng.normal(0.0, 0.02, 20))
    reading = taps.read(times[-1])
    assert reading.bpm == pytest.approx(128.0, rel=0.01)
    assert abs(off(reading.phase)) * 60.0 / 128.0 < 0.02


@pytest.mark.parametrize("missed", [{5}, {4, 9}, {7, 8}])
def test_missed_taps_do_no_harm(missed):
    times = [n * 0.5 for n in range(14) if n not in missed]
    assert tapped(times).read(6.5).bpm == pytest.approx(120.0)
    assert off(tapped(times).read(6.5).phase) == pytest.approx(0.0, abs=1e-6)


def test_a_double_tap_and_a_bouncing_key_are_left_out():
    times = sorted([*np.arange(10) * 0.5, 2.2, 3.52])
    assert tapped(times).read(4.5).bpm == pytest.approx(120.0, rel=0.002)


def test_a_pause_and_four_steady_taps_elsewhere_start_anew():
    slow = np.arange(6) * 0.5
    assert tapped([*slow, *(6.0 + np.arange(3) * 0.4)]).read(7.0).bpm == pytest.approx(150.0)
    assert tapped([*slow, *(2.5 + 0.375 * np.arange(1, 7))]).read(5.0).bpm == pytest.approx(160.0)
    assert tapped([*slow, *(2.5 + 0.25 * np.arange(1, 9))]).read(5.0).bpm == pytest.approx(240.0)


def test_taps_hold_for_a_while():
    taps = tapped(np.arange(4) * 0.5)
    assert taps.there(1.5 + HOLD_SECONDS - 0.1)
    assert not taps.there(1.5 + HOLD_SECONDS + 0.1)
    assert not tapped([0.0]).there(3.0)


def clocked(bpm: float, beats: float, first: float = 1.0, shake: float = 0.0, **rest) -> MidiClock:
    clock, rng = MidiClock(), np.random.default_rng(1)
    if rest.get("start", True):
        clock.take(START, first)
    for n in range(round(24 * beats)):
        clock.take(TICK, first + n * 60.0 / bpm / 24.0 + rng.uniform(0.0, shake))
    return clock


def test_midi_start_is_beat_one_at_the_next_tick():
    clock = clocked(120.0, 6.0)
    reading = clock.read(1.0 + 2.75)  # 5.5 beats after the start
    assert reading.bpm == pytest.approx(120.0)
    assert (reading.bar_beat, reading.phase) == (1, pytest.approx(0.5))


def test_a_trembling_midi_clock_is_smoothed():
    clock = clocked(133.0, 8.0, shake=0.006)
    reading = clock.read(1.0 + 60.0 / 133.0 * 8.0)
    assert reading.bpm == pytest.approx(133.0, rel=0.005)
    assert abs(off(reading.phase)) * 60.0 / 133.0 < 0.005  # 3 ms of it is the mean delay


def test_a_midi_clock_follows_a_pitch_fader_within_a_beat():
    clock, time = clocked(120.0, 8.0), 1.0 + 8 * 0.5
    for n in range(24):
        clock.take(TICK, time + n * 60.0 / 126.0 / 24.0)
    assert clock.read(time + 0.48).bpm == pytest.approx(126.0, rel=0.01)


def test_midi_stop_continue_and_song_position():
    clock = clocked(120.0, 5.0)
    clock.take(STOP, 3.5)
    assert not clock.there(3.5)
    clock.take([0xF2, 8, 0], 3.6)  # eight sixteenths: the third beat of the bar
    clock.take(CONTINUE, 3.7)
    for n in range(30):
        clock.take(TICK, 4.0 + n / 48.0)
    reading = clock.read(4.0)
    assert clock.there(4.6)
    assert (reading.bar_beat, off(reading.phase)) == (2, pytest.approx(0.0, abs=0.01))


def test_a_midi_clock_without_a_start_takes_the_phase_it_is_given():
    clock = clocked(120.0, 4.0, start=False)
    assert clock.read(2.0).bar_beat is None
    clock.align(2.3, 17.0)
    assert off(clock.read(2.8).phase) == pytest.approx(0.0, abs=0.01)
    started = clocked(120.0, 4.0)
    started.align(2.3, 17.0)
    assert off(started.read(2.5).phase) == pytest.approx(0.0, abs=0.01)


def test_a_midi_clock_that_stops_ticking_is_gone_and_another_port_may_follow():
    clock = clocked(120.0, 4.0)
    clock.take(TICK, 3.0, "second box")
    assert clock.there(3.1)
    assert not clock.there(4.0)
    for n in range(48):
        clock.take(TICK, 5.0 + n / 40.0, "second box")
    assert clock.read(6.2).bpm == pytest.approx(100.0)
    assert "second box" in clock.says()


def test_a_held_tempo_changes_without_a_jump():
    held = Held(120.0)
    held.align(10.0, 33.5)
    held.set_bpm(90.0, 12.0)
    assert held.read(12.0).phase == pytest.approx(0.5)
    assert held.read(14.0).phase == pytest.approx(0.5)  # three beats later
    assert held.read(12.5).bar_beat == 2  # beat 38.25


def _line(bpm: float, bars: bool):
    """Readings of a source that counts, a hop apart, with its true count."""
    for hop in range(800):
        time = hop * 0.0107
        count = 2.3 + time * bpm / 60.0
        yield count, Reading(time, bpm, count % 1.0, int(count) % 4 if bars else None)


@pytest.mark.parametrize("bars", [True, False])
@pytest.mark.parametrize("factor", [0.25, 0.5, 2.0, 4.0])
def test_scaled_readings_run_on_evenly(factor, bars):
    scaling, beats = Scaling(), []
    scaling.times(factor)
    for count, reading in _line(120.0, bars):
        scaled = scaling.apply(reading, Beat(0.0, 2.3 * factor, 120.0 * factor))
        assert scaled.bpm == 120.0 * factor
        place = scaled.phase if scaled.bar_beat is None else scaled.bar_beat + scaled.phase
        span = 4.0 if bars else 1.0
        beats.append((place - count * factor + span / 2) % span - span / 2)
    assert np.abs(beats).max() < 1e-6


def test_a_hand_says_which_of_two_beats_counts_at_half_the_tempo():
    scaling = Scaling()
    scaling.times(0.5)
    readings = list(_line(120.0, False))
    for _, reading in readings[:100]:
        scaling.apply(reading, Beat())
    beat = 100 * 0.0107 // 0.5 * 0.5 + 0.35  # the source's beats are at 0.35 + n / 2
    for time in (beat, beat + 0.5):
        scaling.one(time, 120.0)
        scaled = scaling.apply(Reading(time, 120.0, 0.0), Beat())
        assert off(scaled.phase) == pytest.approx(0.0, abs=0.02)


def test_the_tempo_is_never_scaled_out_of_reach():
    scaling = Scaling()
    for _ in range(9):
        scaling.times(2.0)
    assert scaling.factor == 4.0


def _sources(**readings: Reading) -> Selector:
    return Selector(MemoryTempo(name, reading) for name, reading in readings.items())


def test_auto_prefers_decks_to_link_to_midi_to_taps_to_the_ear():
    word = Reading(0.0, 100.0, 0.0)
    selector = _sources(tap=word, midi=word, link=word, prolink=word)
    for turn, name in enumerate(("prolink", "link", "midi", "tap", "audio")):
        for tenth in range(40):
            followed = selector.follow(4.0 * turn + tenth / 10.0)
        assert followed == name
        if name != "audio":
            selector.sources[name].close()
    assert selector.read(20.0) is None


def test_a_source_must_stay_before_it_is_followed_and_be_gone_before_it_is_left():
    selector = _sources(link=None)
    link = selector.sources["link"]
    said = []
    for tenth in range(100):
        link.reading = Reading(0.0, 99.0, 0.5) if 20 <= tenth < 60 else None
        said.append(selector.follow(tenth / 10.0))
        if said[-1] == "link" and link.reading is None:
            assert selector.read(tenth / 10.0).confidence == 0.0  # the clock flies on
    assert said.index("link") == 30
    assert said[60:79] == ["link"] * 19
    assert said[-1] == "audio"


def test_a_chosen_source_is_waited_for():
    selector = _sources(link=Reading(0.0, 99.0, 0.5), midi=None)
    selector.choice = "midi"
    assert selector.follow(5.0) == "midi"
    assert selector.read(5.0).confidence == 0.0
    selector.sources["midi"].reading = Reading(0.0, 98.0, 0.5)
    selector.follow(5.1)
    assert selector.read(5.1).bpm == 98.0
