"""Does the picture show what was asked? The model draws, the judge answers, figures flow out.

Pictures are made as the engine makes them: in one step from noise alone, and by some frames of
feedback from a foreign picture through the engine's own Img2ImgStream. Nothing here trains.
"""

import random
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from engine.diffusion.model import Model, load_model
from engine.diffusion.noise import placed
from engine.diffusion.stream import Img2ImgStream, to_bytes
from engine.records import FrameParams, Pose, Prompt
from training import probes, steer
from training.measures import contrast, laplacian_energy
from training.pictures import Pictures
from training.probes import COLOUR_NAMES, STYLE_NAMES, Probe, Seen
from training.questions import Question, foreign
from training.subjects import NAMES

FRAMES = 12
SIZE = 256
RATE = 10.0
"""Pictures a second of the feedback loop, for drift, zoom and regulation."""
ZOOM_A_SECOND = 0.06
NOISE_DRIFT = 0.1
PURE_NOISE = steer.PURE_NOISE
Bar = Callable[[Iterable, str, int], Iterable]


@dataclass(frozen=True)
class Answers:
    """What the judge says of n pictures: names, the two likeliest colours among them."""

    subject: list[str]
    colours: list[tuple[str, str]]
    style: list[str]


@torch.no_grad()
def judged(probe: Probe, images: Tensor) -> Answers:
    """Answers on pictures (n, 3, h, w) in 0..1."""
    parts = [probe(part) for part in probes.small(images).split(64)]
    subject, colours, style = (torch.cat(each) for each in zip(*parts, strict=True))
    two = colours.topk(2, 1).indices.tolist()
    return Answers(
        [NAMES[i] for i in subject.argmax(1)],
        [(COLOUR_NAMES[a], COLOUR_NAMES[b]) for a, b in two],
        [STYLE_NAMES[i] for i in style.argmax(1)],
    )


def score(questions: Sequence[Question], answers: Answers) -> dict[str, float]:
    """Shares of right answers among those asked: subject, colour, pair of colours, style."""
    right = defaultdict(list)
    for question, subject, colours, style in zip(
        questions, answers.subject, answers.colours, answers.style, strict=True
    ):
        right["subject"].append(subject in question.subjects)
        if len(question.colours) == 1:
            right["colour"].append(colours[0] == question.colours[0])
        if len(question.colours) == 2:
            right["pair"].append(set(colours) == set(question.colours))
        if question.style:
            right["style"].append(style == question.style)
    return {name: round(sum(each) / len(each), 4) for name, each in right.items()}


def by_subject(questions: Sequence[Question], answers: Answers) -> dict[str, tuple[float, str]]:
    """For each subject its share of right answers, and what it was taken for most often."""
    rows = defaultdict(list)
    for question, subject in zip(questions, answers.subject, strict=True):
        rows[question.subjects[0]].append(subject)
    result = {}
    for name, said in rows.items():
        wrong = Counter(each for each in said if each != name).most_common(2)
        words = ", ".join(f"{other} {count}" for other, count in wrong)
        result[name] = (said.count(name) / len(said), words)
    return result


def by_kind(
    questions: Sequence[Question], answers: Answers, kind: str
) -> dict[str, tuple[float, str]]:
    """The same for colours or styles: kind is `colour` or `style`."""
    rows = defaultdict(list)
    said = [c[0] for c in answers.colours] if kind == "colour" else answers.style
    for question, answer in zip(questions, said, strict=True):
        asked = question.style if kind == "style" else "".join(question.colours[:1])
        if asked and (kind == "style" or len(question.colours) == 1):
            rows[asked].append(answer)
    result = {}
    for name, given in sorted(rows.items()):
        wrong = Counter(each for each in given if each != name).most_common(2)
        words = ", ".join(f"{other} {count}" for other, count in wrong)
        result[name] = (given.count(name) / len(given), words)
    return result


