"""The tokenizer: byte-level BPE in CLIP's manner, trained on captions and common words.

Every byte is in the vocabulary, so any text in any language becomes tokens. The files written are
vocab.json, merges.txt and tokenizer_config.json (transformers 4 and 5 read these) and the
tokenizer.json that transformers 5 writes itself.
"""

import json
from collections.abc import Iterable
from pathlib import Path

from tokenizers import pre_tokenizers
from tokenizers.trainers import BpeTrainer
from transformers import CLIPTokenizer

LENGTH = 24
VOCABULARY = 8192
START, END = "<|startoftext|>", "<|endoftext|>"
WORD_END = "</w>"


def train(texts: Iterable[str], folder: Path) -> CLIPTokenizer:
    """Learn merges from texts and leave a tokenizer folder behind."""
    backend = CLIPTokenizer().backend_tokenizer
    trainer = BpeTrainer(
        vocab_size=VOCABULARY,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        end_of_word_suffix=WORD_END,
        show_progress=False,
    )
    backend.train_from_iterator(texts, trainer)
    merges = [_pair(merge) for merge in json.loads(backend.to_str())["model"]["merges"]]
    return write(merges, folder)


def _pair(merge: str | list[str]) -> tuple[str, str]:
    left, right = merge.split(" ") if isinstance(merge, str) else merge
    return left, right


def write(merges: list[tuple[str, str]], folder: Path) -> CLIPTokenizer:
    """Bytes, bytes that end a word, merged tokens, then the two special ones."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    names = alphabet + [byte + WORD_END for byte in alphabet] + [a + b for a, b in merges]
    names = list(dict.fromkeys(names)) + [START, END]
    folder.mkdir(parents=True, exist_ok=True)
    vocab = {name: number for number, name in enumerate(names)}
    (folder / "vocab.json").write_text(json.dumps(vocab, ensure_ascii=False), encoding="utf-8")
    lines = ["#version: 0.2"] + [f"{a} {b}" for a, b in merges]
    (folder / "merges.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    config = {
        "tokenizer_class": "CLIPTokenizer",
        "model_max_length": LENGTH,
        "bos_token": START,
        "eos_token": END,
        "unk_token": END,
        "pad_token": END,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    return CLIPTokenizer.from_pretrained(folder)


def encode(tokenizer: CLIPTokenizer, texts: list[str]):
    """Token ids (n, LENGTH), padded with the end token."""
    return tokenizer(
        texts, padding="max_length", max_length=LENGTH, truncation=True, return_tensors="pt"
    ).input_ids
