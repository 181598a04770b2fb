"""The LoRAs of a look: files by name, each with how strongly it counts.

The table [loras] of a look's file flows in, `LoraLine`s flow out: whole paths, and weights as
Values, which hands reach as `loras.NAME`. A file is looked for beside the look, in `loras` there,
and in the user's folder. Whether it fits the model is checked where the model is known.
"""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from engine.folders import folder
from engine.params import LORA
from engine.show.inherit import LookFile
from engine.show.looks import LoraLine

PICKLED = (".ckpt", ".pt", ".pth", ".bin", ".pkl")


def read_loras(file: LookFile) -> tuple[LoraLine, ...]:
    """The rows of [loras]: `"film.safetensors" = 0.8`, or an expression in quotes."""
    lines: list[LoraLine] = []
    for key, raw in file.table_at(file.data, "loras").items():
        place = ("loras", key)
        if isinstance(raw, dict):
            raise file.error(place, ': the name of a file stands in quotes: "film.safetensors"')
        path = _path(file, place, key)
        name = lora_name(path)
        if any(line.name == name for line in lines):
            raise file.error(place, f"is called loras.{name}, as another one is")
        value = file.value(raw, place, LORA)
        param = replace(LORA, name=f"loras.{name}", help=f"strength of the LoRA {path.name}")
        lines.append(LoraLine(name, key, path, replace(value, param=param)))
    return tuple(lines)


def lora_name(path: Path) -> str:
    """How hands call it: the file's name without its end, signs as `_`."""
    return re.sub(r"\W", "_", path.stem, flags=re.ASCII)[:64]


def _path(file: LookFile, place: tuple[str, ...], key: str) -> Path:
    if Path(key).suffix.lower() in PICKLED:
        raise file.error(place, "is a pickle, which runs whatever its maker put in when it is "
                                "read; allowed: .safetensors files")
    if Path(key).suffix.lower() != ".safetensors":
        raise file.error(place, "is no .safetensors file")
    whole = Path(key).expanduser()
    homes = [*file.folders, *(home / "loras" for home in file.folders), folder("config") / "loras"]
    places = [whole] if whole.is_absolute() else [home / whole for home in homes]
    for path in places:
        if path.is_file():
            return path.resolve()
    looked = ", ".join(dict.fromkeys(str(path.parent) for path in places))
    raise file.error(place, f"is not there; looked in {looked}")
