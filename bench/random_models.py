"""Models of the well-known architectures with random weights: speed does not depend on weights.

A name such as "random:sd-turbo" flows in, a diffusers folder in the cache flows out, made when it
is not there yet (halves; SD-Turbo 2.4 GB, SDXL-Turbo 7 GB). The shapes are those of the models'
own config files; the tokenizer knows single letters only. "-kl" at the end of a name takes the
full autoencoder in place of the tiny one.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path
from typing import Any

from engine import folders
from engine.errors import ModelError

PREFIX = "random:"
_CROSS = ("CrossAttnDownBlock2D", "CrossAttnUpBlock2D")
_SD_UNET = {
    "attention_head_dim": (5, 10, 20, 20), "block_out_channels": (320, 640, 1280, 1280),
    "cross_attention_dim": 1024, "sample_size": 64, "use_linear_projection": True,
}
_XL_UNET = {
    "attention_head_dim": (5, 10, 20), "block_out_channels": (320, 640, 1280),
    "cross_attention_dim": 2048, "sample_size": 64, "use_linear_projection": True,
    "transformer_layers_per_block": (1, 2, 10), "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256, "projection_class_embeddings_input_dim": 2816,
    "down_block_types": ("DownBlock2D", _CROSS[0], _CROSS[0]),
    "up_block_types": (_CROSS[1], _CROSS[1], "UpBlock2D"),
}
_TINY_UNET = {
    "attention_head_dim": (1, 2), "block_out_channels": (16, 32), "cross_attention_dim": 32,
    "sample_size": 8, "layers_per_block": 1, "norm_num_groups": 8,
    "down_block_types": ("DownBlock2D", _CROSS[0]), "up_block_types": (_CROSS[1], "UpBlock2D"),
}


def _text(width: int, layers: int, heads: int, act: str, projection: int) -> dict[str, Any]:
    return {"hidden_size": width, "intermediate_size": 4 * width, "num_hidden_layers": layers,
            "num_attention_heads": heads, "hidden_act": act, "projection_dim": projection,
            "vocab_size": 49408, "max_position_embeddings": 77, "pad_token_id": 1,
            "bos_token_id": 49406, "eos_token_id": 49407}


MODELS: dict[str, tuple[dict[str, Any], tuple[dict[str, Any], ...]]] = {
    "sd-turbo": (_SD_UNET, (_text(1024, 23, 16, "gelu", 512),)),
    "sdxl-turbo": (_XL_UNET, (_text(768, 12, 12, "quick_gelu", 768),
                              _text(1280, 32, 20, "gelu", 1280))),
    "tiny": (_TINY_UNET, (_text(32, 2, 2, "gelu", 32),)),
}
"""UNet and text encoders by name; "tiny" is for tests."""
_KL = {
    "block_out_channels": (128, 256, 512, 512), "layers_per_block": 2, "sample_size": 512,
    "down_block_types": ("DownEncoderBlock2D",) * 4, "up_block_types": ("UpDecoderBlock2D",) * 4,
}
_SCHEDULER = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear",
              "steps_offset": 1, "timestep_spacing": "trailing", "prediction_type": "epsilon"}


def is_random(name: str) -> bool:
    return name.startswith(PREFIX)


def random_folder(name: str) -> Path:
    """The folder of "random:KIND". Raises ModelError for a name that is none."""
    kind = name.removeprefix(PREFIX)
    base = kind.removesuffix("-kl")
    if base not in MODELS:
        raise ModelError(f"model = {name!r}, allowed after {PREFIX}: "
                         + ", ".join(f"{each}, {each}-kl" for each in MODELS))
    folder = folders.folder("cache") / "bench" / kind
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        draft = Path(tempfile.mkdtemp(prefix="draft-", dir=folder.parent))
        try:
            _write(draft, base, tiny_coder=kind == base)
            draft.rename(folder)
        finally:
            shutil.rmtree(draft, ignore_errors=True)
    return folder


def _write(folder: Path, base: str, tiny_coder: bool) -> None:
    import torch
    from diffusers import AutoencoderKL, AutoencoderTiny, UNet2DConditionModel
    from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection

    unet, texts = MODELS[base]
    xl = len(texts) > 1
    with torch.device("meta"):
        parts = {"unet": UNet2DConditionModel(**unet),
                 "vae": AutoencoderTiny() if tiny_coder else AutoencoderKL(**_KL)}
        kinds = (CLIPTextModel, CLIPTextModelWithProjection)
        for number, config in enumerate(texts):
            part = "text_encoder" + ("_2" if number else "")
            parts[part] = kinds[number](CLIPTextConfig(**config))
    index: dict[str, Any] = {
        "_class_name": f"StableDiffusion{'XL' if xl else ''}Pipeline",
        "scheduler": ["diffusers", f"Euler{'Ancestral' if xl else ''}DiscreteScheduler"],
        "tokenizer": ["transformers", "CLIPTokenizer"]}
    index |= {"tokenizer_2": index["tokenizer"]} if xl else {
        "safety_checker": [None, None], "feature_extractor": [None, None]}
    for part, module in parts.items():
        library = "transformers" if part.startswith("text") else "diffusers"
        index[part] = [library, type(module).__name__]
        _save(folder / part, module, library)
    for part in ("tokenizer", "tokenizer_2")[:len(texts)]:
        _save_letters(folder / part)
    _json(folder / "scheduler" / "scheduler_config.json",
          {"_class_name": index["scheduler"][1], **_SCHEDULER})
    _json(folder / "model_index.json", index)


def _save(folder: Path, module: Any, library: str) -> None:
    """A config, and random halves in the shapes of a module that holds no numbers itself."""
    import torch
    from safetensors.torch import save_file

    folder.mkdir()
    if library == "diffusers":
        module.save_config(folder)
    else:
        module.config.architectures = [type(module).__name__]
        module.config.save_pretrained(folder)
    random = torch.Generator().manual_seed(1)
    name = "diffusion_pytorch_model" if library == "diffusers" else "model"
    prefix = "" if library == "diffusers" or any(
        key.startswith("text_model.") for key in module.state_dict()) else "text_model."
    tensors = {}
    for key, tensor in module.state_dict().items():
        own = key if key.startswith("text_projection") else prefix + key
        tensors[own] = _numbers(key, tuple(tensor.shape), random)
    save_file(tensors, folder / f"{name}.safetensors", metadata={"format": "pt"})


def _numbers(key: str, shape: tuple[int, ...], random: Any) -> Any:
    """Norms as they begin, no biases, and matrices that keep what they multiply in its range."""
    import torch

    if len(shape) < 2:
        return torch.full(shape, float(key.endswith("weight")), dtype=torch.float16)
    inputs = max(1, torch.Size(shape[1:]).numel())
    values = torch.empty(shape, dtype=torch.float32).uniform_(-1, 1, generator=random)
    return values.mul_((1.0 / inputs) ** 0.5).half()


def _save_letters(folder: Path) -> None:
    """A CLIP tokenizer of single bytes whose marks have their usual numbers."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [byte for byte in range(256) if byte not in printable]
    letters = [chr(code) for code in (*printable, *(256 + n for n in range(len(rest))))]
    vocab = {word: n for n, word in enumerate([*letters, *(f"{each}</w>" for each in letters)])}
    vocab |= {"<|startoftext|>": 49406, "<|endoftext|>": 49407}
    _json(folder / "vocab.json", vocab)
    (folder / "merges.txt").write_text("#version: 0.2\n")
    _json(folder / "tokenizer_config.json",
          {"tokenizer_class": "CLIPTokenizer", "model_max_length": 77,
           "bos_token": "<|startoftext|>", "eos_token": "<|endoftext|>",
           "pad_token": "<|endoftext|>", "unk_token": "<|endoftext|>"})


def _json(path: Path, value: Any) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(value), encoding="utf-8")
