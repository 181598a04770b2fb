"""Sets (looks in order) and where shows are found: TOML files in, a frozen Show out."""

from __future__ import annotations

from pathlib import Path

from engine.errors import PresetError
from engine.expressions import near
from engine.params import Param
from engine.show.looks import Preset, Show, Value
from engine.show.preset_file import load_preset, read_midi, read_preset
from engine.show.values import read_value
from engine.toml_file import TomlFile

PRESETS = Path(__file__).parent.parent.parent / "presets"
"""The looks and sets that ship."""
DEMO_SET = "first_light"
HUSH = "hush"

_SET_KEYS = ("title", "notes", "presets", "bars", "fade_beats", "hush", "midi")
_BARS = Param("bars", 8, 1, 512, "bars", "bars before the autopilot goes on", True)
_FADE = Param("fade_beats", 2, 0, 64, "beats", "length of the change from look to look")


def find_preset(name: str, beside: Path | None = None) -> Path:
    """The file of a preset or set: a path, or a name beside `beside` or among those that ship."""
    if Path(name).suffix == ".toml" or "/" in name:
        path = Path(name) if beside is None else beside / name
        if path.is_file():
            return path
    folders = [PRESETS] if beside is None else [beside, PRESETS]
    for folder in folders:
        if (folder / f"{name}.toml").is_file():
            return folder / f"{name}.toml"
    known = sorted({path.stem for folder in folders for path in folder.glob("*.toml")})
    raise PresetError(f"{name}: no such preset or set{near(name, known)}")


def load_show(name: str) -> Show:
    """Load a set, or a preset as a set of one. Raises PresetError for the first mistake."""
    path = find_preset(name)
    file = TomlFile(path)
    return _load_set(file) if "presets" in file.data else _single(read_preset(file))


def _single(preset: Preset) -> Show:
    hush = load_preset(PRESETS / f"{HUSH}.toml")
    return Show(
        preset.name, (preset,), hush, int(_BARS.default), 0.0, preset.midi, (preset.path,)
    )


def _load_set(file: TomlFile) -> Show:
    file.check_keys(file.data, (), _SET_KEYS)
    names = file.data["presets"]
    if not isinstance(names, list) or not names or not all(isinstance(n, str) for n in names):
        raise file.error(("presets",), "must be a list of one or more preset names")
    presets = tuple(_member(file, name, ("presets",)) for name in names)
    hush = _member(file, file.text_at(file.data, ("hush",), HUSH), ("hush",))
    bars, fade = (_number(file, row) for row in (_BARS, _FADE))
    midi: dict[str, str] = {}
    for preset in presets:
        midi.update(preset.midi)
    midi.update(read_midi(file))
    files = (file.path, *dict.fromkeys(preset.path for preset in (*presets, hush)))
    return Show(
        file.path.stem, presets, hush, int(bars.at({})), fade.at({}), midi, files
    )


def _number(file: TomlFile, row: Param) -> Value:
    return read_value(file, file.data.get(row.name, row.default), (row.name,), row)


def _member(file: TomlFile, name: str, place: tuple) -> Preset:
    try:
        path = find_preset(name, file.path.parent)
    except PresetError as error:
        raise file.error(place, f": {error}") from None
    member = TomlFile(path)
    if "presets" in member.data:
        raise file.error(place, f": {name} is a set; a set holds presets")
    return read_preset(member)
