"""What a weight file says before it is read: its head, whether it is whole, what it is not.

A path flows in; names, types and shapes of tensors flow out, or one line that says why the file
is of no use. The format (safetensors) is eight bytes of length, that much JSON, then the data:
nothing in it can run. Needs neither torch nor the safetensors library.
"""

from __future__ import annotations

import json
from math import prod
from pathlib import Path
from typing import Any

from engine.errors import ModelError

PICKLED = (".ckpt", ".pt", ".pth", ".bin", ".pkl")
_PICKLES = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")
"""How torch's files begin, and pickles."""
LONGEST = 100_000_000
"""Bytes of a head at most, as the safetensors library has it."""


def header(file: Path) -> dict[str, dict[str, Any]]:
    """dtype, shape and data_offsets of each tensor of a whole safetensors file, by its name.

    Raises ModelError for a file that is missing, cut short or not of this format.
    """
    return _head(file)[0]


def metadata(file: Path) -> dict[str, str]:
    """What the file says of itself in words; raises as `header`."""
    return {key: value for key, value in _head(file)[1].items() if isinstance(value, str)}


def _head(file: Path) -> tuple[dict[str, dict[str, Any]], dict[str, Any]]:
    """The rows of the tensors, and the words about them."""
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            first = stream.read(8)
            length = int.from_bytes(first, "little")
            text = stream.read(length) if length <= min(LONGEST, size) else b""
    except OSError as error:
        raise ModelError(f"{file}: cannot be read: {error.strerror or error}") from error
    if first.startswith(_PICKLES) and length > LONGEST:
        raise ModelError(f"{file}: is a pickle under another name, which runs whatever its maker "
                         "put in when it is read")
    if size < 8 + length <= 8 + LONGEST:
        raise ModelError(f"{file}: cut short: {size} bytes, its head alone takes {8 + length}")
    try:
        rows = json.loads(text)
        words = rows.pop("__metadata__", None) or {}
        end = max((row["data_offsets"][1] for row in rows.values()), default=0)
        [[int(side) for side in row["shape"]] for row in rows.values()]
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise ModelError(f"{file}: is no safetensors file") from error
    if size < 8 + length + end:
        raise ModelError(f"{file}: cut short: {size} of {8 + length + end} bytes")
    return rows, words if isinstance(words, dict) else {}


def numbers_in(rows: dict[str, dict[str, Any]]) -> int:
    """How many numbers the tensors of a head hold."""
    return sum(prod(row["shape"]) for row in rows.values())


def check_file(path: Path) -> None:
    """Raises ModelError, with the reason, for a file that is no safetensors file by its name."""
    if not path.is_file() or path.suffix.lower() == ".safetensors":
        return
    if path.suffix.lower() in PICKLED:
        raise ModelError(f"{path}: is a pickle, which runs whatever its maker put in when it is "
                         "read; allowed: .safetensors, or a diffusers folder with such files")
    raise ModelError(f"{path}: is no model; allowed: small, a diffusers folder or a .safetensors "
                     "checkpoint")
