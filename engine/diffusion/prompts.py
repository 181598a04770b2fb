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
from typing import Any, Protocol

import torch

from engine.diffusion.hints import FILE
from engine.diffusion.model import Model
from engine.emphasis import emphasised
from engine.records import Prompt
from engine.word_effects import without_words

CAPACITY = 512
"""Texts kept; 24 x 128 floats of the small model are 12 kB, 77 x 1024 halves are 154 kB."""
LEAST_MEAN = 0.02
"""Mean of text states, beside their deviation, below which it says nothing."""


Weights = tuple[tuple[str, float], ...]
Key = tuple[str, Weights]
"""A text, and what the text encoders are changed by when it is encoded."""


class Changes(Protocol):
    """Who changes the text encoders: lora.LoraDeck."""

    def text_weights(self) -> Weights: ...

    def change_text(self, weights: Weights) -> None: ...


class PromptBank:
    """Encodes, keeps and blends prompts for one model. `blend` is for one thread only.

    When `changes` want the text encoders otherwise, the texts are encoded anew; live, by the
    worker, and what they said before is drawn until it is ready.
    """

    def __init__(
        self, model: Model, background: bool = False, capacity: int = CAPACITY,
        changes: Changes | None = None,
    ) -> None:
        self._model = model
        self._changes = changes
        self._weights: Weights = ()
        self._last: dict[str, Key] = {}  # of each text, as what it was encoded last
        self._encoding = threading.Lock()
        self._capacity = capacity
        # A model that lists what it was taught was not taught the words of shader effects: they
        # would pull its pictures elsewhere (measured: "flower, tv static" lands on dunes). Large
        # models know them and may see them.
        self._plain = (model.folder / FILE).is_file()
        self._cache: OrderedDict[Key, torch.Tensor] = OrderedDict()
        self._lock = threading.Lock()
        self._wanted: queue.SimpleQueue[Key | None] = queue.SimpleQueue()
        self._asked: set[Key] = set()
        self._buffers: dict[str, torch.Tensor] = {}
        self._worker: threading.Thread | None = None
        if background:
            self._worker = threading.Thread(target=self._work, name="prompts", daemon=True)
            self._worker.start()

    def encode(self, text: str) -> torch.Tensor:
        """The text states (1, tokens, width) of a text, from the cache or encoded now."""
        return self._encode((text, self._weights))

    def _encode(self, key: Key) -> torch.Tensor:
        states = self._cached(key)
        if states is None:
            text, weights = key
            with self._encoding:
                if self._changes is not None:
                    self._changes.change_text(weights)
                states = encode_text(self._model, without_words(text) if self._plain else text)
            with self._lock:
                self._cache[key] = states
                self._last[text] = key
                while len(self._cache) > self._capacity:
                    old, _ = self._cache.popitem(last=False)
                    if self._last.get(old[0]) == old:
                        del self._last[old[0]]
        return states

    def blend(self, prompts: Sequence[Prompt], slot: str = "positive") -> torch.Tensor:
        """The blend of weighted prompts, in the buffer that belongs to `slot`.

        No prompts, or only weights of zero, are the empty text. With a worker, texts not yet
        encoded are left out until they are; when none is ready the last blend stays. The very
        first blend is encoded at once.
        """
        if self._changes is not None:
            self._weights = self._changes.text_weights()
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

    def _cached(self, key: Key | None) -> torch.Tensor | None:
        with self._lock:
            states = self._cache.get(key)
            if states is not None:
                self._cache.move_to_end(key)
            return states

    def _ready(self, text: str, may_wait: bool) -> torch.Tensor | None:
        if self._worker is None or not may_wait:
            return self.encode(text)
        key = (text, self._weights)
        states = self._cached(key)
        if states is None:
            if key not in self._asked:
                self._asked.add(key)
                self._wanted.put(key)
            states = self._cached(self._last.get(text))
        return states

    def _work(self) -> None:
        while (key := self._wanted.get()) is not None:
            if key[1] == self._weights:  # else a hand has moved on meanwhile
                self._encode(key)
            self._asked.discard(key)

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
    plain average and the prompt would fade there; the norm is kept instead. Two go along the arc
    between their directions, token by token, so that a fade moves evenly.
    """
    if len(states) == 1:
        return states[0]
    e = torch.stack(tuple(states)).float()  # (n, 1, tokens, width)
    w = torch.tensor(weights, dtype=torch.float32, device=e.device)
    w = (w / w.sum()).view(-1, 1, 1, 1)
    norms = e.norm(dim=-1, keepdim=True)
    mixed = _along_arc(e / norms.clamp_min(1e-6), w) if len(e) == 2 else (w * e).sum(0)
    norm = (w * norms).sum(0)
    mixed = mixed * (norm / mixed.norm(dim=-1, keepdim=True).clamp_min(1e-6))
    return mixed.to(states[0].dtype)


def _along_arc(d: torch.Tensor, w: torch.Tensor) -> torch.Tensor:
    """Slerp of two unit vectors in d (2, 1, tokens, width): sum sin(w_i angle) d_i / sin(angle).

    A straight line where they are nearly equal or opposite, and the arc is not to be told.
    """
    angle = torch.acos((d[0] * d[1]).sum(-1, keepdim=True).clamp(-1.0, 1.0))
    sine = torch.sin(angle)
    shares = torch.where(sine > 1e-3, torch.sin(w * angle) / sine.clamp_min(1e-3), w)
    return (shares * d).sum(0)


@torch.inference_mode()
def encode_text(model: Model, text: str) -> torch.Tensor:
    """Text states (1, tokens, width) of a prompt with its emphasis.

    Padded and cut as the Stable Diffusion pipelines do; each run of equal emphasis is split into
    tokens by itself. Of the SDXL class (2307.01952) they are both encoders' states before the
    last layer, side by side, and one row more: the second one's pooled text, filled up with
    zeros, so that a blend treats it as it treats a token.
    """
    if model.text_encoder_2 is None:
        ids, mask, weights = _tokens(model, text, 0, model.tokenizer, model.text_encoder)
        states = model.text_encoder(ids, attention_mask=mask)[0]
        return emphasise(states, weights).to(model.dtype)
    said = []
    sides = ((model.tokenizer, model.text_encoder), (model.tokenizer_2, model.text_encoder_2))
    for n, (tokenizer, encoder) in enumerate(sides):
        ids, mask, weights = _tokens(model, text, n, tokenizer, encoder)
        said.append(encoder(ids, attention_mask=mask, output_hidden_states=True))
    states = emphasise(torch.cat([each.hidden_states[-2] for each in said], -1), weights)
    pooled = states.new_zeros(1, 1, states.shape[-1])
    pooled[0, 0, : said[1].text_embeds.shape[-1]] = said[1].text_embeds[0]
    return torch.cat((states, pooled), 1).to(model.dtype)


def _tokens(
    model: Model, text: str, side: int, tokenizer: Any, encoder: Any
) -> tuple[torch.Tensor, torch.Tensor | None, list[float]]:
    """Token ids (1, n) of a text, the encoder's mask if it wants one, each token's emphasis.

    `side` 0 or 1 is which of the model's encoders it is for.
    """
    config = encoder.config
    longest = min(tokenizer.model_max_length, config.max_position_embeddings)
    said: list[tuple[int, float]] = []
    for run, weight in emphasised(text):
        for piece, ids in model.words.split(run, side):
            if piece:
                ids = tokenizer(piece, add_special_tokens=False, verbose=False).input_ids
            said += [(token, weight) for token in ids]
    start, end = (tokenizer.bos_token_id, 1.0), (tokenizer.eos_token_id, 1.0)
    rows = [start, *said[: longest - 2], end]
    rows += [(tokenizer.pad_token_id, 1.0)] * (longest - len(rows))
    ids = torch.tensor([[token for token, _ in rows]], device=model.device)
    mask = None
    if getattr(config, "use_attention_mask", False):
        mask = (torch.arange(longest, device=model.device) < len(said) + 2).long()[None]
    return ids, mask, [weight for _, weight in rows]


def emphasise(states: torch.Tensor, weights: Sequence[float]) -> torch.Tensor:
    """States (1, tokens, width), each token's times its weight, then all times one number.

    As AUTOMATIC1111's web UI does it, that number brings the mean back. Where a mean is next to
    nothing it would be chance (the small model's is 0.005 of the deviation, its sign wanders from
    text to text): there the root mean square comes back.
    """
    if all(weight == 1.0 for weight in weights):
        return states
    e = states.float()
    z = e * torch.tensor(weights, device=e.device)[None, :, None]
    telling = min(abs(_leaning(e)), abs(_leaning(z))) > LEAST_MEAN and e.mean() * z.mean() > 0
    measure = torch.mean if telling else _size
    return (z * measure(e) / measure(z)).to(states.dtype) if z.any() else states


def _leaning(e: torch.Tensor) -> torch.Tensor:
    """The mean beside the deviation."""
    return e.mean() / e.std()


def _size(e: torch.Tensor) -> torch.Tensor:
    """Root mean square."""
    return e.square().mean().sqrt()
