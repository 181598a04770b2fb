"""[[cues]], [keyframes] and [song] of a show: tables of a TOML file in, Cues and Song out.

Every mistake is one PresetError line with file, line, key, value and what is allowed. Times with a
grid ([song] bpm and start) are turned into seconds here; else beats and bars wait for the beat
that is heard.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from engine import isf
from engine.cues import Cue, Cues, Keyframes, Span
from engine.curves import CURVES
from engine.errors import LiquidlightError, PresetError
from engine.expressions import near
from engine.keyframes import number, split_keyframes
from engine.params import KNOBS, LAYER_PARAMS, LORA, MACRO, NAMES, PARAMS, WEIGHT, Param
from engine.show.looks import Preset, PromptLine, Value
from engine.show.singing import lyric_cues
from engine.show.song_file import Song, read_song
from engine.show.values import read_value
from engine.toml_file import TomlFile

CUE_TABLES = ("song", "cues", "keyframes")
"""The keys of a preset or set that are read here."""
CUE_KEYS = ("at", "over", "ease", "preset", "prompt", "prompts", "negative", "words", "line")
"""What a cue may say beside addresses of numbers."""
LOOK = "look"
"""The value that gives a number back to the look."""
_KNOB = Param("knob", 0.0, 0.0, 1.0, "", "a free control")
_CLOCK = re.compile(r"(?:(\d+):)?(\d+(?:\.\d+)?)\s*(?:s|seconds?)?")
_COUNT = re.compile(r"(beat|bar|frame)\s*(\d+(?:\.\d+)?)")
_LENGTH = re.compile(r"(\d+(?:\.\d+)?)\s*(beats?|bars?|frames?)")
_AT = "is not a time: seconds, \"1:02.50\", \"beat 64\", \"bar 16\" or \"frame 300\""
_OVER = "is not a length: seconds, \"2 s\", \"4 beats\", \"1 bars\" or \"30 frames\""


def read_cues(
    file: TomlFile, presets: Sequence[Preset], stems: frozenset[str] = frozenset()
) -> tuple[Song, Cues]:
    """Everything of CUE_TABLES in a file whose looks are `presets`; `stems` are more names."""
    reader = _Reader(file, presets, read_song(file), stems)
    cues = [reader.cue(row, ("cues", n)) for n, row in enumerate(file.tables_at("cues"))]
    if path := reader.song.lyrics:
        try:
            cues += lyric_cues(path, reader.song.by_word, reader.song.lyric_prompt)
        except PresetError as error:
            raise file.error(("song", "lyrics"), f": {error}") from None
    return reader.song, Cues.of(cues, reader.keyframes())


class _Reader:
    """Knows the file, its looks and its song while it reads."""

    def __init__(
        self, file: TomlFile, presets: Sequence[Preset], song: Song, stems: frozenset[str]
    ) -> None:
        self.file, self.presets, self.song = file, presets, song
        macros = {name for preset in presets for name in preset.macros}
        self.names = NAMES | macros | stems

    def cue(self, row: dict[str, Any], place: tuple) -> Cue:
        file = self.file
        if "at" not in row:
            raise file.error((*place, "at"), "is missing: when the cue comes")
        said = {key: row[key] for key in row if key in CUE_KEYS}
        texts = {k: file.text_at(row, (*place, k)) for k in ("negative", "line") if k in row}
        return Cue(
            at=self._at(row["at"], (*place, "at")),
            over=self._over(row.get("over", 0.0), (*place, "over")),
            curve=file.choice(
                file.text_at(row, (*place, "ease"), "ease"), (*place, "ease"), tuple(CURVES)
            ),
            numbers={
                address: self._number(raw, (*place, *path), address)
                for address, path, raw in _flat({k: row[k] for k in row if k not in said})
            },
            prompts=self._prompts(row, place),
            words=self._words(row.get("words", {}), (*place, "words")),
            preset=self._preset(row, (*place, "preset")),
            **texts,
        )

    def keyframes(self) -> dict[str, Keyframes]:
        """The rows of [keyframes]: strings like `0:(1.0), 30:(1.2)`, at the song's fps."""
        rows = self.file.table_at(self.file.data, "keyframes")
        return {
            address: self._keyframes(raw, ("keyframes", *path), address)
            for address, path, raw in _flat(rows)
        }

    def _keyframes(self, raw: object, place: tuple, address: str) -> Keyframes:
        param = self._param(address, place)
        if not isinstance(raw, str):
            raise self.file.error(place, f'= {raw!r} is not a text like "0:(1.0), 30:(1.2)"')
        try:
            pairs = [(number(frame), value) for frame, value in split_keyframes(raw)]
        except LiquidlightError as error:
            raise self.file.error(place, f": {error}") from None
        frames = [frame for frame, _ in pairs]
        if not frames or None in frames or frames != sorted(set(frames)):
            raise self.file.error(place, "must have frames as rising numbers: 0:(1), 30:(2)")
        values = [self._value(value, place, param) for _, value in pairs]
        return Keyframes(tuple(frame / self.song.fps for frame in frames), tuple(values))

    def _value(self, text: str, place: tuple, param: Param) -> Value:
        plain = number(text)
        return read_value(self.file, text if plain is None else plain, place, param, self.names)

    def _number(self, raw: object, place: tuple, address: str) -> Value | None:
        param = self._param(address, place)
        if raw == LOOK:
            return None
        return read_value(self.file, raw, place, param, self.names)

    def _param(self, address: str, place: tuple) -> Param:
        """The row of an address, which says what is allowed."""
        kind, _, rest = address.partition(".")
        if address in PARAMS:
            return PARAMS[address]
        if address in KNOBS:
            return _KNOB
        if kind == "macros" and any(rest in preset.macros for preset in self.presets):
            return MACRO
        if kind == "loras" and any(rest == line.name for p in self.presets for line in p.loras):
            return LORA
        if re.fullmatch(r"prompts\.[1-9]\d?\.weight", address):
            return WEIGHT
        if kind in ("effects", "layers") and (found := self._input(kind, rest)):
            return found
        known = (*CUE_KEYS, *PARAMS, *(f"macros.{m}" for p in self.presets for m in p.macros))
        raise self.file.error(place, f"is not known{near(address, known)}")

    def _input(self, kind: str, rest: str) -> Param | None:
        """`SHADER.INPUT` of an effect, `N.NAME` of a layer."""
        name, _, key = rest.rpartition(".")
        if kind == "effects":
            return self._shader_input(name, key)
        if re.fullmatch(r"[1-9]\d?", name):
            layers = [p.layers[int(name) - 1] for p in self.presets if int(name) <= len(p.layers)]
            shaders = [layer.name for layer in layers if layer.kind == "shader"]
            inputs = [self._shader_input(shader, key) for shader in shaders]
            return next(filter(None, inputs), LAYER_PARAMS.get(key))
        return None

    def _shader_input(self, shader: str, key: str) -> Param | None:
        try:
            header = isf.load_header(isf.find_shader(shader, (self.file.path.parent,)))
        except LiquidlightError:
            return None
        found = [item for item in header.inputs if item.name == key and item.components == 1]
        return isf.input_param(found[0]) if found else None

    def _prompts(self, row: dict[str, Any], place: tuple) -> tuple[PromptLine, ...] | None:
        if "prompt" in row:
            text = self.file.text_at(row, (*place, "prompt"))
            return (PromptLine(text, Value(WEIGHT, 1.0), ""),)
        if "prompts" not in row:
            return None
        rows, place = row["prompts"], (*place, "prompts")
        if not isinstance(rows, list) or not rows or not all(isinstance(r, dict) for r in rows):
            raise self.file.error(place, 'must be a list: [{ text = "sea", weight = 1.0 }, ...]')
        return tuple(self._prompt(each, (*place, n)) for n, each in enumerate(rows))

    def _prompt(self, row: dict[str, Any], place: tuple) -> PromptLine:
        self.file.check_keys(row, place, ("text", "weight"))
        text = self.file.text_at(row, (*place, "text"))
        weight = (*place, "weight")
        value = read_value(self.file, row.get("weight", 1.0), weight, WEIGHT, self.names)
        return PromptLine(text, value, "")

    def _words(self, raw: object, place: tuple) -> Mapping[str, str]:
        known = sorted({name for preset in self.presets for name in preset.words})
        if not isinstance(raw, dict):
            raise self.file.error(place, 'must be a table: words = { tom = "a boy" }')
        for name in raw:
            if name not in known:
                raise self.file.error((*place, name), f"is under no [words]{near(name, known)}")
        return {name: self.file.text_at(raw, (*place, name)) for name in raw}

    def _preset(self, row: dict[str, Any], place: tuple) -> str | None:
        if "preset" not in row:
            return None
        name = self.file.text_at(row, place)
        names = [preset.name for preset in self.presets]
        if name not in names:
            raise self.file.error(place, f"= {name!r} is not in the set{near(name, names)}")
        return name

    def _at(self, raw: object, place: tuple) -> Span:
        if isinstance(raw, (int, float)) and not isinstance(raw, bool) and 0 <= raw < 1e6:
            return Span(float(raw))
        text = raw.strip() if isinstance(raw, str) else ""
        if clock := _CLOCK.fullmatch(text):
            return Span(60.0 * int(clock[1] or 0) + float(clock[2]))
        if count := _COUNT.fullmatch(text):
            return self._counted(float(count[2]), count[1], self.song.start)
        raise self.file.error(place, f"= {raw!r} {_AT}")

    def _over(self, raw: object, place: tuple) -> Span:
        if isinstance(raw, (int, float)) and not isinstance(raw, bool) and 0 <= raw < 1e6:
            return Span(float(raw))
        text = raw.strip() if isinstance(raw, str) else ""
        if clock := _CLOCK.fullmatch(text):
            return Span(60.0 * int(clock[1] or 0) + float(clock[2]))
        if length := _LENGTH.fullmatch(text):
            return self._counted(float(length[1]), length[2].rstrip("s"), 0.0)
        raise self.file.error(place, f"= {raw!r} {_OVER}")

    def _counted(self, count: float, unit: str, start: float) -> Span:
        """So many frames, beats or bars; with a grid it is seconds."""
        if unit == "frame":
            return Span(count / self.song.fps)
        beats = count * (4.0 if unit == "bar" else 1.0)
        if self.song.bpm is None:
            return Span(beats=beats)
        return Span(start + beats * 60.0 / self.song.bpm)


def _flat(table: Mapping[str, Any], path: tuple = ()) -> list[tuple[str, tuple, Any]]:
    """Addresses of a table, their places and values: `motion.zoom` may be nested or quoted."""
    rows: list[tuple[str, tuple, Any]] = []
    for key, raw in table.items():
        here = (*path, key)
        rows += _flat(raw, here) if isinstance(raw, dict) else [(".".join(here), here, raw)]
    return rows
