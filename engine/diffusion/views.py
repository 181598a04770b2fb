"""A model that is no plain diffusers folder, seen as one: small files here, the weights where
they lie.

A checkpoint of one file, or a diffusers folder with a tiny autoencoder beside its own, flows in;
a folder in the cache flows out that has the configs, words and schedule of a diffusers folder, and
for the weights of a part a `source.json` that says in which file or folder they are. So whatever
reads model folders reads these too. Needs no torch; made in any process, put in place whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from engine.diffusion.clip_words import END, PAD_OPEN, find_words, write_words
from engine.diffusion.kinds import SCHEDULERS, Kind, kind_of, sidecar
from engine.diffusion.shapes import TITLES, class_of, text_configs, unet_config, vae_config
from engine.diffusion.weight_files import check_file, header, metadata
from engine.errors import ModelError
from engine.folders import folder

SOURCE = "source.json"
TINY = {"sd1": "taesd", "sd2": "taesd", "sdxl": "taesdxl"}
"""Folder of the tiny autoencoder of a class, as madebyollin's models are called on the hub."""
_FORM = 2
"""Counts up when what is written here changes, so that old ones are made again."""
_SMALL = (".json", ".txt")
_SHARED = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
           "num_train_timesteps": 1000, "timestep_spacing": "trailing", "steps_offset": 1,
           "clip_sample": False}


def view_of(path: Path) -> Path:
    """The folder to read a checkpoint from. Raises ModelError or PresetError, one line."""
    if path.suffix.lower() != ".safetensors":
        check_file(path)
    beside = [path, sidecar(path), *(path.parent / name / "config.json" for name in TINY.values())]
    return _made(path, beside, lambda draft: _write_checkpoint(draft, path))


def view_with_tiny(plain: Path) -> Path:
    """A diffusers folder, seen with the tiny autoencoder that lies in it or that is asked for."""
    tiny = _tiny_of_folder(plain)
    if tiny is None:
        return plain
    files = [plain / "model_index.json", sidecar(plain), tiny / "config.json", plain / "unet"]
    return _made(plain, files, lambda draft: _write_folder(draft, plain, tiny))


def _made(path: Path, files: list[Path], write: Any) -> Path:
    """The view of `path`, written if there is none that fits `files` as they are now."""
    facts: list[object] = [_FORM, str(path.resolve())]
    for file in files:
        about = file.stat() if file.exists() else None
        facts.append([about.st_size, about.st_mtime_ns] if about else None)
    key = hashlib.sha256(json.dumps(facts).encode()).hexdigest()[:16]
    place = folder("cache") / "models" / f"{path.stem}-{key}"
    if (place / "model_index.json").is_file():
        return place
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=place.parent))
    except OSError as error:
        raise ModelError(f"{place.parent} cannot be made: {error.strerror or error}") from error
    try:
        write(draft)
        _put(draft, place)
    except OSError as error:
        raise ModelError(f"{draft}: cannot be written: {error.strerror or error}") from error
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return place


def _put(draft: Path, place: Path) -> None:
    try:
        os.rename(draft, place)
    except OSError:
        if not (place / "model_index.json").is_file():  # another process may have been sooner
            raise


def _write_checkpoint(draft: Path, path: Path) -> None:
    rows = header(path)
    kind = class_of(str(path), rows)
    said = kind_of(path, metadata(path))
    tiny = _tiny(path, said.autoencoder, path.parent / TINY[kind])
    try:
        texts = text_configs(kind, rows)
        unet = unet_config(kind, rows)
        vae = read_config(tiny) if tiny else vae_config(kind, rows)
    except (KeyError, IndexError, ValueError, ZeroDivisionError) as error:
        where = f"; {path.parent / TINY[kind]} would do instead" if "first_stage" in str(
            error) else ""
        raise ModelError(f"{path}: looks like {TITLES[kind]}, but {error} is missing{where}"
                         ) from error
    prediction = said.prediction or ("v_prediction" if "v_pred" in rows else None) or (
        "v_prediction" if kind == "sd2" and "turbo" not in path.stem.lower() else "epsilon")
    if kind == "sd2" and prediction == "v_prediction":
        unet["sample_size"] = 96
    if "turbo" in path.stem.lower():
        unet["sample_size"] = 64
    configs = {"unet": unet, "vae": vae, **texts}
    for part, config in configs.items():
        (draft / part).mkdir()
        source = {"folder": str(tiny)} if part == "vae" and tiny else {
            "file": str(path.resolve()), "kind": kind, "size": path.stat().st_size,
            "mtime_ns": path.stat().st_mtime_ns}
        _json(draft / part / "config.json", config)
        _json(draft / part / SOURCE, source)
    words = find_words(path, said.tokenizer, texts["text_encoder"]["vocab_size"])
    longest = texts["text_encoder"]["max_position_embeddings"]
    pad = PAD_OPEN if PAD_OPEN in words[0] else END
    write_words(draft / "tokenizer", words, longest, pad if kind == "sd2" else END)
    if kind == "sdxl":
        write_words(draft / "tokenizer_2", words, longest, pad)
    (draft / "scheduler").mkdir()
    zero = {"rescale_betas_zero_snr": True} if "ztsnr" in rows else {}
    _json(draft / "scheduler" / "scheduler_config.json", {
        "_class_name": SCHEDULERS[said.schedule], **_SHARED, **zero,
        "prediction_type": prediction})
    _finish(draft, _index(kind, vae, SCHEDULERS[said.schedule]), said)


