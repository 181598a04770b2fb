"""The folder that ships: a plain diffusers StableDiffusionImg2ImgPipeline in fp16 safetensors.

Trained parts come in; engine/diffusion/small_model comes out, written beside it first and then
renamed, so that nobody ever reads half a folder. `check` loads it the way any diffusers user would
and makes one picture. There is no pickle in it.
"""

import json
import shutil
import warnings
from pathlib import Path

import torch
from diffusers import (
    AutoencoderTiny,
    LCMScheduler,
    StableDiffusionImg2ImgPipeline,
    UNet2DConditionModel,
)
from PIL import Image
from transformers import CLIPTextModel, CLIPTokenizer

from training import diffusion, palettes
from training import unet as unet_stage
from training.styles import STYLES
from training.subjects import SUBJECTS

FOLDER = Path(__file__).parent.parent / "engine" / "diffusion" / "small_model"
LIMIT_BYTES = 24_000_000
SOFTNESS = 1.0
"""It paints in soft blobs: the stage draws contours sharp as far as a look wants."""
TOKENIZER_FILES = ("vocab.json", "merges.txt", "tokenizer_config.json")


def scheduler() -> LCMScheduler:
    return LCMScheduler(
        beta_start=diffusion.BETA_START,
        beta_end=diffusion.BETA_END,
        beta_schedule="scaled_linear",
        prediction_type="v_prediction",
        original_inference_steps=50,
        steps_offset=1,
        clip_sample=False,
        set_alpha_to_one=True,
    )


def write(
    vae: AutoencoderTiny,
    encoder: CLIPTextModel,
    tokenizer_folder: Path,
    unet: UNet2DConditionModel,
    folder: Path = FOLDER,
) -> Path:
    pipeline = StableDiffusionImg2ImgPipeline(
        vae=vae,
        text_encoder=encoder,
        tokenizer=CLIPTokenizer.from_pretrained(tokenizer_folder),
        unet=unet,
        scheduler=scheduler(),
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )
    new = folder.with_name(folder.name + ".new")
    shutil.rmtree(new, ignore_errors=True)
    pipeline.to(torch.float16).save_pretrained(new, safe_serialization=True)
    for name in TOKENIZER_FILES:  # transformers 5 saves tokenizer.json alone, 4 needs these
        shutil.copy(tokenizer_folder / name, new / "tokenizer" / name)
    (new / "phrases.json").write_text(json.dumps(phrases(), indent=1) + "\n", encoding="utf-8")
    noise = {"position_amplitude": unet_stage.POSITION, "softness": SOFTNESS}
    (new / "noise.json").write_text(json.dumps(noise) + "\n", encoding="utf-8")
    for path in new.rglob("*"):
        path.chmod(0o755 if path.is_dir() else 0o644)  # safetensors come out readable to one user
    replace(new, folder)
    return folder


def phrases() -> dict[str, dict[str, list[str]]]:
    """What the model was taught to understand, for hints: names and the words for each."""
    colours = {name: [name, *words] for name, words in palettes.SYNONYMS.items()}
    themes = {name: list(words) for name, words in palettes.THEME_WORDS.items()}
    return {
        "subjects": {subject.name: list(subject.phrases) for subject in SUBJECTS},
        "colours": colours | themes,
        "styles": {style.name: list(style.words) for style in STYLES},
    }


def replace(new: Path, folder: Path) -> None:
    old = folder.with_name(folder.name + ".old")
    shutil.rmtree(old, ignore_errors=True)
    if folder.exists():
        folder.rename(old)
    new.rename(folder)
    shutil.rmtree(old, ignore_errors=True)


def size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def load(folder: Path = FOLDER) -> StableDiffusionImg2ImgPipeline:
    """The shipped folder as diffusers sees it, in float32 for the processor."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        pipeline = StableDiffusionImg2ImgPipeline.from_pretrained(
            folder, torch_dtype=torch.float32, safety_checker=None, local_files_only=True
        )
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def check(folder: Path = FOLDER) -> None:
    """Raise unless the folder is small, holds no pickle, loads and makes a picture."""
    size = size_of(folder)
    if size >= LIMIT_BYTES:
        raise ValueError(f"{folder} holds {size} bytes, the limit is {LIMIT_BYTES}")
    kinds = {path.suffix for path in folder.rglob("*") if path.is_file()}
    if kinds - {".json", ".txt", ".safetensors"}:
        raise ValueError(f"{folder} holds files of kinds {sorted(kinds)}")
    grey = Image.new("RGB", (256, 256), (128, 128, 128))
    picture = load(folder)(
        "red fire", image=grey, strength=0.5, num_inference_steps=2, guidance_scale=1.0
    ).images[0]
    if picture.size != (256, 256):
        raise ValueError(f"the pipeline made a picture of {picture.size}")
