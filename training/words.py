"""The text encoder: a CLIPTextModel of 2 x 128 that learns MiniLM's meanings and our captions.

Texts go in as 24 tokens; 24 states of 128 come out, and the state at the end token sums the text
up. In training that state must give MiniLM's vector (cosine and pairwise similarities) for common
words, word pairs and captions, and must tell a caption's subject, colours and style. Words that are
in no caption thus land near the ones that are. Nothing of MiniLM ships.
"""

import random
from dataclasses import dataclass
from pathlib import Path

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from training import captions, loop, minilm, tokens
from training.captions import Look
from training.palettes import COLOURS, THEMES
from training.styles import STYLES
from training.subjects import NAMES, SUBJECTS

WIDTH = 128
PEAK_LR = 2e-3
TEXTS, CAPTIONS = 160, 96  # per step
COLOUR_NAMES = tuple(COLOURS) + tuple(THEMES)
STYLE_NAMES = tuple(style.name for style in STYLES)


def build(vocabulary: int) -> CLIPTextModel:
    return CLIPTextModel(
        CLIPTextConfig(
            vocab_size=vocabulary,
            hidden_size=WIDTH,
            intermediate_size=3 * WIDTH,
            num_hidden_layers=2,
            num_attention_heads=4,
            max_position_embeddings=tokens.LENGTH,
            projection_dim=WIDTH,
            bos_token_id=vocabulary - 2,
            eos_token_id=vocabulary - 1,
            pad_token_id=vocabulary - 1,
        )
    )


class Heads(nn.Module):
    """What the summary state must tell; only training sees these."""

    def __init__(self) -> None:
        super().__init__()
        self.meaning = nn.Linear(WIDTH, 384)
        self.subject = nn.Linear(WIDTH, len(NAMES))
        self.colours = nn.Linear(WIDTH, len(COLOUR_NAMES))
        self.style = nn.Linear(WIDTH, len(STYLE_NAMES) + 1)


def summary(encoder: CLIPTextModel, ids: Tensor) -> Tensor:
    """The state at the first end token, (n, WIDTH). Cuts the padding off: the model is causal."""
    ends = (ids == ids[0, -1]).int().argmax(1)
    ids = ids[:, : int(ends.max()) + 1]
    return encoder(input_ids=ids).last_hidden_state[torch.arange(len(ids)), ends]


@dataclass(frozen=True)
class Labels:
    """What captions say: subject and style numbers (-1: none named), colours as 0 or 1."""

    subject: Tensor
    colours: Tensor
    style: Tensor

    @classmethod
    def of(cls, looks: list[Look]) -> "Labels":
        one = [look.subject.name if look.phrase and not look.second else "" for look in looks]
        subject = [NAMES.index(name) if name else -1 for name in one]
        style = [STYLE_NAMES.index(x.style.name) if x.style else len(STYLE_NAMES) for x in looks]
        said = [[n in look.paint.spoken_names for n in COLOUR_NAMES] for look in looks]
        return cls(torch.tensor(subject), torch.tensor(said).float(), torch.tensor(style))


def many_captions(
    count: int, seed: int, extra: dict[str, list[str]]
) -> tuple[list[str], list[Look]]:
    chance = random.Random(seed)
    looks = []
    for _ in range(count):
        first, second = chance.sample(SUBJECTS, 2)
        paired = chance.random() < captions.PAIRED
        looks.append(captions.choose(first, chance, extra, second if paired else None))
    return [captions.caption(look, chance) for look in looks], looks


@dataclass(frozen=True)
class Lesson:
    """Everything the text task learns from, ready as tensors."""

    texts: Tensor
    meanings: Tensor
    captions: Tensor
    labels: Labels