def plain_noise(count: int, seed: int, size: int = SIZE) -> Tensor:
    """Unit latent noise (count, 4, size / 8, size / 8), as the generator's pictures start from."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, 4, size // 8, size // 8, generator=generator)


@torch.no_grad()
def one_step(
    model: steer.Model, texts: Sequence[str], noise: Tensor, bar: Bar, told: float = 0.0
) -> Tensor:
    """Pictures from text and latent noise (n, 4, h, w) alone, in one step.

    `told` is how loudly the noise tells position, as the model's folder wants it.
    """
    images, noise = [], placed(noise, told)
    for start in bar(range(0, len(texts), 4), "one step", -(-len(texts) // 4)):
        part = slice(start, start + 4)
        states = model.prompt(list(texts[part]))
        images.append(model.step(None, states, noise[part], PURE_NOISE))
    return torch.cat(images)


def engine_model(folder: Path, threads: int | None, runtime: str = "auto") -> Model:
    """The model as the engine plays it; a runtime other than torch is converted first."""
    if runtime in ("auto", "torch"):
        return load_model(folder, "cpu", threads)
    from engine.diffusion.acceleration import load_accelerated

    return load_accelerated(runtime, folder, (SIZE, SIZE), threads or torch.get_num_threads())


def fed_back(
    model: Model, questions: Sequence[Question], strength: float, bar: Bar, size: int = SIZE
) -> Tensor:
    """The last of FRAMES pictures, for each question from a foreign picture of its own."""
    pictures, chance, images = Pictures(31, size), random.Random(31), []
    for n, question in enumerate(bar(questions, f"{FRAMES} frames", len(questions))):
        look = foreign(question, chance)
        start = pictures.paint(pictures.tone(look.subject, 1), [look])
        images.append(played(model, question.text, start, strength, seed=n))
    return torch.cat(images)


def played(
    model: Model, text: str, start: Tensor, strength: float, seed: int, frames: int = FRAMES
) -> Tensor:
    """What a new stream shows after some frames from a picture (1, 3, h, w), under a slow zoom."""
    stream = Img2ImgStream(model, (start.shape[3], start.shape[2]), seed)
    stream.resume(to_bytes(start), params(text, 0, strength))
    for index in range(1, frames + 1):
        picture = stream.step(params(text, index, strength))
    stream.close()
    return torch.from_numpy(picture).permute(2, 0, 1)[None].float() / 255


def params(text: str, index: int, strength: float) -> FrameParams:
    time = index / RATE
    return FrameParams(
        index, time, 1 / RATE, prompts=(Prompt(text, 1.0),), strength=strength,
        noise_drift=NOISE_DRIFT, pose=Pose(ZOOM_A_SECOND * time),
    )  # fmt: skip


def drawn(questions: Sequence[Question], noise: Tensor, vae: torch.nn.Module) -> Tensor:
    """The generator's own pictures of the same looks from the same noise, decoded."""
    pictures, images = Pictures(5, noise.shape[-1] * 8), []
    for question, own in zip(questions, noise, strict=True):
        tone = pictures.tone(question.look.subject, 1, own[None])
        images.append(probes.through(vae, pictures.paint(tone, [question.look])))
    return torch.cat(images)


def sharpness(made: Tensor, reference: Tensor) -> dict[str, float]:
    """Laplacian energy and contrast over the reference's: of the means, and the median of all."""
    result = {}
    for name, measure in (("laplacian", laplacian_energy), ("contrast", contrast)):
        ours, theirs = measure(made), measure(reference)
        result[name] = round(float(ours.mean() / theirs.mean()), 4)
        each = ours / theirs.clamp_min(1e-6)
        result[f"{name}_median"] = round(float(each.median()), 4)
    return result


@torch.no_grad()
def own_accuracy(probe: Probe, seen: Seen) -> dict[str, float]:
    """The judge on pictures whose truth is known and that it never saw.

    Colours of one palette where the questions ask for them, pairs, named styles and plain ones.
    """
    parts = [probe(part.float() / 255) for part in seen.images.split(64)]
    subject, colours, style = (torch.cat(each) for each in zip(*parts, strict=True))
    hit = subject.argmax(1) == seen.subject
    one = seen.colours.amax(1) == 1
    plain = seen.style == STYLE_NAMES.index(probes.PLAIN)
    asked = plain | torch.isin(seen.style, _hue_styles())
    colour = colours.argmax(1) == seen.colours.argmax(1)
    both = colours.topk(2, 1).indices.sort(1).values
    pair = (both == seen.colours.topk(2, 1).indices.sort(1).values).all(1)
    right = style.argmax(1) == seen.style
    shown = seen.style_shown
    result = {
        "subject": hit, "subject_decoded": hit[seen.decoded], "subject_raw": hit[~seen.decoded],
        "subject_free": hit[seen.free], "subject_from_noise": hit[~seen.free],
        "colour": colour[one & asked], "colour_any_style": colour[one & seen.hue_shown],
        "pair": pair[~one & asked], "style": right[shown & ~plain], "plain": right[shown & plain],
    }  # fmt: skip
    return {name: round(float(each.float().mean()), 4) for name, each in result.items()}


def _hue_styles() -> Tensor:
    from training.questions import HUE_STYLES

    return torch.tensor([STYLE_NAMES.index(name) for name in sorted(HUE_STYLES)])
