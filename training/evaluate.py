"""Is the small model good? Everything is measured here, and the last line is one JSON object.

    python -m training.evaluate                          # all of it: most of an hour on two cores
    python -m training.evaluate --quick                  # the same, small: a first impression
    python -m training.evaluate --only faith --folder F  # one part, another model

A model folder flows in; tables with aims, sheets of pictures and figures flow out. Parts: probes
(the judges and their own accuracy), faith (does it show what was asked), sharpness, loop
(thousands of pictures of feedback), speed. The judges are trained once and kept in `--out`; so are
the figures, in evaluation.json, where parts judged one by one on the same weights come together.
"""

import argparse
import json
import sys
from functools import cached_property
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from engine.diffusion.manner import position_amplitude
from engine.diffusion.model import check_folder
from engine.diffusion.runtimes import check_runtime
from engine.errors import LiquidlightError
from engine.show import load_show
from training import export, faith, feedback, minilm, probes, questions, speed, steer
from training.report import Report, bar, kept, tell, weights
from training.sheet import save_sheet
from training.subjects import SUBJECTS

PARTS = ("probes", "faith", "sharpness", "loop", "speed")
UNSEEN_TIMES = 2


class Evaluation:
    """The parts in order; what two parts need is made once."""

    def __init__(self, options: argparse.Namespace):
        self.options, self.report = options, Report()
        self.folder, self.out = options.folder, options.out
        self.sheets = options.out / "sheets"

    @cached_property
    def model(self) -> steer.Model:
        return steer.Model.shipped(self.folder)

    @cached_property
    def probe(self) -> probes.Probe:
        return probes.trained(self.model.vae, self.out)

    @cached_property
    def asked(self) -> list[questions.Question]:
        return questions.balanced(self.options.each)

    @cached_property
    def noise(self) -> Tensor:
        return faith.plain_noise(len(self.asked), 41)

    @cached_property
    def from_text(self) -> Tensor:
        return self.one_step(self.asked, self.noise)

    @cached_property
    def fed_back(self) -> Tensor:
        model = faith.engine_model(self.folder, self.options.threads, self.options.runtime)
        return faith.fed_back(model, self.asked, self.options.strength, bar)

    def one_step(self, asked: list[questions.Question], noise: Tensor) -> Tensor:
        texts, told = [each.text for each in asked], position_amplitude(self.folder)
        return faith.one_step(self.model, texts, noise, bar, told)

    def probes(self) -> None:
        """How well the judges know the generator's own pictures: the ceiling of what follows."""
        path = probes.checkpoint(self.out).with_suffix(".json")
        self.probe  # noqa: B018  trained before its figures are asked for
        if not path.exists():
            seen = probes.drawn(self.model.vae, self.out, probes.UNSEEN, probes.UNSEEN_SEED)
            path.write_text(json.dumps(faith.own_accuracy(self.probe, seen)))
        own = json.loads(path.read_text())
        self.report.title("Probes, on generator pictures they never saw")
        for name, value in own.items():
            self.report.note(name.replace("_", " "), value)
        self.report.keep("probes", own)

    def faith(self) -> None:
        self.report.title("Prompt faithfulness (a): from text, one step at strength 1")
        self.judge("one_step", self.asked, self.from_text)
        strength = self.options.strength
        self.report.title(f"(b): {faith.FRAMES} frames from a foreign picture, strength {strength}")
        self.judge("feedback", self.asked, self.fed_back)
        self.report.keep("faith", {"strength": strength, "questions": len(self.asked)})
        self.report.title("Other words, one step (reported, no aim)")
        extra = minilm.read_words(self.out) if (self.out / "extra_words.json").exists() else {}
        self.words("synonyms", questions.synonyms(), 43)
        self.words("unseen", questions.unseen(extra) * UNSEEN_TIMES, 44)

    def judge(self, name: str, asked: list[questions.Question], images: Tensor) -> None:
        answers = faith.judged(self.probe, images)
        scores, aims = faith.score(asked, answers), {"subject": 0.8, "colour": 0.9, "style": 0.7}
        for kind, value in scores.items():
            if kind in aims:
                self.report.aim(f"{name} {kind}", value, aims[kind])
            else:
                self.report.note(f"{name} {kind} (both colours)", value)
        subjects = faith.by_subject(asked, answers)
        styles = faith.by_kind(asked, answers, "style")
        colours = faith.by_kind(asked, answers, "colour")
        self.report.shares(subjects)
        self.report.title("  styles, then colours")
        self.report.shares(styles, 3)
        self.report.shares(colours, 3)
        rows = {"subjects": subjects, "styles": styles, "colours": colours}
        shares = {kind: {k: v[0] for k, v in each.items()} for kind, each in rows.items()}
        self.report.keep("faith", {name: {**scores, **shares}})
        self.sheet(name, asked, images, answers)

    def words(self, name: str, asked: list[questions.Question], seed: int) -> None:
        images = self.one_step(asked, faith.plain_noise(len(asked), seed))
        answers = faith.judged(self.probe, images)
        share = faith.score(asked, answers)["subject"]
        self.report.note(f"{name} ({len(asked)})", share)
        missed = sorted(
            {
                f"{q.text} > {said}"
                for q, said in zip(asked, answers.subject, strict=True)
                if said not in q.subjects
            }
        )
        print("    missed: " + "; ".join(missed), flush=True)
        self.report.keep("faith", {name: share})
        self.sheet(name, asked, images, answers, every=1)

    def sheet(self, name: str, asked, images: Tensor, answers, every: int = 0) -> None:
        """Pictures with their prompts; a minus where the judge saw another subject."""
        shown = min(len(asked), 3 * len(SUBJECTS) if not every else 144)
        labels = [
            f"{'+' if said in q.subjects else '-'}{q.text}"
            for q, said in zip(asked[:shown], answers.subject, strict=False)
        ]
        save_sheet(images[:shown], labels, self.sheets / f"{name}.png", 12, 128)

    def sharpness(self) -> None:
        self.report.title("Sharpness and contrast, over those of the decoded drawn pictures")
        reference = faith.drawn(self.asked, self.noise, self.model.vae)
        for name, made in (("one_step", self.from_text), ("feedback", self.fed_back)):
            ratios = faith.sharpness(made, reference)
            for kind in ("laplacian", "contrast"):
                self.report.aim(f"{name} {kind}", ratios[kind], 0.7, 1.3)
                self.report.note("  median of the single ratios", ratios[f"{kind}_median"])
            self.report.keep("sharpness", {name: ratios})

    def loop(self) -> None:
        """Feedback under presets; the aims are those of the issue, the bands of feedback.py."""
        strips, labels = [], []
        for preset in self.options.presets:
            count = self.options.frames
            self.report.title(f"Loop: {count} pictures of {preset} at {feedback.RATE:g} a second")
            played = feedback.run(self.folder, preset, count, bar, self.options.runtime)
            self.judge_loop(preset, feedback.figures(played))
            strips += played.shown[:12]
            labels += [f"{preset} {n + 1}/{len(played.shown)}" for n in range(12)][: len(strips)]
        images = torch.stack([torch.from_numpy(each).permute(2, 0, 1) for each in strips])
        save_sheet(images.float() / 255, labels, self.sheets / "loop.png", 12, 160)

    def judge_loop(self, preset: str, figures: dict[str, float]) -> None:
        report = self.report
        report.aim(f"{preset} inside all bands", figures["inside"], 0.99)
        for name, (low, high) in feedback.BANDS.items():
            span = f"{figures[f'{name}_p5']:.4f} to {figures[f'{name}_p95']:.4f}"
            drift = f", end over start {figures[f'{name}_drift']:.2f}"
            report.note(f"  {name} (band {low:g} to {high:g})", span + drift)
        report.aim(f"{preset} {feedback.APART} apart differ", figures["apart_p5"], 0.05)
        report.aim(f"{preset} zoom seen / camera", figures["zoom_ratio"], 0.5, 1.5)
        report.aim(f"{preset} flow agrees", figures["flow"], 0.4)
        report.aim(f"{preset} pinned places", figures["still"], None, 0.02)
        report.aim(f"{preset} goes more than stays", figures["goes"] - figures["stays"], 0.0)
        for name in ("zoom_found", "zoom_camera", "zoom_correlation", "apart", "next"):
            report.note(f"  {name.replace('_', ' ')}", figures[name])
        report.keep("loop", {preset: figures})

    def speed(self) -> None:
        """Every installed runtime; the aims are asked of torch's start and of the fastest."""
        self.report.title("Speed at 256x256: camera, encode, one step, decode, regulation")
        found = speed.measured(self.folder, self.options.pictures)
        for name, row in found.items():
            for kind in ("first_s", "ms", "fps", "memory_mb"):
                self.report.note(f"{name} {kind}", row[kind])
        best = max(found, key=lambda name: found[name]["fps"])
        self.report.aim("pictures a second", found[best]["fps"], 25.0)
        self.report.aim("first picture s", found["torch"]["first_s"], None, 4.0)
        if "openvino" in found:
            self.report.aim("OpenVINO warm start s", found["openvino"]["first_s"], None, 5.0)
        self.report.aim("peak memory MB", found[best]["memory_mb"], None, 1000.0)
        self.report.keep("speed", {**found, "fastest": best})


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--folder", type=Path, default=export.FOLDER, help="a model folder")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS, help="these parts")
    parser.add_argument("--quick", action="store_true", help="few questions and short loops")
    parser.add_argument("--each", type=int, help="questions for each subject (6; quick: 2)")
    parser.add_argument("--frames", type=int, help="of each loop (3000; quick: 300)")
    parser.add_argument("--strength", type=float, default=0.9, help="of the twelve frames")
    parser.add_argument("--presets", nargs="+", default=feedback.PRESETS)
    parser.add_argument("--pictures", type=int, help="timed with each runtime (200; quick: 40)")
    parser.add_argument("--runtime", default="auto", help="that plays feedback and loops")
    parser.add_argument("--threads", type=int, help="of each operation")
    found = parser.parse_args(arguments)
    quick = {"each": (6, 2), "frames": (3000, 300), "pictures": (200, 40)}
    for name, (full, short) in quick.items():
        if getattr(found, name) is None:
            setattr(found, name, short if found.quick else full)
    if found.each < 1 or found.frames < 60 or not 0 < found.strength <= 1 or found.pictures < 1:
        parser.error("allowed: --each from 1, --frames from 60, --strength 0..1, --pictures from 1")
    return found


def evaluate(found: argparse.Namespace) -> dict[str, Any]:
    """All wanted parts; raises LiquidlightError for a bad folder or preset before it begins."""
    check_folder(found.folder)
    check_runtime(found.runtime)
    for preset in found.presets:
        load_show(preset)
    if found.threads:
        torch.set_num_threads(found.threads)
    evaluation = Evaluation(found)
    for part in PARTS:
        if part in found.only:
            getattr(evaluation, part)()
    result = {"folder": found.folder.name, "weights": weights(found.folder), "quick": found.quick}
    return kept(found.out, {**result, **evaluation.report.as_json()})


def main(arguments: list[str] | None = None) -> int:
    found = options(arguments)
    try:
        result = evaluate(found)
    except LiquidlightError as error:
        tell(f"evaluate: {error}")
        return 2
    print(f"\n{result['reached']} of {result['asked']} aims reached\n")
    print(json.dumps(result), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
