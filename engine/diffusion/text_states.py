"""A text encoder in numpy: what a text means to a small model, without torch.

Texts flow in, one summary vector each flows out: the state at the first end token. For hints
only, where a second of start and 300 MB for torch would be too much: the command line and the
process that shows the page. The generator itself uses the libraries' classes; a test compares
the two. Formulas: CLIP's text transformer (Radford et al. 2021), pre-norm, causal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from engine.diffusion.model import read_json
from engine.errors import ModelError


class TextStates:
    """The text encoder of a model folder. `summary` may be called from any one thread."""

    def __init__(self, folder: Path) -> None:
        """Read tokenizer and weights. Raises ModelError when they are not what CLIP's are."""
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        config = read_json(folder, "text_encoder/config.json")
        try:
            self._heads = int(config["num_attention_heads"])
            self._layers = int(config["num_hidden_layers"])
            self._longest = int(config["max_position_embeddings"])
            self._end = int(config["eos_token_id"])
            self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer" / "tokenizer.json"))
            weights = load_file(folder / "text_encoder" / "model.safetensors")
            self._weights = _named(weights)
        except Exception as error:  # the readers raise several kinds for a bad file
            raise ModelError(f"{folder}: text encoder cannot be read: {error}") from error

    def summary(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors float32 (n, width) of texts.

        Short texts are filled up with ends; the model is causal, so what follows does not count.
        """
        rows = [self._ids(text) for text in texts]
        longest = max(map(len, rows))
        ids = np.array([row + [self._end] * (longest - len(row)) for row in rows])
        states = self._states(ids)[np.arange(len(rows)), [len(row) - 1 for row in rows]]
        return states / np.linalg.norm(states, axis=1, keepdims=True)

    def _ids(self, text: str) -> list[int]:
        """Start, the text's tokens, one end; cut to the encoder's length, the end kept."""
        ids = self._tokenizer.encode(text).ids[: self._longest]
        return [*ids[:-1], self._end]

    def _states(self, ids: np.ndarray) -> np.ndarray:
        """Text states (n, tokens, width) of token numbers (n, tokens)."""
        w = self._weights
        x = w["embeddings.token_embedding.weight"][ids]
        x = x + w["embeddings.position_embedding.weight"][: ids.shape[1]]
        for n in range(self._layers):
            name = f"encoder.layers.{n}."
            x = x + self._attend(_norm(x, w, name + "layer_norm1"), name + "self_attn.")
            h = _linear(_norm(x, w, name + "layer_norm2"), w, name + "mlp.fc1")
            x = x + _linear(h / (1.0 + np.exp(-1.702 * h)), w, name + "mlp.fc2")  # quick GELU
        return _norm(x, w, "final_layer_norm")

    def _attend(self, x: np.ndarray, name: str) -> np.ndarray:
        """softmax(q k^T / sqrt(d)) v per head, each token seeing those up to itself."""
        n, count, width = x.shape
        q, k, v = (
            _linear(x, self._weights, f"{name}{which}_proj")
            .reshape(n, count, self._heads, -1)
            .swapaxes(1, 2)
            for which in "qkv"
        )  # (n, heads, tokens, d)
        scores = q @ k.swapaxes(2, 3) / np.float32(np.sqrt(width / self._heads))
        scores = np.where(np.tri(count, dtype=bool), scores, np.float32(-np.inf))
        scores = np.exp(scores - scores.max(-1, keepdims=True))
        mixed = scores / scores.sum(-1, keepdims=True) @ v
        mixed = mixed.swapaxes(1, 2).reshape(n, count, width)
        return _linear(mixed, self._weights, f"{name}out_proj")


def _named(weights: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Float32 weights by name, without the prefix that some versions of the library write."""
    return {
        name.removeprefix("text_model."): value.astype(np.float32)
        for name, value in weights.items()
    }


def _linear(x: np.ndarray, w: Mapping[str, Any], name: str) -> np.ndarray:
    return x @ w[f"{name}.weight"].T + w[f"{name}.bias"]


def _norm(x: np.ndarray, w: Mapping[str, Any], name: str) -> np.ndarray:
    centred = x - x.mean(-1, keepdims=True)
    scale = np.sqrt((centred**2).mean(-1, keepdims=True) + 1e-5)
    return centred / scale * w[f"{name}.weight"] + w[f"{name}.bias"]
