"""Colour tables: a `.cube` file read, and the effect that it is.

Flows in: a path; flows out: the table as floats, and the header of the effect `lut` that draws
with it. Runs on any thread, without GL.

Format: Adobe's Cube LUT Specification 1.0 (2013): `TITLE`, `DOMAIN_MIN`, `DOMAIN_MAX`, one of
`LUT_1D_SIZE` and `LUT_3D_SIZE`, then rows of three numbers in which red runs fastest.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np

from engine.errors import ShaderError
from engine.isf_header import ShaderHeader

CUBE = ".cube"
TABLE = "table"
"""The name that the shader knows the table by."""
LARGEST_3D, LARGEST_1D = 128, 65536
WIDEST = 4096
"""Columns of a picture of one curve; finer ones are thinned out to it."""
_SIZES = {"LUT_1D_SIZE": LARGEST_1D, "LUT_3D_SIZE": LARGEST_3D}


def table_header(path: Path, lut: ShaderHeader) -> ShaderHeader:
    """The header of a table as an effect: that of `lut`, which draws with it.

    Raises ShaderError for a file that is no table.
    """
    read_cube(path)
    return replace(lut, name=path.stem, imported=((TABLE, path),))


def read_cube(path: str | Path) -> np.ndarray:
    """The colours float32 of a table over 0..1: (n, 3), or (n, n, n, 3) by blue, green and red.

    A domain other than 0..1 is brought to it. Raises ShaderError `file:line: what is wrong`.
    """
    path = Path(path)
    try:
        lines = path.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    except OSError as error:
        raise ShaderError(f"{path}: {error.strerror or 'cannot be read'}") from None
    said: dict[str, tuple[int, list[str]]] = {}
    rows: list[tuple[int, str]] = []
    for number, line in enumerate(lines, 1):
        words = line.split()
        if not words or words[0].startswith("#"):
            continue
        if words[0][0].isalpha():
            said[words[0]] = number, words[1:]
        else:
            rows.append((number, line))
    kind, size = _size(path, said)
    colours = _colours(path, rows, size if kind == "LUT_1D_SIZE" else size**3)
    low, high = (_domain(path, said, key, to) for key, to in (("MIN", 0.0), ("MAX", 1.0)))
    if any(a >= b for a, b in zip(low, high, strict=True)):
        at = said.get("DOMAIN_MIN", said.get("DOMAIN_MAX", (1,)))[0]
        raise ShaderError(f"{path}:{at}: DOMAIN_MIN {low} is not below DOMAIN_MAX {high}")
    if kind == "LUT_1D_SIZE":
        return _curves(colours, low, high)
    return _cube(colours.reshape(size, size, size, 3), low, high)


def as_picture(table: np.ndarray) -> np.ndarray:
    """A table as a picture float32 (rows, columns, 4) whose first row is its lowest.

    One curve is one row. A cube of n is n squares side by side, one for each blue from 0 on, with
    red to the right and green upwards.
    """
    if table.ndim == 2:
        flat = table[None]
    else:
        size = len(table)
        flat = table.transpose(1, 0, 2, 3).reshape(size, size * size, 3)
    opaque = np.ones((*flat.shape[:2], 1), np.float32)
    return np.ascontiguousarray(np.concatenate((flat, opaque), axis=2), np.float32)


def _size(path: Path, said: dict[str, tuple[int, list[str]]]) -> tuple[str, int]:
    there = [key for key in _SIZES if key in said]
    if len(there) != 1:
        raise ShaderError(f"{path}:1: a colour table has one of {' and '.join(_SIZES)}")
    line, words = said[there[0]]
    most = _SIZES[there[0]]
    if len(words) != 1 or not words[0].isdigit() or not 2 <= int(words[0]) <= most:
        given = " ".join(words)
        raise ShaderError(f"{path}:{line}: {there[0]} {given} is no whole number in 2..{most}")
    return there[0], int(words[0])


def _colours(path: Path, rows: list[tuple[int, str]], count: int) -> np.ndarray:
    """All rows (count, 3), which must be as many as the size says."""
    if len(rows) != count:
        last = rows[-1][0] if rows else 1
        raise ShaderError(f"{path}:{last}: {len(rows)} colours, but the size says {count}")
    for number, line in rows:
        if len(line.split()) != 3:
            raise ShaderError(f"{path}:{number}: {line.strip()!r} should be three numbers")
    return _floats(path, rows)


def _floats(path: Path, rows: list[tuple[int, str]]) -> np.ndarray:
    try:
        found = np.array([line.split() for _, line in rows], np.float32)
        if np.isfinite(found).all():
            return found
    except ValueError:
        pass
    for number, line in rows:
        try:
            good = np.isfinite([float(word) for word in line.split()]).all()
        except ValueError:
            good = False
        if not good:
            raise ShaderError(f"{path}:{number}: {line.strip()!r} should be three numbers")
    raise ShaderError(f"{path}: the colours cannot be read")


def _domain(path: Path, said: dict, key: str, usual: float) -> tuple[float, ...]:
    line, words = said.get(f"DOMAIN_{key}", (1, [str(usual)] * 3))
    try:
        values = tuple(map(float, words))
    except ValueError:
        values = ()
    if len(values) != 3 or not np.isfinite(values).all():
        raise ShaderError(f"{path}:{line}: DOMAIN_{key} {' '.join(words)} is not three numbers")
    return values


def _curves(colours: np.ndarray, low: tuple, high: tuple) -> np.ndarray:
    columns = min(len(colours), WIDEST)
    wanted = np.linspace(0.0, 1.0, columns)
    made = [
        np.interp(wanted, np.linspace(low[n], high[n], len(colours)), colours[:, n])
        for n in range(3)
    ]
    return np.stack(made, axis=1).astype(np.float32)


def _cube(colours: np.ndarray, low: tuple, high: tuple) -> np.ndarray:
    """Each axis brought to 0..1 in turn: what lies between two colours is mixed."""
    for axis, channel in enumerate((2, 1, 0)):
        if (low[channel], high[channel]) == (0.0, 1.0):
            continue
        size = colours.shape[axis]
        share = (np.linspace(0.0, 1.0, size) - low[channel]) / (high[channel] - low[channel])
        place = np.clip(share * (size - 1), 0.0, size - 1)
        first = np.minimum(place.astype(int), size - 2)
        k = (place - first).reshape([-1 if n == axis else 1 for n in range(4)])
        a, b = (np.take(colours, first + step, axis) for step in (0, 1))
        colours = (a * (1.0 - k) + b * k).astype(np.float32)
    return colours
