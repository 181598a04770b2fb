"""A take begun in the midst of a show: as a film, and laid over the show again, it is the same."""

from dataclasses import fields, replace
from pathlib import Path

import numpy as np
import pytest

from engine.audio import demo
from engine.audio.media import decode
from engine.audio.sources import MemorySource
from engine.audio.tempo_desk import TempoDesk, TempoSettings
from engine.clock import AudioClock, monotonic, sleep
from engine.company import take_desk
from engine.exchange import EventQueue
from engine.laid_take import LaidTake
from engine.listening import Listening
from engine.offline import frames, moments
from engine.records import HOP, HOP_SECONDS, SAMPLERATE, ControlEvent, Moment
from engine.resolve import resolve
from engine.show import load_show
from engine.takes import TakeWriter, load_take

SECONDS, BEGIN, END = 9, 400, 780
BEFORE = {
    20: [("preset.now", "rose_window"), ("transition.beats", 1.0)], 150: [("knob1", 0.3)],
    160: [("strength", 0.72), ("prompts.1.text", "a (red:1.2) fox")], 170: [("knob3", 0.9)],
    390: [("motion.zoom.phrase", 1.07), ("preset.phrase", "night_moth")],
}  # fmt: skip
DURING = {
    BEGIN + 20: [("strength", 0.9)], BEGIN + 60: [("knob1", 0.8), ("freeze", 1.0)],
    BEGIN + 70: [("freeze", 0.0), ("undo", 1.0)], BEGIN + 100: [("opacity.beat", 0.5)],
    BEGIN + 150: [("record", 1.0), ("motion.angle", 20.0)], BEGIN + 170: [("undo", 1.0)],
}  # fmt: skip
HANDS = BEFORE | DURING | {BEGIN: [("take", 1.0)], END: [("take", 0.0)]}


@pytest.fixture(scope="module")
def song() -> np.ndarray:
    return decode(demo.path())[30 * SAMPLERATE : (30 + SECONDS) * SAMPLERATE]


def _hands(moment: Moment) -> dict[str, object]:
    """What hands hold, recordings left out."""
    controls = replace(moment.controls, take=False, record=False)
    return {field.name: getattr(controls, field.name) for field in fields(controls)}


