"""Everything that hands can touch in the running show, by address, and how it stands.

The newest Moment, the show and the tempo desk are read; rows of Control and plain values flow
out, to whoever shows them: OSC, pages, the operator's view. Any thread; nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from controllers.surface import Control
from engine.autosave import seen_look
from engine.listening import Listening
from engine.params import (
    KNOBS,
    MACRO,
    PARAMS,
    SET,
    SET_SWITCHES,
    STAGE,
    SWITCHES,
    TEMPO,
    TEMPO_LOCK,
    TEMPO_SOURCES,
    TRIGGERS,
    WEIGHT,
    Param,
)
from engine.records import Moment
from engine.resolve import looks_at, names_at, number_of
from engine.scenes import change_at, shown_at
from engine.seen import Inputs, Seen
from engine.show import Preset, Show

KNOB = Param("knob", 0.0, 0.0, 1.0, "", "free control for expressions")


class LiveSurface:
    """The controllers.surface.Surface of a performance that listens."""

    def __init__(self, listening: Listening) -> None:
        self._listening = listening
        self._of: tuple[object, ...] = ()
        self._controls: tuple[Control, ...] = ()

    def controls(self) -> tuple[Control, ...]:
        show = self._listening.show.get()
        moment = self._listening.moment.get()
        look = seen_look(moment, show)
        added = tuple(Seen(look, 1.0, {}, moment.controls).added)
        if self._of != (id(show), id(look), added):
            self._controls = (*controls_of(show, look), *_prompts(added))
            self._of = id(show), id(look), added
        return self._controls

    def values(self) -> dict[str, float | str]:
        moment, show = self._listening.moment.get(), self._listening.show.get()
        return {**self._tempo(moment), **values_at(moment, show)}

    def queued(self) -> frozenset[str]:
        moment, waiting = self._listening.moment.get(), self._listening.graph.launches.waiting
        beat, queued = moment.signals.beat.at(moment.time), moment.playing.queued
        if queued is None or change_at(beat, moment.playing) is queued:
            return waiting
        return waiting | {f"preset.{queued.after + 1}"}

    def heard(self) -> dict[str, float]:
        moment = self._listening.moment.get()
        return names_at(moment.time, moment, self._listening.show.get().stem_names)

    def _tempo(self, moment: Moment) -> dict[str, float | str]:
        desk = self._listening.graph.tempo
        values: dict[str, float | str] = {"tempo.bpm": moment.signals.beat.bpm}
        figures = getattr(desk, "figures", dict)()  # a song that was heard before has no desk
        if figures:
            low, high = figures["tempo_range"]
            values |= {
                "tempo.lock": float(figures["tempo_locked"]), "tempo.low": low, "tempo.high": high,
                "tempo.nudge": figures["nudge_ms"], "tempo.offset": figures["offset_ms"],
                "tempo.source": figures["tempo_choice"],
            }
        return values


def values_at(moment: Moment, show: Show) -> dict[str, float | str]:
    """How every address of the look that is seen, and of the set, stands at a moment."""
    time, hands, playing = moment.time, moment.controls, moment.playing
    looks = looks_at(time, moment, shown_at(time, moment, show), show)
    seen = max(looks, key=lambda look: look.share)
    beat = moment.signals.beat.at(time)
    values: dict[str, float | str] = {name: number_of(name, looks) for name in PARAMS}
    values |= {name: hands.values.get(name, 0.0) for name in KNOBS}
    values |= {name: float(getattr(hands, name)) for name in SWITCHES}
    values |= {name: hands.values.get(name, row.default) for name, row in STAGE.items()}
    values |= {
        "autopilot": float(playing.autopilot), "autopilot.lock": float(playing.locked),
        "crossfader": playing.crossfader,
        "preset": show.names[change_at(beat, playing).after % len(show.names)],
    }
    for deck, number in zip("ab", playing.decks, strict=True):
        values[f"deck.{deck}"] = "" if number is None else show.names[number % len(show.names)]
    lines = (*seen.look.prompts, *seen.added.values())
    for n, line in enumerate(lines, 1):
        values[f"prompts.{n}.text"] = hands.texts.get(f"prompts.{n}.text", line.text)
        values[f"prompts.{n}.weight"] = seen.weight(n)
    for name, word in seen.look.words.items():
        values[f"words.{name}"] = hands.texts.get(f"words.{name}", word.text)
    values |= {value.param.name: seen.names[name] for name, value in seen.look.macros.items()}
    shares = zip(seen.look.loras, seen.loras(), strict=True)
    values |= {line.weight.param.name: weight for line, (_, weight) in shares}
    for effect in seen.effects():
        values |= _numbers(f"effects.{effect.shader}", effect.inputs)
    if (source := seen.source()) is not None:
        values |= _numbers("source", source.inputs)
    for n, layer in enumerate(seen.layers(), 1):
        place = f"layers.{n}"
        values[f"{place}.opacity"] = layer.opacity
        for name, on in zip(("solo", "bypass"), seen.switches(n), strict=True):
            values[f"{place}.{name}"] = float(on)
        if layer.kind == "text":
            values[f"{place}.text"] = layer.name
        values |= _numbers(place, layer.inputs)
        for effect in layer.effects:
            values |= _numbers(f"{place}.effects.{effect.shader}", effect.inputs)
    held = {name: value for name, value in hands.values.items() if name in values}
    return values | held  # what the hand says, though an expression may go on under it


def _numbers(place: str, inputs: Inputs) -> dict[str, float]:
    """Those that a hand can move; points and colours have no address."""
    return {f"{place}.{name}": v for name, v in inputs if not isinstance(v, tuple)}


def controls_of(show: Show, look: Preset) -> tuple[Control, ...]:
    """Everything that can be touched while a look of the show is seen."""
    return (*_always(show), *_of_look(look))


def _always(show: Show) -> Iterator[Control]:
    """What is there whichever look is seen."""
    for row in (*PARAMS.values(), *TEMPO.values(), *SET.values(), *STAGE.values()):
        yield Control(row.name, "value", row.help, row)
    for name in KNOBS:
        yield Control(name, "value", KNOB.help, KNOB)
    for name in (*SWITCHES, *SET_SWITCHES, TEMPO_LOCK):
        yield Control(name, "switch", "on or off")
    for name in TRIGGERS:
        yield Control(name, "trigger", "")
    yield Control("preset", "choice", "the preset that plays", choices=show.names)
    for deck in "ab":
        yield Control(f"deck.{deck}", "choice", f"the preset on deck {deck}", choices=show.names)
    for n, name in enumerate(show.names, 1):
        yield Control(f"preset.{n}", "preset", f"play {name}")
    yield Control("tempo.source", "text", "whose beat is followed", choices=TEMPO_SOURCES)
    yield Control("release", "text", "give an address back to the look")
    yield Control("line", "text", "the line that a song sings now")


def _of_look(look: Preset) -> Iterator[Control]:
    yield from _prompts(range(1, len(look.prompts) + 1))
    for name in look.words:
        yield Control(f"words.{name}", "text", f"what {{{name}}} stands for")
    for name, value in look.macros.items():
        yield Control(value.param.name, "value", f"{name}, {MACRO.help}", value.param)
    for line in look.loras:
        yield Control(line.weight.param.name, "value", line.weight.param.help, line.weight.param)
    for effect in look.effects:
        yield from _inputs(f"effects.{effect.shader}", effect.inputs)
    if look.source_layer is not None:
        yield from _inputs("source", look.source_layer.inputs)
    for n, layer in enumerate(look.layers, 1):
        own = (("opacity", layer.opacity), ("solo", layer.solo), ("bypass", layer.bypass))
        yield from _inputs(f"layers.{n}", (*own, *layer.inputs))
        if layer.kind == "text":
            yield Control(f"layers.{n}.text", "text", "words of the layer")
        for effect in layer.effects:
            yield from _inputs(f"layers.{n}.effects.{effect.shader}", effect.inputs)


def _prompts(places: Iterable[int]) -> Iterator[Control]:
    for n in places:
        yield Control(f"prompts.{n}.text", "text", "words of the prompt")
        yield Control(f"prompts.{n}.weight", "value", WEIGHT.help, WEIGHT)


def _inputs(place: str, lines: Sequence[tuple[str, object]]) -> Iterator[Control]:
    for name, value in lines:
        if not isinstance(value, tuple):
            yield Control(f"{place}.{name}", "value", value.param.help, value.param)


