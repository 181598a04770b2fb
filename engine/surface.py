"""Everything that hands can touch in the running show, by address, and how it stands.

The newest Moment, the show and the tempo desk are read; rows of Control and plain values flow
out, to whoever shows them: OSC, pages, the operator's view. Any thread; nothing is changed here.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from controllers.surface import Control
from engine.autosave import seen_look
from engine.input_hands import INPUT, LOOK, name_of
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
from engine.seen import USUAL, Inputs, Seen
from engine.show import Preset, Show, Value

if TYPE_CHECKING:
    from engine.output_surface import OutputSurface

KNOB = Param("knob", 0.0, 0.0, 1.0, "", "free control for expressions")


class LiveSurface:
    """The controllers.surface.Surface of a performance that listens."""

    def __init__(self, listening: Listening, outputs: OutputSurface | None = None) -> None:
        """`outputs` are the windows', where there are any."""
        self._listening, self._outputs = listening, outputs
        self._of: tuple[object, ...] = ()
        self._controls: tuple[Control, ...] = ()

    def controls(self) -> tuple[Control, ...]:
        show = self._listening.show.get()
        moment = self._listening.moment.get()
        look = seen_look(moment, show)
        added = tuple(Seen(look, 1.0, {}, moment.controls).added)
        room = self._outputs.controls() if self._outputs else ()
        inputs = self._listening.inputs
        if self._of != (id(show), id(look), added, id(room), inputs):
            self._controls = (
                *controls_of(show, look), *(row for n in added for row in _prompt(n)), *room,
                *_sound(inputs),
            )
            self._of = id(show), id(look), added, id(room), inputs
        return self._controls

    def values(self) -> dict[str, float | str]:
        moment, show = self._listening.moment.get(), self._listening.show.get()
        room = self._outputs.values() if self._outputs else {}
        if self._listening.inputs:
            room = {**room, INPUT: name_of(self._listening.source)}
        laid = {"take.play": self._listening.takes.playing}
        return {**self._tempo(moment), **values_at(moment, show), **laid, **room}

    def ghosts(self) -> dict[str, float]:
        moment, show = self._listening.moment.get(), self._listening.show.get()
        if not moment.controls.values:
            return {}
        return ghosts_at(moment, show, {c.name for c in self.controls() if c.based})

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
    hands, playing = moment.controls, moment.playing
    beat = moment.signals.beat.at(moment.time)
    values = _of_looks(_looks(moment, show), hands.texts)
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
    held = {name: value for name, value in hands.values.items() if name in values}
    return values | held  # what the hand says, though an expression may go on under it


def ghosts_at(moment: Moment, show: Show, based: Collection[str]) -> dict[str, float]:
    """Where the show has each number that a hand holds.

    That is as it is drawn now, where the look goes on under the hand (`based` are such addresses)
    or is another for the moment; else where the look would have it, were it let go.
    """
    held, looks = moment.controls.values, _looks(moment, show)
    alone = [replace(seen, hands=replace(seen.hands, values={})) for seen in looks]
    names = [name for name in held if name in PARAMS]
    drawn, free = (_of_looks(seen, {}, names) for seen in (looks, alone))
    free |= {name: row.default for name, row in STAGE.items()}
    for name in held:
        if name in KNOBS or name.startswith("macros."):  # others follow from them
            free[name] = _let_go(name, moment, show)
    return {
        name: drawn[name] if name in drawn and (name in based or drawn[name] != value)
        else free[name]
        for name, value in held.items() if name in free
    }


def _let_go(name: str, moment: Moment, show: Show) -> float:
    """A knob, or a macro, were it let go."""
    hands = moment.controls
    others = {other: value for other, value in hands.values.items() if other != name}
    look = _seen(_looks(replace(moment, controls=replace(hands, values=others)), show))
    return look.names.get(name.removeprefix("macros."), 0.0)


def _looks(moment: Moment, show: Show) -> tuple[Seen, ...]:
    return looks_at(moment.time, moment, shown_at(moment.time, moment, show), show)


def _seen(looks: Sequence[Seen]) -> Seen:
    return max(looks, key=lambda look: look.share)


def _of_looks(
    looks: Sequence[Seen], texts: Mapping[str, str], names: Iterable[str] = PARAMS
) -> dict[str, float | str]:
    """How everything that a look has stands in those that are seen.

    `texts` are those of hands, `names` the wanted ones of params.PARAMS.
    """
    seen = _seen(looks)
    values: dict[str, float | str] = {name: number_of(name, looks) for name in names}
    lines = (*seen.look.prompts, *seen.added.values())
    for n, line in enumerate(lines, 1):
        values[f"prompts.{n}.text"] = texts.get(f"prompts.{n}.text", line.text)
        values[f"prompts.{n}.weight"] = seen.weight(n)
    for name, word in seen.look.words.items():
        values[f"words.{name}"] = texts.get(f"words.{name}", word.text)
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
    return values


def _numbers(place: str, inputs: Inputs) -> dict[str, float]:
    """Those that a hand can move; points and colours have no address."""
    return {f"{place}.{name}": v for name, v in inputs if not isinstance(v, tuple)}


def controls_of(show: Show, look: Preset) -> tuple[Control, ...]:
    """Everything that can be touched while a look of the show is seen."""
    return (*_always(show, look), *_of_look(look))


def _always(show: Show, look: Preset) -> Iterator[Control]:
    """What is there whichever look is seen."""
    for name, row in PARAMS.items():
        yield _value(name, row.help, look.numbers[name])
    for row in (*TEMPO.values(), *SET.values(), *STAGE.values()):
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
    yield Control("take.play", "text", "lay a take's hands over the show, by its name")
    yield Control("line", "text", "the line that a song sings now")


def _of_look(look: Preset) -> Iterator[Control]:
    for n, line in enumerate(look.prompts, 1):
        yield from _prompt(n, line.weight)
    for name in look.words:
        yield Control(f"words.{name}", "text", f"what {{{name}}} stands for")
    for name, value in look.macros.items():
        yield _value(value.param.name, f"{name}, {MACRO.help}", value)
    for line in look.loras:
        yield _value(line.weight.param.name, line.weight.param.help, line.weight)
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


def _prompt(n: int, weight: Value = USUAL) -> Iterator[Control]:
    yield Control(f"prompts.{n}.text", "text", "words of the prompt")
    yield _value(f"prompts.{n}.weight", WEIGHT.help, weight)


def _sound(inputs: tuple[str, ...]) -> Iterator[Control]:
    if inputs:
        yield Control(INPUT, "text", "the sound that is heard", choices=inputs)
        yield Control(LOOK, "trigger", "look for inputs plugged in since; the sound blinks")


def _inputs(place: str, lines: Sequence[tuple[str, object]]) -> Iterator[Control]:
    for name, value in lines:
        if not isinstance(value, tuple):
            yield _value(f"{place}.{name}", value.param.help, value)


def _value(name: str, said: str, value: Value) -> Control:
    """The row of a number of a look."""
    moved = value.expression.text if value.expression else ""
    return Control(name, "value", said, value.param, moved=moved, based=value.based)


