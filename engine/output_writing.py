"""Outputs that were pulled into place, written into the rig's [[outputs]]; remarks and order stay.

Mappings in, the rig's text out, put in place whole. Masks are the rig's own and never written here.
Waits for the disk: a thread of its own, never the frame path.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from engine.errors import PresetError
from engine.folders import write_whole
from engine.output_rig import read_outputs
from engine.render.mapping import Mapping, Output
from engine.toml_file import TomlFile


def save_outputs(path: Path, outputs: Sequence[Output], moved: Collection[int] = ()) -> None:
    """Write what was pulled into the rig's [[outputs]], by their names; all else stays as it is.

    Rows that are not there yet are added. The display of an output, or that it is a window, is
    written where it is one of `moved` (from 0). Raises PresetError.
    """
    import tomlkit

    try:
        text = path.read_text("utf-8") if path.exists() else "# What this machine plays with.\n"
        file = tomlkit.parse(text)
        rows = file.get("outputs")
        if rows is None:
            rows = file["outputs"] = tomlkit.aot()
        for n, output in enumerate(outputs):
            row = _row_of(rows, output, n)
            for key, value in _written(output.mapping).items():
                _put(row, key, value)
            if n in moved:
                _put_place(row, output)
        written = tomlkit.dumps(file)
        read_outputs(TomlFile(path, written))
        write_whole(path, written)
    except (OSError, ValueError) as error:
        raise PresetError(f"{path}: cannot be written ({error})") from None


def _row_of(rows: Any, output: Output, n: int) -> Any:
    """The row of that name, or the one in its place that has none, or a new one."""
    import tomlkit

    for row in rows:
        if row.get("name") == output.name:
            return row
    if n < len(rows) and "name" not in rows[n]:
        return rows[n]
    row = tomlkit.table()
    row["name"] = output.name
    if output.display:
        row["display"] = output.display
    if not output.fullscreen:
        row["fullscreen"], row["size"] = False, "{}x{}".format(*output.size)
    rows.append(row)
    return row


def _put_place(row: Any, output: Output) -> None:
    _put(row, "display", output.display)
    _put(row, "fullscreen", None if output.fullscreen else False)
    if not output.fullscreen:
        _put(row, "size", "{}x{}".format(*output.size))


def _put(row: Any, key: str, value: Any) -> None:
    """Set, change or, for what is usual, take away one key; tables keep their order and remarks."""
    if value is None:
        row.pop(key, None)
    elif isinstance(value, dict) and isinstance(row.get(key), dict):
        for name in [name for name in row[key] if name not in value]:
            del row[key][name]
        for name, number in value.items():
            if row[key].get(name) != number:
                row[key][name] = number
    elif row.get(key) != value:
        row[key] = value


def _written(mapping: Mapping) -> dict[str, Any]:
    """The keys that hands can change, None for those that are as usual."""
    import tomlkit

    usual, found = Mapping(), {}
    found["crop"] = None if mapping.crop == usual.crop else _rounded(mapping.crop)
    found["rotate"] = mapping.rotate or None
    found["flip"] = None if mapping.flip == usual.flip else mapping.flip
    even = mapping.corners == usual.corners
    found["corners"] = None if even else [_rounded(point) for point in mapping.corners]
    for key in ("blend", "colour"):
        values, plain = getattr(mapping, key), getattr(usual, key)
        changed = {field.name: _rounded([getattr(values, field.name)])[0]
                   for field in fields(values) if values != plain}
        found[key] = None
        if changed:
            found[key] = tomlkit.inline_table()
            found[key].update({name: number for name, number in changed.items()
                               if number != getattr(plain, name)})
    found["grid"] = None
    if mapping.grid is not None:
        grid = found["grid"] = tomlkit.inline_table()
        grid.update({"columns": mapping.grid.columns, "rows": mapping.grid.rows})
        if not mapping.grid.is_even:
            grid["points"] = [_rounded(point) for point in mapping.grid.points]
    return found


def _rounded(numbers: Sequence[float]) -> list[float]:
    """Six places: a hundredth of a pixel of any display."""
    return [round(number, 6) for number in numbers]
