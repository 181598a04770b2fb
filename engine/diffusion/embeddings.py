"""Textual inversion (2208.01618): words of one's own, each a few learnt vectors.

Safetensors files in `embeddings/` flow in, words with their vectors flow out; a word may stand
anywhere in a prompt, with emphasis, whatever its case. It is the file's name, and the name that
the file itself gives. Looked for beside the model, within its folder, and in the user's folder;
pickles are not read. Reading heads needs no torch; `teach` puts the vectors behind the text
encoder's own and is called once, by whoever loads the model.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.diffusion.model_files import check_folder, model_folder, read_json
from engine.diffusion.shapes import is_embedding, what_else
from engine.diffusion.weight_files import PICKLED, header, metadata
from engine.errors import ModelError
from engine.folders import folder

FOLDER = "embeddings"
_PARTS = {"clip_l": "text_encoder", "clip_g": "text_encoder_2"}
_NAMELESS = ("emb_params", "string_to_param", "string_to_param.*", "weight", "<placeholder>")


@dataclass(frozen=True, slots=True)
class Vectors:
    """One file: its `words`, how many vectors, and for each text encoder (tensor, width)."""

    path: Path
    words: tuple[str, ...]
    count: int
    parts: Mapping[str, tuple[str, int]]


class Words:
    """The words that a model was taught: `split` finds them in a text."""

    def __init__(self, ids: Mapping[str, Sequence[tuple[int, ...]]]) -> None:
        """`ids` gives for each word the token numbers in the first and in the second encoder."""
        self._ids = {word.lower(): rows for word, rows in ids.items()}
        longest = "|".join(map(_alone, sorted(self._ids, key=len, reverse=True)))
        self._pattern = re.compile(f"({longest})", re.IGNORECASE) if ids else None

    def split(self, text: str, encoder: int) -> list[tuple[str, tuple[int, ...]]]:
        """Runs of plain text, and between them "" with the token numbers of a word."""
        if self._pattern is None:
            return [(text, ())]
        pieces = self._pattern.split(text)
        return [("", self._ids[piece.lower()][encoder]) if n % 2 else (piece, ())
                for n, piece in enumerate(pieces) if piece]


def _alone(word: str) -> str:
    """The pattern of a word that is no part of a longer one; `<x>` may stand anywhere."""
    before, after = (r"\w" if re.match(r"\w", end) else "" for end in (word[0], word[-1]))
    return (f"(?<!{before})" if before else "") + re.escape(word) + (
        f"(?!{after})" if after else "")


def read_vectors(path: Path) -> Vectors:
    """What the head of a file says. Raises ModelError for one that holds no words."""
    if path.suffix.lower() in PICKLED:
        raise ModelError(f"{path}: is a pickle, which runs whatever its maker put in when it is "
                         "read; allowed: .safetensors")
    rows, words = header(path), [path.stem]
    if not is_embedding(rows):
        raise ModelError(f"{path}: is {what_else(rows)}, no textual inversion")
    if rows.keys() <= _PARTS.keys():
        parts = {_PARTS[name]: name for name in rows}
    elif len(rows) == 1:
        name = next(iter(rows))
        parts = {"text_encoder": name}
        words += [name] if name not in _NAMELESS else []
    else:
        raise ModelError(f"{path}: holds {', '.join(sorted(rows))}; allowed: one list of vectors, "
                         "or clip_l and clip_g")
    words += [said] if (said := metadata(path).get("name", "").strip()) else []
    shapes = {part: [1, *rows[name]["shape"]][-2:] for part, name in parts.items()}
    counts = {count for count, _ in shapes.values()}
    if len(counts) != 1:
        raise ModelError(f"{path}: clip_l and clip_g hold different numbers of vectors")
    return Vectors(path, tuple(dict.fromkeys(words)), counts.pop(),
                   {part: (name, shapes[part][1]) for part, name in parts.items()})


def embeddings_of(name_or_path: str | Path) -> tuple[list[Vectors], list[str]]:
    """The embeddings that a model can read, and a line for each that it cannot. ModelError."""
    widths = _widths(name_or_path)
    found: list[Vectors] = []
    faults = []
    taken: set[str] = set()
    for path in _files(name_or_path):
        try:
            vectors = read_vectors(path)
            _check_fit(vectors, widths)
        except ModelError as error:
            faults.append(str(error))
            continue
        if taken.isdisjoint(word.lower() for word in vectors.words):
            found.append(vectors)
            taken.update(word.lower() for word in vectors.words)
    return found, faults


def _check_fit(vectors: Vectors, widths: Mapping[str, int]) -> None:
    made = {part: width for part, (_, width) in vectors.parts.items()}
    if made != widths:
        said, wanted = (" and ".join(map(str, rows.values())) for rows in (made, widths))
        raise ModelError(f"{vectors.path}: is made for another model: its vectors are of width "
                         f"{said}, this one's are of {wanted}")


def _widths(name_or_path: str | Path) -> dict[str, int]:
    classes, place = check_folder(name_or_path), model_folder(name_or_path)
    return {part: int(read_json(place, f"{part}/config.json")["hidden_size"])
            for part in _PARTS.values() if part in classes}


def _files(name_or_path: str | Path) -> list[Path]:
    path = Path(name_or_path).expanduser()
    homes = [path / FOLDER, path.parent / FOLDER] if path.exists() else []
    homes.append(folder("config") / FOLDER)
    kinds = (*PICKLED, ".safetensors")
    return [file for home in homes if home.is_dir()
            for file in sorted(home.iterdir()) if file.suffix.lower() in kinds]


def teach(name_or_path: str | Path, parts: dict[str, Any]) -> Words:
    """Put the vectors of a model's embeddings into its text encoders; the words that they are."""
    import torch
    from safetensors import safe_open

    found = embeddings_of(name_or_path)[0]
    if not found:
        return Words({})
    encoders = [(part, parts[part]) for part in _PARTS.values() if part in parts]
    added: list[list[Any]] = [[] for _ in encoders]
    next_id = [encoder.get_input_embeddings().weight.shape[0] for _, encoder in encoders]
    ids: dict[str, Sequence[tuple[int, ...]]] = {}
    for vectors in found:
        rows = []
        with safe_open(vectors.path, framework="pt") as stored:
            for n, (part, _) in enumerate(encoders):
                tensor = stored.get_tensor(vectors.parts[part][0])
                added[n].append(tensor.reshape(vectors.count, -1))
                rows.append(tuple(range(next_id[n], next_id[n] + vectors.count)))
                next_id[n] += vectors.count
        ids |= dict.fromkeys(vectors.words, rows)
    for (part, encoder), tensors in zip(encoders, added, strict=True):
        _extend(encoder, torch.cat(tensors), parts["tokenizer" + part[len("text_encoder"):]])
    return Words(ids)


def _extend(encoder: Any, vectors: Any, tokenizer: Any) -> None:
    import torch

    table = encoder.get_input_embeddings()
    more = vectors.to(table.weight.device, table.weight.dtype)
    table.weight = torch.nn.Parameter(torch.cat((table.weight.data, more)), requires_grad=False)
    table.num_embeddings = len(table.weight)
    # Old configs tell the end by its being the highest number, which it no longer is.
    owner = getattr(encoder, "text_model", encoder)
    owner.eos_token_id = tokenizer.eos_token_id
