"""Takes: live with hands and offline with the take are the same, to the last digit."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from engine.audio import demo
from engine.audio.media import decode
from engine.audio.sources import MemorySource
from engine.audio.tempo_desk import TempoDesk, TempoSettings
from engine.audio.tempo_sources.contract import MemoryTempo
from engine.audio.tempo_sources.witnessed import Witness
from engine.clock import AudioClock
from engine.errors import DeviceError, MediaError
from engine.exchange import EventQueue
from engine.graph import Graph
from engine.listening import Listening
from engine.offline import frames, moments, seconds_of
from engine.records import HOP, SAMPLERATE, ControlEvent, Reading
from engine.resolve import resolve, silent_moment
from engine.show import load_show
from engine.takes import TakeWriter, load_take

SECONDS = 2
HANDS = {
    3: [("strength", 0.9), ("knob1", 0.31)], 40: [("tap", 1.0)], 62: [("next", 1.0), ("tap", 1.0)],
    85: [("tap", 1.0)], 100: [("prompts.1.text", "a (red:1.2) fox")],
    101: [("effects.glow.amount", 1)], 120: [("freeze", "toggle")],
    140: [("freeze", "toggle"), ("autopilot", 1.0)], 170: [("reset", 1)],
}  # fmt: skip


@pytest.fixture(scope="module")
def song() -> np.ndarray:
    return decode(demo.path())[30 * SAMPLERATE : (30 + SECONDS) * SAMPLERATE]


def _perform(writer: TakeWriter, song: np.ndarray, desk: TempoDesk, skipped: set[int]):
    """The performance as the analysis thread steps it; moments in order."""
    graph, known = Graph(load_show("first_light"), desk), []
    for hop in range(len(song) // HOP):
        samples = song[hop * HOP : (hop + 1) * HOP]
        writer.sound(samples)
        if hop in skipped:
            writer.skip(graph.hops)
            graph.skip(1)
            continue
        hands = HANDS.get(hop, [])
        events = [ControlEvent(graph.time + 0.004, a, v, "test") for a, v in hands]
        writer.hop(graph.hops, events)
        known.append(graph.hop(samples, events))
    writer.close()
    return known


def _live(played, fps: float):
    show, lines, known = load_show("first_light"), [], silent_moment()
    for moment in [*played, None]:
        until = SECONDS if moment is None else moment.time
        while len(lines) < SECONDS * fps and len(lines) / fps < until:
            lines.append(resolve(len(lines) / fps, len(lines), 1.0 / fps, known, show))
        known = moment or known
    return lines


@pytest.mark.parametrize("busy", [False, True])
def test_a_take_plays_again_exactly(tmp_path: Path, song: np.ndarray, busy: bool) -> None:
    writer = TakeWriter(tmp_path / "one.take", "first_light", "", {})
    desk, skipped = TempoDesk(), set(range(50, 57)) if busy else set()
    played = _perform(writer, song, desk, skipped)
    take = load_take(tmp_path / "one.take")
    sound = decode(take.sound_path)
    assert np.array_equal(sound[: len(song) // HOP * HOP], song[: len(song) // HOP * HOP])
    for fps in (24, 30, 60):
        film = list(frames(sound, load_show(take.show), fps, take=take))
        live = _live(played, fps)
        assert film[: len(film) - 1] == live[: len(film) - 1] and len(film) >= SECONDS * fps - 1
    assert take.hops == len(song) // HOP
    assert seconds_of(np.concatenate([sound, sound]), take) == take.hops * HOP / SAMPLERATE
    assert film != list(frames(sound, load_show(take.show), fps))


def test_outside_tempo_is_said_again(tmp_path: Path, song: np.ndarray) -> None:
    settings = TempoSettings("auto", low_bpm=80.0)
    tempo = {"low_bpm": 80.0}
    writer = TakeWriter(tmp_path / "link.take", "first_light", "", tempo)
    link = MemoryTempo("link", Reading(0.5, 97.0, 0.25, 2, 1.0, "link"))
    desk = TempoDesk(settings, [Witness(link, writer.reading)])
    played = _perform(writer, song, desk, set())
    assert played[-1].signals.beat.source == "link"
    take = load_take(tmp_path / "link.take")
    film = list(frames(decode(take.sound_path), load_show(take.show), 30, take=take))
    assert film[:-1] == _live(played, 30)[: len(film) - 1]


def test_a_crash_leaves_a_take_that_loads(tmp_path: Path) -> None:
    """Killed in the midst: what was taken in so far is there, and the sound is whole."""
    code = (
        "import os, sys, numpy as np\n"
        "from pathlib import Path\n"
        "from engine.takes import TakeWriter\n"
        "from engine.records import ControlEvent\n"
        "w = TakeWriter(Path(sys.argv[1]), 'bloom', '', {})\n"
        "for hop in range(400):\n"
        "    w.hop(hop, [ControlEvent(hop / 94, 'knob1', hop / 400)])\n"
        "    w.sound(np.full((512, 2), 0.25, 'f4'))\n"
        "while not w._queue.empty(): pass\n"
        "import time; time.sleep(0.2)\n"
        "os.kill(os.getpid(), 9)\n"
    )
    path = tmp_path / "gone.take"
    subprocess.run([sys.executable, "-c", code, str(path)], check=False)
    take = load_take(path)
    assert len(take.events) == 400 and take.events[399][0].value == 399 / 400
    assert len(decode(take.sound_path)) > 300 * HOP
    path.write_text(path.read_text() + '{"hop": 9, "addr')
    assert len(load_take(path).events) == 400


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", ":1: is no take"), ("hello", ":1: is no line"),
        ('{"liquidlight_take": 9}', "version 1"),
        ('{"liquidlight_take": 1}', "names no show"),
        ('{"liquidlight_take": 1, "show": "a", "sound": "b"}\nx\n{"hop": 1, "skipped": 1}', ":2:"),
        ('{"liquidlight_take": 1, "show": "a", "sound": "b"}\n{"hop": -1, "skipped": 1}', ":2:"),
        ('{"liquidlight_take": 1, "show": "a", "sound": "b"}\n'
         '{"hop": 1, "address": 3, "value": 1, "time": 0}', ":2:"),
    ],
)  # fmt: skip
def test_what_is_no_take(tmp_path: Path, text: str, says: str) -> None:
    path = tmp_path / "bad.take"
    path.write_text(text)
    with pytest.raises(MediaError) as error:
        load_take(path)
    assert says in str(error.value)
    with pytest.raises(DeviceError, match=r"ends in \.take"):
        TakeWriter(tmp_path / "x.json", "a", "b", {})


def _listen(song: np.ndarray, hands: bool, **take) -> list:
    """The moments of the live half, the source being in memory."""
    events: EventQueue[ControlEvent] = EventQueue()
    source = MemorySource(song[: len(song) // HOP * HOP])
    listening = Listening(source, load_show("first_light"), AudioClock(), events)
    for name, value in take.items():
        setattr(listening, name, value)
    known = []
    while (samples := source.read_hop()) is not None:
        for address, value in HANDS.get(listening.graph.hops, []) if hands else []:
            events.put(ControlEvent(listening.graph.time, address, value, "test"))
        listening._hop(samples)
        known.append(listening.moment.get())
    return known


def test_a_take_recorded_live_plays_live_and_as_a_film(tmp_path: Path, song: np.ndarray) -> None:
    path = tmp_path / "live.take"
    writer = TakeWriter(path, "first_light", "", {})
    played = _listen(song, hands=True, take_writer=writer)
    writer.close()
    take = load_take(path)
    assert _listen(song, hands=False, take=take) == played
    assert list(moments(decode(take.sound_path), load_show(take.show), take)) == played
    assert len(take.all_events) == sum(map(len, HANDS.values()))
