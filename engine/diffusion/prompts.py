"""Words to conditioning: each text is encoded once, a blend is arithmetic on cached tensors.

Weighted prompts flow in at frame rate, one tensor (1, tokens, width) in a fixed buffer flows
out. Live, new texts are encoded by a worker thread of the generator process while the pictures
go on with what is ready; for films and tests they are encoded at once, so that equal parameters
give equal pictures.
"""

from __future__ import annotations

import queue
import threading
from collections import OrderedDict
from collections.abc import Sequence

import torch

from engine.diffusion.hints import FILE
from engine.diffusion.model import Model
from engine.records import Prompt
from engine.word_effects import without_words

CAPACITY = 512
"""Texts kept; 24 x 128 floats of the small model are 12 kB, 77 x 1024 halves are 154 kB."""


class PromptBank:
    """Encodes, keeps and blends prompts for one model. `blend` is for one thread only."""

    def __init__(self, model: Model, background: bool = False, capacity: int = CAPACITY) -> None:
        self._model = model
        self._capacity = capacity
        # A model that lists what it was taught was not taught the words of shader effects: they
        # would pull its pictures elsewhere (measured: "flower, tv static" lands on dunes). Large
        # models know them and may see them.
        self._plain = (model.folder / FILE).is_file()
        self._cache: OrderedDict[str, torch.Tensor] = OrderedDict()
        self._lock = threading.Lock()
        self._wanted: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._asked: set[str] = set()
        self._buffers: dict[str, torch.Tensor] = {}
        self._worker: threading.Thread | None = None
        if background:
            self._worker = threading.Thread(target=self._work, name="prompts", daemon=True)
            self._worker.start()

    def encode(self, text: str) -> torch.Tensor:
        """The text states (1, tokens, width) of a text, from the cache or encoded now."""
        states = self._cached(text)
        if states is None:
            states = encode_text(self._model, without_words(text) if self._plain else text)
            with self._lock:
                self._cache[text] = states
                while len(self._cache) > self._capacity:
                    self._cache.popitem(last=False)
        return states

    def blend(self, prompts: Sequence[Prompt], slot: str = "positive") -> torch.Tensor:
        """The blend of weighted prompts, in the buffer that belongs to `slot`.

        No prompts, or only weights of zero, are the empty text. With a worker, texts not yet
        encoded are left out until they are; when none is ready the last blend stays. The very
        first blend is encoded at once.
        """
        wanted = [(p.text, p.weight) for p in prompts if p.weight > 0] or [("", 1.0)]
        ready = [(self._ready(text, slot in self._buffers), weight) for text, weight in wanted]
        found = [(states, weight) for states, weight in ready if states is not None]
        if found:
            self._into_buffer(slot, found)
        return self._buffers[slot]

    def close(self) -> None:
        """End the worker thread; texts still waiting are dropped."""
        if self._worker is not None:
            self._wanted.put(None)
            self._worker.join(timeout=5.0)
            self._worker = None

    def _cached(self, text: str) -> torch.Tensor | None:
        with self._lock:
            states = self._cache.get(text)
            if states is not None:
                self._cache.move_to_end(text)
            return states

    def _ready(self, text: str, may_wait: bool) -> torch.Tensor | None:
        if self._worker is None or not may_wait:
            return self.encode(text)
        states = self._cached(text)
        if states is None and text not in self._asked:
            self._asked.add(text)
            self._wanted.put(text)
        return states

    def _work(self) -> None:
        while (text := self._wanted.get()) is not None:
            self.encode(text)
            self._asked.discard(text)

    def _into_buffer(self, slot: str, found: list[tuple[torch.Tensor, float]]) -> None:
        states = [each for each, _ in found]
        blended = blend_states(states, [weight for _, weight in found])
        if slot in self._buffers:
            self._buffers[slot].copy_(blended)
        else:
            self._buffers[slot] = blended.clone()


def blend_states(states: Sequence[torch.Tensor], weights: Sequence[float]) -> torch.Tensor:
    """e = sum w_i e_i over normalised weights, each token given the norm sum w_i |e_i|.

    States (1, tokens, width). Two embeddings that point apart would shrink at the middle of a
    plain average and the prompt would fade there; the norm is kept instead.
    """
    if len(states) == 1:
        return states[0]
    e = torch.stack(tuple(states)).float()  # (n, 1, tokens, width)
    w = torch.tensor(weights, dtype=torch.float32, device=e.device)
    w = (w / w.sum()).view(-1, 1, 1, 1)
    mixed = (w * e).sum(0)
    norm = (w * e.norm(dim=-1, keepdim=True)).sum(0)
    mixed = mixed * (norm / mixed.norm(dim=-1, keepdim=True).clamp_min(1e-6))
    return mixed.to(states[0].dtype)


@torch.inference_mode()
def encode_text(model: Model, text: str) -> torch.Tensor:
    """Text states (1, tokens, width), padded and cut as the Stable Diffusion pipelines do."""
    longest = model.text_encoder.config.max_position_embeddings
    tokens = model.tokenizer(
        text, padding="max_length", truncation=True, return_tensors="pt",
        max_length=min(model.tokenizer.model_max_length, longest),
    )
    mask = None
    if getattr(model.text_encoder.config, "use_attention_mask", False):
        mask = tokens.attention_mask.to(model.device)
    states = model.text_encoder(tokens.input_ids.to(model.device), attention_mask=mask)[0]
    return states.to(model.dtype)