def prepare(folder: Path, seed: int, pairs: int = 7000, said: int = 60_000) -> Lesson:
    """Write the tokenizer and the extra words into `folder`; run the teacher once."""
    words = minilm.common_words()
    word_vectors = minilm.vectors(words)
    extra = minilm.near_words(words, word_vectors)
    spoken, looks = many_captions(said, seed, extra)
    tokenizer = tokens.train(words * 4 + spoken[:6000], folder / "tokenizer")
    minilm.write_words(extra, folder)
    chance = random.Random(seed)
    more = [" ".join(chance.sample(words, 2)) for _ in range(pairs)] + spoken[:5000]
    return Lesson(
        tokens.encode(tokenizer, words + more),
        torch.cat([word_vectors, minilm.vectors(more)]),
        tokens.encode(tokenizer, spoken),
        Labels.of(looks),
    )


class TextTask:
    """Two mixed lessons a step: meanings of texts, and what captions say."""

    def __init__(self, seed: int, lesson: Lesson, vocabulary: int, held_out: int = 300):
        torch.manual_seed(seed)
        self.encoder, self.heads, self.lesson = build(vocabulary), Heads(), lesson
        self.parameters = [*self.encoder.parameters(), *self.heads.parameters()]
        self.optimizer = torch.optim.AdamW(
            self.parameters, PEAK_LR, betas=(0.9, 0.98), weight_decay=0.01
        )
        self.ema = loop.Ema(self.encoder, 0.995)
        self.parts = {
            "encoder": self.encoder,
            "heads": self.heads,
            "optimizer": self.optimizer,
            "ema": self.ema,
        }
        self.held_out = torch.arange(0, minilm.COMMON_WORDS, minilm.COMMON_WORDS // held_out)
        kept = torch.ones(len(lesson.texts), dtype=torch.bool)
        kept[self.held_out[self.held_out < len(kept)]] = False
        self.kept = kept.nonzero()[:, 0]

    def step(self, progress: float, generator: torch.Generator) -> dict[str, float]:
        loop.set_lr(self.optimizer, loop.cosine(PEAK_LR, progress, (self.ema.updates + 1) / 50))
        some = self.kept[torch.randint(len(self.kept), (TEXTS,), generator=generator)]
        cosine, relation = self.meaning_losses(some)
        said = torch.randint(len(self.lesson.captions), (CAPTIONS,), generator=generator)
        subject, colours, style = self.caption_losses(said)
        loss = 2 * cosine + 4 * relation + 0.5 * subject + 2 * colours + 0.5 * style
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, 1.0)
        self.optimizer.step()
        self.ema.update(self.encoder)
        return {
            "cosine": 1 - cosine.item(),
            "subject": subject.item(),
            "colours": colours.item(),
            "style": style.item(),
        }

    def meaning_losses(self, which: Tensor) -> tuple[Tensor, Tensor]:
        """Distance to the teacher's vectors, and between both tables of similarities."""
        taught = self.lesson.meanings[which]
        state = summary(self.encoder, self.lesson.texts[which])
        guess = F.normalize(self.heads.meaning(state), dim=-1)
        relation = (guess @ guess.T - taught @ taught.T).pow(2).mean()
        return (1 - (guess * taught).sum(-1)).mean(), relation

    def caption_losses(self, which: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        labels, state = self.lesson.labels, summary(self.encoder, self.lesson.captions[which])
        return (
            F.cross_entropy(self.heads.subject(state), labels.subject[which], ignore_index=-1),
            F.binary_cross_entropy_with_logits(self.heads.colours(state), labels.colours[which]),
            F.cross_entropy(self.heads.style(state), labels.style[which]),
        )


def finished(path: Path, tokenizer: CLIPTokenizer) -> CLIPTextModel:
    encoder = build(len(tokenizer))
    encoder.load_state_dict(torch.load(path, weights_only=True)["parts"]["ema"]["weights"])
    return encoder.eval()


@torch.no_grad()
def held_out_cosine(task: TextTask) -> float:
    """How well common words that were kept back point where the teacher points."""
    guess = task.heads.meaning(summary(task.encoder, task.lesson.texts[task.held_out]))
    return float((F.normalize(guess, dim=-1) * task.lesson.meanings[task.held_out]).sum(-1).mean())
