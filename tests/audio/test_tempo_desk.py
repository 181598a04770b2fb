"""The operator's tempo controls on the running beat clock: what a press does to the beat."""

import numpy as np
import pytest

from engine.audio.tempo_desk import TempoDesk, TempoSettings
from engine.audio.tempo_sources.contract import MemoryTempo
from engine.audio.tempo_sources.midi_clock import MidiClock
from engine.params import TEMPO, TEMPO_LOCK, TEMPO_TRIGGERS
from engine.records import HOP, HOP_SECONDS, AudioBlock, Beat, ControlEvent, Reading

SILENCE = np.zeros((HOP, 2), np.float32)


class Line(MemoryTempo):
    """A source that counts evenly: `bpm`, a beat at `first`."""

    def __init__(self, name: str, bpm: float, first: float = 0.0) -> None:
        super().__init__(name)
        self.bpm, self.first = bpm, first

    def there(self, time: float) -> bool:
        return True

    def read(self, time: float) -> Reading:
        count = (time - self.first) * self.bpm / 60.0
        return Reading(time, self.bpm, count % 1.0, int(count // 1.0) % 4, 0.95, self.name)


class Booth:
    """A desk that is stepped by hand."""

    def __init__(self, *sources, **settings) -> None:
        self.desk = TempoDesk(TempoSettings(**settings), sources)
        self.hops = 0
        self.beat = Beat()

    @property
    def time(self) -> float:
        return self.hops * HOP_SECONDS

    def run(self, seconds: float) -> Beat:
        for _ in range(round(seconds / HOP_SECONDS)):
            block = AudioBlock(self.hops * HOP, SILENCE)
            self.hops += 1
            before = self.beat.beat
            _, self.beat = self.desk.process(block)
            assert self.beat.beat >= before  # the count never runs back
        return self.beat

    def press(self, address: str, value: float | str = 1.0) -> None:
        self.desk.take(ControlEvent(self.time, address, value, "test"))

    def off(self, period: float, first: float = 0.0) -> float:
        """Milliseconds by which the clock's nearest beat is after one at first + n * period."""
        ago = self.beat.beat % 1.0 * 60.0 / self.beat.bpm
        return 1000.0 * ((self.beat.time - ago - first + period / 2) % period - period / 2)


def test_a_source_drives_the_clock_within_two_beats():
    booth = Booth(Line("link", 133.0, first=0.2))
    booth.run(1.2)  # it must be there for a second
    beat = booth.run(1.5)
    assert (beat.bpm, beat.source) == (pytest.approx(133.0), "link")
    assert booth.off(60.0 / 133.0, 0.2) == pytest.approx(0.0, abs=3.0)
    beat = booth.run(3.0)
    bar = (beat.beat - (beat.time - 0.2) * 133.0 / 60.0 + 2.0) % 4.0 - 2.0
    assert bar == pytest.approx(0.0, abs=0.01)
    assert booth.desk.figures()["tempo_source"] == "link"


def test_going_over_to_another_source_glides():
    """Half a beat off and at another tempo: there within some beats, and nothing jumps."""
    booth = Booth(Line("link", 120.0), Line("midi", 104.0, first=0.25), source="link")
    booth.run(5.1)
    booth.press("tempo.source.midi")
    steps, before = [], booth.beat.beat
    for _ in range(150):
        booth.run(HOP_SECONDS)
        steps.append((booth.beat.beat - before) / HOP_SECONDS * 60.0)
        before = booth.beat.beat
    moving = [step for step in steps if step < 400.0]  # whole beats may be skipped for the bar
    assert len(moving) >= len(steps) - 1
    assert 40.0 < min(moving) and max(moving) < 200.0
    assert booth.off(60.0 / 104.0, 0.25) == pytest.approx(0.0, abs=8.0)


def test_double_and_halve_keep_every_beat():
    booth = Booth(Line("link", 120.0), source="link")
    booth.run(4.0)
    booth.press("tempo.double")
    assert booth.run(2.0).bpm == pytest.approx(240.0)
    assert booth.off(0.25) == pytest.approx(0.0, abs=3.0)
    booth.press("tempo.halve")
    booth.press("tempo.halve")
    assert booth.run(5.0).bpm == pytest.approx(60.0)
    assert booth.off(0.5) == pytest.approx(0.0, abs=3.0)
    assert booth.desk.scale == 0.5


def test_nudges_add_up_and_stay():
    booth = Booth(Line("link", 120.0), source="link")
    for _ in range(5):
        booth.press("tempo.later")
    booth.press("tempo.earlier")
    booth.run(6.0)
    assert booth.off(0.5) == pytest.approx(40.0, abs=3.0)
    booth.press("tempo.nudge", -25.0)
    booth.run(4.0)
    assert booth.off(0.5) == pytest.approx(-25.0, abs=3.0)


def test_a_lock_holds_whatever_the_source_does():
    booth = Booth(Line("link", 125.0), source="link")
    booth.run(4.0)
    booth.press("tempo.lock", "toggle")
    link = booth.desk.selector.sources["link"]
    link.bpm, link.first = 90.0, 0.111
    beat = booth.run(20.0)
    assert (beat.bpm, beat.source) == (pytest.approx(125.0), "lock")
    assert booth.off(0.48) == pytest.approx(0.0, abs=3.0)
    assert beat.confidence > 0.9
    booth.press("tempo.nudge", 30.0)
    booth.run(3.0)
    assert booth.off(0.48) == pytest.approx(30.0, abs=3.0)
    booth.press("tempo.halve")
    assert booth.run(3.0).bpm == pytest.approx(62.5)
    assert booth.off(0.48) == pytest.approx(30.0, abs=3.0)
    booth.press("tempo.lock", "toggle")
    booth.press("tempo.double")
    assert booth.run(4.0).bpm == pytest.approx(90.0)


def test_taps_take_over_at_once_and_glide():
    booth = Booth()
    booth.run(0.33)
    first = booth.time
    for _ in range(8):
        booth.press("tap")
        booth.run(0.4)
    assert booth.beat.source == "tap"
    assert booth.beat.bpm == pytest.approx(150.0, rel=0.03)
    period = 60.0 / booth.beat.bpm
    assert abs(booth.off(period, booth.time)) < 60.0 or abs(booth.off(0.4, first)) < 60.0
    booth.run(6.0)
    assert booth.beat.source == "tap"


class Ear:
    """An ear that counts evenly; in the place of the real one."""

    def __init__(self, bpm: float, first: float) -> None:
        self.bpm, self.first = bpm, first

    def process(self, block, features) -> Reading:
        count = (block.time - self.first) * self.bpm / 60.0
        return Reading(block.time, self.bpm, count % 1.0, int(count // 1.0) % 4, 0.8)

    def relearn(self) -> None:
        pass


@pytest.mark.parametrize(
    ("bpm", "first", "taught"),
    [
        (120.0, 0.0, ""),
        (120.0, 0.25, "half a beat"),
        (60.0, 0.0, "x2"),
        (60.0, 0.25, "x2 half a beat"),
        (240.0, 0.0, "x0.5"),
        (90.0, 0.0, ""),
    ],
)
def test_taps_teach_the_ear_its_octave_and_its_half_beat(bpm, first, taught):
    """Taps at 120 on the half seconds; the ear has another opinion, and keeps the lesson."""
    booth = Booth()
    booth.desk.hearing.ear = Ear(bpm, first)
    booth.run(4.0)
    for n in range(8, 16):
        booth.run(n / 2 - booth.time)
        booth.press("tap")
    booth.run(12.0)
    assert booth.desk.figures()["tempo_taught"] == taught
    assert booth.beat.source == "audio"
    right = 120.0 if bpm != 90.0 else 90.0
    assert booth.beat.bpm == pytest.approx(right, rel=0.01)
    if bpm != 90.0:
        assert abs(booth.off(0.5)) < 30.0


def test_a_lesson_is_forgotten_when_the_ear_changes_its_mind():
    booth = Booth()
    booth.desk.hearing.ear = ear = Ear(120.0, 0.25)
    booth.run(2.0)
    for n in range(4, 12):
        booth.run(n / 2 - booth.time)
        booth.press("tap")
    booth.run(10.0)
    assert booth.desk.figures()["tempo_taught"] == "half a beat"
    ear.first = 0.0  # it has found the beat by itself
    booth.run(4.0)
    assert booth.desk.figures()["tempo_taught"] == ""
    assert abs(booth.off(0.5)) < 10.0


def test_a_typed_tempo_goes_on_from_where_the_beat_is():
    booth = Booth(Line("link", 120.0), source="link")
    before = booth.run(4.0)
    booth.press("tempo.bpm", 101.5)
    after = booth.run(0.1)
    assert after.bpm == pytest.approx(101.5, abs=10.0)
    assert after.beat - before.beat == pytest.approx(0.1 * 2.0, abs=0.06)
    assert booth.run(3.0).bpm == pytest.approx(101.5)
    assert booth.beat.source == "fixed"


@pytest.mark.parametrize(("source", "at", "late"), [("fixed", 4.75, 0.0), ("link", 4.6, 0.1)])
def test_beat_one_starts_the_bar_here(source, at, late):
    """A fixed tempo has the phase that it is given; a session's own is not moved by a late hand."""
    booth = Booth(Line("link", 120.0), source=source)
    booth.run(at)
    pressed = booth.time
    booth.press("beat_one")
    beat = booth.run(4.0)
    count = (beat.beat - (beat.time - pressed + late) * 2.0 + 8.0) % 16.0 - 8.0
    assert count == pytest.approx(0.0, abs=0.03)


def test_beat_one_chooses_among_halved_beats():
    booth = Booth(Line("link", 120.0), source="link")
    booth.press("tempo.halve")
    booth.run(4.0)
    for _ in range(2):  # press on a beat and on the next one of the source
        booth.run((-booth.time) % 0.5)
        pressed = booth.time
        booth.press("beat_one")
        booth.run(6.5)
        assert abs(booth.off(1.0, pressed)) < 25.0


def test_a_midi_clock_without_start_keeps_the_running_phase():
    clock = MidiClock()
    booth = Booth(clock, source="midi", bpm=120.0)
    before = booth.run(1.3)
    ticks = 0
    for _ in range(300):
        while ticks / 48.0 < booth.time - 1.0:
            clock.take([0xF8], 1.0 + ticks / 48.0)
            ticks += 1
        booth.run(HOP_SECONDS)
    assert booth.beat.source == "midi"
    gone = booth.beat.beat - before.beat - (booth.beat.time - before.time) * 2.0
    assert abs(gone) < 0.6  # half a beat at most: nothing jumped
    for _ in range(4):
        booth.press("tap")
        for _ in range(47):
            clock.take([0xF8], 1.0 + ticks / 48.0) if ticks / 48.0 < booth.time - 1.0 else None
            ticks += ticks / 48.0 < booth.time - 1.0
            booth.run(HOP_SECONDS)
    assert abs(booth.off(0.5, booth.time)) < 60.0


def test_relearn_gives_back_what_was_set_by_hand():
    booth = Booth(Line("link", 120.0), source="link")
    for address in ("tempo.double", "tempo.later", "tempo.lock"):
        booth.press(address)
    booth.press("tempo.offset", 12.0)
    booth.press("tempo.relearn")
    figures = booth.desk.figures()
    assert (figures["tempo_scale"], figures["nudge_ms"], figures["tempo_locked"]) == (1.0, 0, False)
    assert figures["offset_ms"] == 12.0
    assert booth.run(3.0).bpm == pytest.approx(120.0)


def test_range_is_an_octave_at_least_and_the_key_goes_through_ranges():
    booth = Booth(low_bpm=80.0, high_bpm=160.0)
    booth.press("tempo.low", 100.0)
    assert booth.desk.range == (100.0, 200.0)
    booth.press("tempo.high", 150.0)
    assert booth.desk.range == (75.0, 150.0)
    seen = set()
    for _ in range(5):
        booth.press("tempo.range")
        seen.add(booth.desk.range)
    assert len(seen) == 5 and (80.0, 160.0) in seen
    booth.run(0.1)


@pytest.mark.parametrize("value", ["link", " LINK "])
def test_sources_are_chosen_by_name_by_trigger_and_in_turn(value):
    booth = Booth(Line("link", 100.0))
    booth.press("tempo.source", value)
    assert booth.desk.selector.choice == "link"
    booth.press("tempo.source", "gramophone")
    booth.press("tempo.source.nonsense")
    booth.press("tempo.source.audio", 0.0)
    assert booth.desk.selector.choice == "link"
    booth.press("tempo.source.audio")
    assert booth.desk.selector.choice == "audio"
    seen = []
    for _ in range(5):
        booth.press("tempo.next_source")
        seen.append(booth.desk.selector.choice)
    assert seen == ["link", "tap", "fixed", "auto", "audio"]


def test_every_declared_address_does_something():
    """The table of params.py and the desk's are one."""
    known = set(TempoDesk()._actions) - {"tap", "beat_one", "tempo.source"}
    declared = {*TEMPO, TEMPO_LOCK, *TEMPO_TRIGGERS}
    assert known == {name for name in declared if not name.startswith("tempo.source.")}


def test_wrong_values_stop_nothing():
    booth = Booth()
    for address in ("tempo.bpm", "tempo.nudge", "tempo.low", "tempo.high", "tempo.offset"):
        for value in ("x", float("nan"), 1e9, -1e9):
            booth.press(address, value)
    for value in ("x", float("nan"), 2.0):
        booth.press("tempo.lock", value)
    beat = booth.run(1.0)
    assert np.isfinite(beat.beat) and 20.0 <= beat.bpm <= 400.0


def test_the_ear_alone_is_heard_as_without_a_desk(kicks):
    from engine.audio.claims import Hearing
    from engine.audio.media import stream_hops

    desk, hearing = TempoDesk(), Hearing()
    samples = kicks(126.0, 8.0)
    for block in stream_hops(samples):
        assert desk.process(block)[1] == hearing.process(block)[1]