class Evening:
    """A show that listens in memory, with hands at its hops."""

    def __init__(
        self, song: np.ndarray, show: str = "first_light", tempo: TempoDesk | None = None
    ) -> None:
        self.events: EventQueue[ControlEvent] = EventQueue()
        self.source = MemorySource(song[: len(song) // HOP * HOP])
        self.listening = Listening(self.source, load_show(show), AudioClock(), self.events,
                                   tempo)
        self.moments: list[Moment] = []

    def until(self, hop: int, hands=None) -> None:
        graph = self.listening.graph
        while graph.hops < hop and (samples := self.source.read_hop()) is not None:
            for address, value in (hands or {}).get(graph.hops, []):
                self.events.put(ControlEvent(graph.time + 0.003, address, value, "test"))
            self.listening._hop(samples)
            self.moments.append(self.listening.moment.get())
        assert not self.listening.faults, self.listening.fault


@pytest.fixture(scope="module")
def evening(tmp_path_factory, song: np.ndarray):
    evening = Evening(song)
    path = tmp_path_factory.mktemp("takes") / "middle.take"
    evening.until(BEGIN + 1, HANDS)
    evening.until(BEGIN + 30, HANDS)  # a slow disk costs nothing of it
    early, = evening.listening.takes.begun.drain()
    early.writer = TakeWriter(path, "first_light", "", {})
    evening.until(END + 1, HANDS)
    writer, = evening.listening.takes.ended.drain()
    writer.close()
    assert not writer.error
    return evening, load_take(path)


def test_it_says_where_it_began_and_how_long_it_was(evening):
    _, take = evening
    assert (take.first, take.hops) == (BEGIN + 1, END - BEGIN)
    assert take.begun == pytest.approx((BEGIN + 1) * HOP_SECONDS)
    assert len(take.beats) == take.hops
    assert len(decode(take.sound_path)) == take.hops * HOP
    addresses = {event.address for event in take.all_events}
    assert not addresses & {"take", "record", "undo", "autopilot.now"}


def test_the_film_of_it_is_what_was_seen(evening):
    played, take = evening
    live = played.moments[BEGIN + 1 : END + 1]
    show = load_show(take.show)
    film = list(moments(decode(take.sound_path), show, take))
    assert len(film) == len(live)
    for now, then in zip(film, live, strict=True):
        assert now.time == then.time and now.signals.beat == then.signals.beat
        assert now.signals.values == then.signals.values, now.time
        assert now.signals.clocks == then.signals.clocks and _hands(now) == _hands(then)
        assert (now.pose, now.dark) == (then.pose, then.dark)
        assert resolve(now.time, 0, 0.0, now, show) == resolve(now.time, 0, 0.0, then, show)
    pictures = list(frames(decode(take.sound_path), show, 30, take=take))
    assert pictures[0].time == take.begun and pictures[0].preset == "rose_window"
    assert pictures[-1].preset == "night_moth"
    assert len(pictures) == int(np.ceil(take.hops * HOP_SECONDS * 30 - 1e-9))


def test_laid_over_the_show_it_gives_the_same_values_at_the_same_beats(evening, song):
    """Over another evening, whose own hands stood elsewhere, at the same place in the music."""
    played, take = evening
    again = Evening(song)
    other = {30: [("knob2", 0.6), ("strength", 0.2), ("blackout", 1.0)],
             100: [("preset.now", "op_art")]}  # fmt: skip
    again.until(BEGIN + 1, other)
    again.listening.takes.lay(LaidTake(take, BEGIN + 1))
    again.until(END + 1)
    for now, then in zip(again.moments[BEGIN + 1 :], played.moments[BEGIN + 1 :], strict=True):
        assert now.controls.blackout and not now.controls.take
        assert _hands(now) == {**_hands(then), "blackout": True}
        assert now.playing.change.after == then.playing.change.after
    assert again.listening.takes.laid is None


def _looks(tmp_path: Path) -> str:
    for name in ("one", "two", "three"):
        (tmp_path / f"{name}.toml").write_text('[[prompts]]\ntext = "ink"\n')
    path = tmp_path / "set.toml"
    path.write_text('presets = ["one", "two", "three"]\nbars = 1\n'
                    '[autopilot]\non = true\norder = "shuffle"\n')  # fmt: skip
    return str(path)


def test_what_the_autopilot_chose_is_in_it_and_it_goes_on_after(tmp_path: Path) -> None:
    """A bar lasts a second: what chance has chosen in four comes again, on the same hops."""
    show, silence = _looks(tmp_path), np.zeros((10 * SAMPLERATE, 2), np.float32)
    evening = Evening(silence, show, TempoDesk(TempoSettings("fixed", 240.0)))
    evening.until(131, {130: [("take", 1.0)]})
    evening.until(132)
    early, = evening.listening.takes.begun.drain()
    early.writer = TakeWriter(tmp_path / "led.take", show, "", {})
    evening.until(501, {500: [("take", 0.0)]})
    writer, = evening.listening.takes.ended.drain()
    writer.close()
    take = load_take(tmp_path / "led.take")
    chosen = [moment.playing.change.after for moment in evening.moments[131:501]]
    assert len(set(chosen)) == 3 and evening.moments[-1].playing.autopilot
    film = list(moments(decode(take.sound_path), load_show(take.show), take))
    assert [moment.playing.change.after for moment in film] == chosen
    evening.listening.takes.lay(LaidTake(take, 501))
    evening.until(501 + take.hops + 2)
    laid = evening.moments[501:]
    assert not laid[20].playing.autopilot and laid[-1].playing.autopilot


def test_a_take_of_before_and_damaged_memory_still_play(evening, song) -> None:
    """What a file says is left out where it does not fit; nothing that was read is trusted."""
    played, take = evening
    bad = {"_signals": {"_bands": [1, 2], "_parts_gain": {"_peak": {"value": "loud"}}},
           "_settings": {"following": 3}, "_dimmer": {"_dark": None}, "pose": [1.0],
           "ear": {"_spectra": {"_recent": [[0.5]], "_slot": float("nan")}}}  # fmt: skip
    for memory in ({}, bad):
        film = moments(decode(take.sound_path), load_show(take.show), replace(take, memory=memory))
        now = next(film)
        assert now.signals.beat == played.moments[BEGIN + 1].signals.beat
        assert now.controls.values == played.moments[BEGIN + 1].controls.values


def test_it_plays_live_again_from_its_beginning(evening) -> None:
    """As `play --take` does: at the show time at which it began, to the same end."""
    played, take = evening
    source = MemorySource(decode(take.sound_path))
    listening = Listening(
        source, load_show(take.show), AudioClock(), EventQueue(), take_desk(take)
    )  # fmt: skip
    listening.take = take
    listening.start()
    end = monotonic() + 60.0
    while not source.finished and monotonic() < end:
        sleep(0.02)
    listening.close()
    then, now = played.moments[END], listening.moment.get()
    assert not listening.faults, listening.fault
    assert (now.time, now.signals.beat, _hands(now)) == (then.time, then.signals.beat, _hands(then))
