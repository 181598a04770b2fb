"""What expressions remember: stepped by the graph, the same at any frame rate, kept over a save."""

import math
from pathlib import Path

import numpy as np
import pytest
from scipy.io import wavfile

from engine.cli import main
from engine.graph import Graph
from engine.memory import Count, Hold, Last, Latch, Peak, Run, Smooth
from engine.records import HOP, HOP_SECONDS, SAMPLERATE, ControlEvent
from engine.registers import registers_of
from engine.resolve import resolve
from engine.show import Show, load_show

SILENCE = np.zeros((HOP, 2), np.float32)
KNOB = {"before": 0.0, "after": 1.0}


def _look(path: Path, strength: str, more: str = "") -> Show:
    path.write_text(f'strength = "{strength}"\n{more}\n[[prompts]]\ntext = "plasma"\n')
    return load_show(str(path))


def _strengths(show: Show, graph: Graph | None = None, knob: float = 1.0, hops: int = 20) -> list:
    """The strength after each hop; knob1 stands at `knob` from the start."""
    graph = graph or Graph(show)
    graph.show = show
    found = []
    for hop in range(hops):
        event = ControlEvent(graph.time, "knob1", knob, "test")
        moment = graph.hop(SILENCE, [event] if hop == 0 else [])
        found.append(resolve(moment.time, 0, 0.0, moment, show).strength)
    return found


def test_smooth_follows_as_an_envelope_does() -> None:
    smooth = Smooth()
    assert smooth.step(0.0, 0.01, 1.0, 0.1, 0.4) == 1.0  # begins where x is
    assert smooth.step(0.0, 0.2, 0.0, 0.1, 0.4) == pytest.approx(math.exp(-0.5))
    up = smooth.step(0.0, 0.1, 1.0, 0.1, 0.4)
    assert up == pytest.approx(1.0 - (1.0 - math.exp(-0.5)) * math.exp(-1.0))
    assert smooth.step(0.0, 0.01, 0.25, 0.0, 0.0) == 0.25  # no time at all


def test_steps_of_any_length_end_at_the_same_value() -> None:
    one, many = Smooth(), Smooth()
    one.step(0.0, 0.01, 1.0, 0.1, 0.4), many.step(0.0, 0.01, 1.0, 0.1, 0.4)
    for _ in range(50):
        value = many.step(0.0, 0.01, 0.0, 0.1, 0.4)
    assert one.step(0.0, 0.5, 0.0, 0.1, 0.4) == pytest.approx(value)


ROLL = [0.0, 1.0, 0.7, 0.5, 0.3, 1.0, 0.7, 1.0, 0.8, 0.0]
"""Three hits; the third begins before the tail of the second is gone."""


def test_what_a_trigger_does() -> None:
    hold, latch, count, last = Hold(), Latch(), Count(), Last()
    rows = [
        (hold.step(n, 1, 10 + n, x), latch.step(n, 1, x), count.step(n, 1, x), last.step(n, 1, x))
        for n, x in enumerate(ROLL)
    ]
    held, latched, counted, times = zip(*rows, strict=True)
    assert held == (10, 11, 11, 11, 11, 15, 15, 17, 17, 17)
    assert latched == (0, 1, 1, 1, 1, 0, 0, 1, 1, 1)
    assert counted == (0, 1, 1, 1, 1, 2, 2, 3, 3, 3)
    assert times[1:] == (1, 1, 1, 1, 5, 5, 7, 7, 7) and times[0] < -1000.0


def test_a_slow_rise_triggers_once() -> None:
    count = Count()
    assert [count.step(0.0, 0.01, x / 100) for x in range(101)][-1] == 1.0


def test_peak_falls_to_x_and_run_adds_up() -> None:
    peak, run = Peak(), Run()
    assert [peak.step(0.0, 1.0, x, 1.0) for x in (0.5, 2.0)] == [0.5, 2.0]
    assert peak.step(0.0, 1.0, 1.0, 1.0) == pytest.approx(1.0 + math.exp(-1.0))
    assert [run.step(0.0, 0.5, 2.0) for _ in range(3)] == [1.0, 2.0, 3.0]


