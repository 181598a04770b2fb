"""The analysis thread's duties, with a source in memory: lateness, moments in time, the meter."""

import numpy as np
import pytest

from engine.audio.sources import MemorySource
from engine.clock import AudioClock, monotonic, sleep
from engine.exchange import EventQueue
from engine.listening import Listening
from engine.records import HOP, HOP_SECONDS, SAMPLERATE, ControlEvent
from engine.show import load_show
from engine.stats import InputMeter, Latency
from engine.takes import Take


class LateSource(MemorySource):
    """Gives each hop when its time has come, and says when that was."""

    def __init__(self, seconds: float, begun: float) -> None:
        super().__init__(np.zeros((round(seconds * SAMPLERATE), 2), np.float32))
        self.begun = begun

    @property
    def sounded(self) -> float:
        return self.begun + self._read / SAMPLERATE

    def read_hop(self):
        return super().read_hop() if monotonic() > self.sounded + HOP_SECONDS else None


def _listening(source) -> Listening:
    return Listening(source, load_show("first_light"), AudioClock(), EventQueue())


def test_a_starved_analysis_passes_over_what_is_old_and_time_stays_right():
    source = LateSource(20.0, monotonic() - 5.0)  # five seconds wait already
    listening = _listening(source)
    listening.hops = EventQueue()
    for _ in range(3):
        listening._hop(listening._newest(source.read_hop()))
        sleep(HOP_SECONDS)
    assert listening.skipped == pytest.approx(5.0 / HOP_SECONDS, abs=40)
    assert listening.graph.time == pytest.approx(source._read / SAMPLERATE)
    recorded = listening.hops.drain()
    times = [time for _, time in recorded]
    assert np.diff(times) == pytest.approx(HOP_SECONDS)  # the film's sound has no gap
    assert listening.moment.get().time > 4.5


def test_what_is_drawn_is_the_newest_moment_that_has_sounded():
    source = MemorySource(np.zeros((100 * HOP, 2), np.float32))
    listening = _listening(source)
    while (hop := source.read_hop()) is not None:
        listening._hop(hop)
    last = listening.moment.get().time
    assert listening.moment_at(last + 1.0).time == last
    assert listening.moment_at(last).time == last
    assert listening.moment_at(last - 0.05).time == pytest.approx(last - 5 * HOP_SECONDS)
    assert listening.moment_at(0.0).time > 0.0  # the oldest that is kept


def test_the_meter_tells_peak_clipping_and_silence():
    meter = InputMeter()
    assert meter.figures()["input_peak_db"] is None
    block = np.zeros((HOP, 2), np.float32)
    for _ in range(94):
        meter.take(block)
    assert meter.figures()["input_silent_s"] == pytest.approx(1.0, abs=0.01)
    block[3, 1] = -0.5
    meter.take(block)
    figures = meter.figures()
    assert figures["input_peak_db"] == pytest.approx(-6.0, abs=0.05)
    assert (figures["input_silent_s"], figures["input_clipped"]) == (0.0, 0)
    block[5] = (1.0, -1.2)
    meter.take(block)
    assert meter.figures()["input_clipped"] == 2
    assert meter.figures()["input_peak_db"] is None  # since the last time


def test_the_parts_of_the_way_to_light_add_up():
    latency = Latency()
    for n in range(400):
        latency.known = n / 60.0 - 0.03
        begun = n / 60.0
        latency.frame(begun, begun + 0.008, begun + 0.008, 1 / 60.0)
    parts = latency.figures(0.012, 0.004)
    assert latency.lead == pytest.approx(0.008 + 1 / 60.0, abs=1e-4)
    assert latency.total == pytest.approx(0.038 + 1 / 60.0, abs=1e-4)
    assert sum(parts.values()) == pytest.approx(1000.0 * latency.total, abs=0.1)
    assert parts["waiting_ms"] == pytest.approx(14.0, abs=0.1)


def test_a_hand_is_seen_before_the_next_hop_and_steps_the_graph_once():
    source = MemorySource(np.zeros((4 * HOP, 2), np.float32))
    listening = _listening(source)
    listening._hop(source.read_hop())
    before = listening.graph.moment
    for event in (("freeze", "toggle"), ("strength", 0.9)):
        listening._events.put(ControlEvent(0.0, *event))
        listening._show_hands()
    seen = listening.moment_at(before.time).controls
    assert seen.freeze and seen.values["strength"] == 0.9
    assert listening.moment.get().controls == seen
    assert listening.graph.moment is before  # nothing that remembers has moved
    listening._hop(source.read_hop())
    assert listening.graph.moment.controls == seen  # toggled once
    listening._hop(source.read_hop())
    assert listening.graph.moment.controls == seen


def test_a_take_plays_its_hands_again_but_not_its_recording(tmp_path):
    listening = _listening(MemorySource(np.zeros((4 * HOP, 2), np.float32)))
    events = [ControlEvent(0.0, name, 1.0, "key") for name in ("record", "freeze")]
    listening.take = Take(tmp_path, "first_light", "", events={0: events})
    listening._hop(np.zeros((HOP, 2), np.float32))
    controls = listening.moment.get().controls
    assert controls.freeze and not controls.record
    listening._events.put(ControlEvent(0.0, "record", 1.0, "key"))
    listening._hop(np.zeros((HOP, 2), np.float32))
    assert listening.moment.get().controls.record
