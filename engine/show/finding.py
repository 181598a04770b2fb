"""Where looks and sets are found: by path, beside the file that names them, or shipped."""

from __future__ import annotations

from pathlib import Path

from engine.errors import PresetError
from engine.expressions import near

PRESETS = Path(__file__).parent.parent.parent / "presets"
"""The looks and sets that ship."""


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