def test_a_look_remembers_hop_by_hop(tmp_path: Path) -> None:
    found = _strengths(_look(tmp_path / "a.toml", "smooth(1 - knob1, 0.1, 0.1)"), hops=40)
    assert found[0] == 0.0  # begins where it is: the knob was moved before the first step
    graph = Graph(show := _look(tmp_path / "b.toml", "smooth(knob1, 0.1, 0.1)"))
    _strengths(show, graph, 0.0)
    found = _strengths(show, graph, 1.0)
    assert found == pytest.approx([1.0 - math.exp(-n * HOP_SECONDS / 0.1) for n in range(1, 21)])


def test_registers_ask_registers_and_macros(tmp_path: Path) -> None:
    show = _look(
        tmp_path / "a.toml", "0.5*smooth(latch(knob1), 0, 0) + 0.1*peak(calm)",
        "[macros]\ncalm = 0.5",
    )  # fmt: skip
    assert _strengths(show)[-1] == pytest.approx(0.55)
    keys = [register.key for register in registers_of(show.presets[0])]
    assert keys == ["latch(knob1)", "smooth(latch(knob1), 0, 0)", "peak(calm, 1)"]


def test_since_and_decay_run_on_between_hops(tmp_path: Path) -> None:
    """The time of the event is remembered; what follows from it is asked at any time."""
    graph = Graph(show := _look(tmp_path / "a.toml", "decay(knob1, 0.2)"))
    assert _strengths(show, graph, 0.0, hops=3) == [0.0] * 3
    hit = graph.hop(SILENCE, [ControlEvent(graph.time, "knob1", 1.0, "test")])
    for later in (0.0, 0.013, 0.1):
        assert resolve(hit.time + later, 0, 0.0, hit, show).strength == pytest.approx(
            math.exp(-later / 0.2)
        )


def test_a_save_keeps_what_did_not_change(tmp_path: Path) -> None:
    path = tmp_path / "a.toml"
    graph = Graph(show := _look(path, "0.1*count(knob1) + 0*count(knob2)"))
    assert _strengths(show, graph)[-1] == pytest.approx(0.1)
    saved = _look(path, "0.2 + 0.1*count(knob1)")
    assert resolve(graph.time, 0, 0.0, graph.moment, saved).strength == pytest.approx(0.3)
    assert _strengths(saved, graph)[-1] == pytest.approx(0.3)
    new = _look(path, "0.2 + 0.1*count(2*knob1)")
    assert resolve(graph.time, 0, 0.0, graph.moment, new).strength == pytest.approx(0.2)
    assert _strengths(new, graph)[-1] == pytest.approx(0.3)


def test_every_look_remembers_for_itself(tmp_path: Path) -> None:
    """Two looks with a knob of one name; the one that is not shown is stepped as well."""
    for name, energy in (("a", 0.2), ("b", 0.7)):
        _look(tmp_path / f"{name}.toml", "smooth(energy)", f"[macros]\nenergy = {energy}")
    path = tmp_path / "set.toml"
    path.write_text('presets = ["a", "b"]\n')
    graph = Graph(load_show(str(path)))
    kept = graph.hop(SILENCE).registers
    values = {look: list(values.values()) for look, values in kept.items()}
    assert values == {"a": [0.2], "b": [0.7]}


def test_skipped_time_counts(tmp_path: Path) -> None:
    graph = Graph(show := _look(tmp_path / "a.toml", "0.1*run(1)"))
    _strengths(show, graph, hops=4)
    graph.skip(5)
    assert _strengths(show, graph, hops=1)[0] == pytest.approx(0.1 * 10 * HOP_SECONDS)


def test_frozen_memory_stands(tmp_path: Path) -> None:
    graph = Graph(show := _look(tmp_path / "a.toml", "run(1)"))
    _strengths(show, graph, hops=4)
    for value in (1.0, 0.0):
        event = ControlEvent(graph.time, "freeze", value, "test")
        frozen = [graph.hop(SILENCE, [event] if not n else []) for n in range(10)]
    assert frozen[-1].registers["a"]["run(1)"] == pytest.approx(15 * HOP_SECONDS)


def test_keyframes_of_a_song_remember_too(tmp_path: Path, capsys: pytest.CaptureFixture) -> None:
    song = tmp_path / "silence.wav"
    wavfile.write(song, SAMPLERATE, np.zeros((SAMPLERATE // 2, 2), np.float32))
    assert main(["signals", str(song), "--fps", "10", "--keyframes", "run(2) + 1"]) == 0
    first, *_, last = capsys.readouterr().out.strip().split(", ")
    assert first == "0:(1)" and last == "4:(1.789)"  # the 37 hops that end before 0.4 s
