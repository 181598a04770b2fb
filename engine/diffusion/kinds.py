"""How a model steps where its numbers cannot tell: by its name, and by what the operator says.

A file's name, its own metadata and a sidecar flow in, a `Kind` flows out. Turbo, Lightning, LCM,
TCD and Hyper models have the tensors of the model that they were distilled from. The sidecar is
a TOML file of the same name beside the checkpoint (`dreams.toml` for `dreams.safetensors`):

    steps = 4                    # UNet calls it wants: 1..8
    schedule = "lcm"             # euler, ancestral, lcm, tcd
    prediction = "epsilon"       # epsilon, v_prediction, sample
    tokenizer = "sd15"           # a folder with vocab.json, beside the file or a whole path
    autoencoder = "taesd"        # "full", its own; or the folder of a tiny one
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from engine.params import PARAMS
from engine.toml_file import TomlFile

SCHEDULERS = {
    "euler": "EulerDiscreteScheduler", "ancestral": "EulerAncestralDiscreteScheduler",
    "lcm": "LCMScheduler", "tcd": "TCDScheduler",
}
PREDICTIONS = ("epsilon", "v_prediction", "sample")
PLAIN_STEPS = 8
"""What a model that was not distilled wants at least; more are not to be had live."""
KEYS = ("steps", "schedule", "prediction", "tokenizer", "autoencoder")
_STEPS = re.compile(r"(?<!\d)(\d)[ _-]?steps?")


@dataclass(frozen=True, slots=True)
class Kind:
    """`steps` it wants; `schedule` a key of SCHEDULERS; `prediction` None for what is usual.

    `tokenizer` and `autoencoder` are as the sidecar says, "" where it does not.
    """

    steps: int = PLAIN_STEPS
    schedule: str = "euler"
    prediction: str | None = None
    tokenizer: str = ""
    autoencoder: str = ""


def by_name(name: str) -> Kind:
    """The kind that a file's, a folder's or a hub's name tells, whatever its case.

    Steps and schedules are those that the makers of SD-Turbo, SDXL-Turbo, SDXL-Lightning
    (2402.13929), LCM (2310.04378), TCD (2402.19159), DMD2 (2405.14867) and Hyper-SD (2404.13686)
    name on the pages of their models.
    """
    name = name.lower()
    said = _STEPS.search(name)
    count = min(8, max(1, int(said[1]))) if said else None
    prediction = None
    if re.search(r"v[ _-]?pred", name) or re.search(r"768[ _-]?v", name):
        prediction = "v_prediction"
    if "lightning" in name:
        return Kind(count or 4, "euler", "sample" if count == 1 and "x0" in name else prediction)
    if "hyper" in name:
        return Kind(count or 1, "euler" if (count or 1) > 1 else "tcd", prediction)
    if "lcm" in name or "dmd2" in name:
        return Kind(count or 4, "lcm", prediction)
    if re.search(r"(?<![a-z])tcd(?![a-z])", name):
        return Kind(count or 4, "tcd", prediction)
    if "turbo" in name:
        return Kind(count or 1, "ancestral", prediction)
    return Kind(count or PLAIN_STEPS, "euler", prediction)


def sidecar(path: Path) -> Path:
    """The sidecar of a checkpoint or a folder; it need not be there."""
    name = path.name.removesuffix(path.suffix) if path.is_file() else path.name
    return path.with_name(name + ".toml")


def kind_of(path: Path, metadata: Mapping[str, str]) -> Kind:
    """The kind of a checkpoint: the sidecar before its metadata, that before its name.

    Raises PresetError for a mistake in the sidecar.
    """
    named = by_name(path.stem)
    told = {"v": "v_prediction"}.get(value := metadata.get("modelspec.prediction_type", ""), value)
    prediction = told if told in PREDICTIONS else named.prediction
    beside = sidecar(path)
    if not beside.is_file():
        return Kind(named.steps, named.schedule, prediction)
    file = TomlFile(beside)
    file.check_keys(file.data, (), KEYS)
    schedule = file.text_at(file.data, ("schedule",), named.schedule)
    predicts = file.text_at(file.data, ("prediction",), prediction or PREDICTIONS[0])
    said = "prediction" in file.data or prediction
    return Kind(
        _steps(file, named.steps), file.choice(schedule, ("schedule",), tuple(SCHEDULERS)),
        file.choice(predicts, ("prediction",), PREDICTIONS) if said else None,
        file.text_at(file.data, ("tokenizer",)), file.text_at(file.data, ("autoencoder",)),
    )


def _steps(file: TomlFile, usual: int) -> int:
    value, most = file.data.get("steps", usual), int(PARAMS["steps"].high)
    if type(value) is not int or not 1 <= value <= most:
        raise file.error(("steps",), f"= {value!r} is not a whole number 1..{most}")
    return value
