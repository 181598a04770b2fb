"""Finds CLIP's words for a checkpoint, which holds a text encoder and no tokenizer.

A place to begin and the size of the vocabulary flow in; vocabulary and merges flow out, from the
first place that has them: what the sidecar says, beside the checkpoint, any diffusers folder
beside it, the user's folder, the hub's cache. All models of the Stable Diffusion classes have the
same words, so those of any will do. Reads JSON and text; nothing is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from engine.errors import ModelError
from engine.folders import folder

PAD_OPEN = "!"
"""What OpenCLIP's tokenizer fills up with; CLIP's own fills up with its end."""
START, END = "<|startoftext|>", "<|endoftext|>"


def find_words(file: Path, said: str, count: int) -> tuple[dict[str, int], list[str]]:
    """Vocabulary and merges of `count` words for a checkpoint.

    Raises ModelError, which says what to put where, when there are none.
    """
    if said:
        named = (file.parent / Path(said).expanduser())
        found = _read(named) or _read(named / "tokenizer")
        if found is None or len(found[0]) != count:
            raise ModelError(f"{file}: its sidecar's tokenizer = {said!r}: {named} holds no "
                             f"vocab.json and merges.txt of {count} words")
        return found
    for place in _places(file.parent):
        found = _read(place)
        if found is not None and len(found[0]) == count:
            return found
    raise ModelError(
        f"{file}: needs CLIP's {count} words, which checkpoints do not hold: put the folder "
        f"tokenizer (vocab.json, merges.txt) of any Stable Diffusion folder beside it or into "
        f"{folder('config')}, or fetch one: liquidlight model stabilityai/sd-turbo --download")


def _places(beside: Path) -> Iterator[Path]:
    yield beside / "tokenizer"
    yield beside
    yield from sorted(beside.glob("*/tokenizer"))
    yield folder("config") / "tokenizer"
    from huggingface_hub.constants import HF_HUB_CACHE

    for snapshot in sorted(Path(HF_HUB_CACHE).glob("models--*/snapshots/*")):
        yield from (snapshot / "tokenizer", snapshot)


def _read(place: Path) -> tuple[dict[str, int], list[str]] | None:
    """What a folder holds of a tokenizer: two files, or one of the tokenizers library."""
    try:
        if (place / "vocab.json").is_file() and (place / "merges.txt").is_file():
            vocab = json.loads((place / "vocab.json").read_text("utf-8"))
            rows = (place / "merges.txt").read_text("utf-8").splitlines()
            return vocab, [row for row in rows if row and not row.startswith("#version")]
        if (place / "tokenizer.json").is_file():
            model = json.loads((place / "tokenizer.json").read_text("utf-8"))["model"]
            return model["vocab"], [_merge(row) for row in model["merges"]]
    except (OSError, ValueError, KeyError, TypeError):
        pass
    return None


def _merge(row: Any) -> str:
    return row if isinstance(row, str) else " ".join(row)


def write_words(
    place: Path, words: tuple[dict[str, int], list[str]], longest: int, pad: str
) -> None:
    """A tokenizer folder as diffusers has it. Raises OSError."""
    vocab, merges = words
    place.mkdir()
    (place / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), "utf-8")
    (place / "merges.txt").write_text("\n".join(["#version: 0.2", *merges, ""]), "utf-8")
    (place / "tokenizer_config.json").write_text(json.dumps({
        "tokenizer_class": "CLIPTokenizer", "model_max_length": longest, "pad_token": pad,
        "bos_token": START, "eos_token": END, "unk_token": END, "do_lower_case": True,
    }), "utf-8")