def _index(kind: str, vae: dict[str, Any], scheduler: str) -> dict[str, Any]:
    xl = kind == "sdxl"
    index: dict[str, Any] = {
        "_class_name": "StableDiffusionXLPipeline" if xl else "StableDiffusionPipeline",
        "unet": ["diffusers", "UNet2DConditionModel"], "vae": ["diffusers", vae["_class_name"]],
        "text_encoder": ["transformers", "CLIPTextModel"],
        "tokenizer": ["transformers", "CLIPTokenizer"], "scheduler": ["diffusers", scheduler],
    }
    if xl:
        index["text_encoder_2"] = ["transformers", "CLIPTextModelWithProjection"]
        index["tokenizer_2"] = ["transformers", "CLIPTokenizer"]
    return index


def _finish(draft: Path, index: dict[str, Any], said: Kind) -> None:
    """The index last: with it the view is whole."""
    _json(draft / "model_index.json", {**index, "liquidlight": {"steps": said.steps}})


def _write_folder(draft: Path, plain: Path, tiny: Path) -> None:
    """Small files are copied; the weights of each part stay where they are."""
    for file in plain.iterdir():
        if file.is_file() and file.suffix in _SMALL and file.name != "model_index.json":
            shutil.copy(file, draft)
        elif file.is_dir() and (file / "config.json").is_file() and file.name not in TINY.values():
            home = tiny if file.name == "vae" else file
            (draft / file.name).mkdir()
            shutil.copy(home / "config.json", draft / file.name)
            weight = max((f.stat().st_mtime_ns for f in home.glob("*.safetensors")), default=0)
            _json(draft / file.name / SOURCE, {"folder": str(home.resolve()), "mtime_ns": weight})
        elif file.is_dir() and (file.name.startswith("tokenizer") or file.name == "scheduler"):
            (draft / file.name).mkdir()
            for each in file.iterdir():
                if each.suffix in _SMALL:
                    shutil.copy(each, draft / file.name)
    index = json.loads((plain / "model_index.json").read_text("utf-8"))
    index["vae"] = ["diffusers", read_config(tiny)["_class_name"]]
    _json(draft / "model_index.json", index)


def _tiny_of_folder(plain: Path) -> Path | None:
    said = kind_of(plain, {}).autoencoder if sidecar(plain).is_file() else ""
    here = [plain / name for name in dict.fromkeys(TINY.values())]
    found = next((each for each in here if (each / "config.json").is_file()), here[0])
    return _tiny(plain, said, found)


def _tiny(path: Path, said: str, usual: Path) -> Path | None:
    """The folder of the tiny autoencoder that is taken, None for the full one."""
    if said == "full":
        return None
    wanted = path.parent / Path(said).expanduser() if said else usual
    if not (wanted / "config.json").is_file():
        if said:
            raise ModelError(f"{sidecar(path)}: autoencoder = {said!r}: {wanted} holds no "
                             "config.json; allowed: full, or the folder of a tiny one")
        return None
    name = read_config(wanted).get("_class_name")
    if name not in ("AutoencoderTiny", "AutoencoderKL"):
        raise ModelError(f"{wanted}: is {name}, allowed: AutoencoderTiny, AutoencoderKL")
    return wanted.resolve()


def read_config(place: Path) -> dict[str, Any]:
    """The config.json of a part. Raises ModelError."""
    try:
        value = json.loads((place / "config.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise ModelError(f"{place}: config.json cannot be read: {error}") from error
    if not isinstance(value, dict):
        raise ModelError(f"{place}: config.json is no JSON object")
    return value


def _json(file: Path, value: object) -> None:
    file.write_text(json.dumps(value, indent=1), "utf-8")
