"""Where looks and sets are found: by path, beside the file that names them, or shipped."""

from __future__ import annotations

from pathlib import Path

from engine.errors import PresetError
from engine.expressions import near

PRESETS = Path(__file__).parent.parent.parent / "presets"
"""The looks and sets that ship."""


def is_file(path: Path) -> bool:
    """Whether there is such a file; a name that no system would take is none."""
    try:
        return path.is_file()
    except (OSError, ValueError):
        return False


def find_preset(name: str, beside: Path | None = None) -> Path:
    """The file of a preset or set: a path, or a name beside `beside` or among those that ship."""
    if Path(name).suffix == ".toml" or "/" in name:
        path = Path(name) if beside is None else beside / name
        if is_file(path):
            return path
    folders = [PRESETS] if beside is None else [beside, PRESETS]
    for folder in folders:
        if is_file(folder / f"{name}.toml"):
            return folder / f"{name}.toml"
    known = sorted({path.stem for folder in folders for path in folder.glob("*.toml")})
    raise PresetError(f"{name}: no such preset or set{near(name, known)}")
