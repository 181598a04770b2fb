"""The judges and the measures: they must tell good from bad before they judge a model."""

import json

import numpy as np
import pytest
import torch

from engine.diffusion.local import LocalGenerator
from engine.diffusion.manner import position_amplitude
from engine.diffusion.warp import warp
from engine.errors import LiquidlightError
from engine.records import Frame, Pose
from training import (
    autoencoder,
    evaluate,
    export,
    faith,
    feedback,
    loop,
    measures,
    probes,
    questions,
    report,
    speed,
    steer,
    unseen,
)
from training.pictures import Pictures
from training.subjects import BY_NAME, NAMES


@pytest.fixture(autouse=True)
def one_thread():
    torch.set_num_threads(1)


@pytest.fixture(scope="module")
def seen() -> probes.Seen:
    return probes.gather(autoencoder.build(8), 5, 64)


def plane(name: str = "city", seed: int = 3) -> torch.Tensor:
    return Pictures(seed, 256).draw_subject(BY_NAME[name], 1).images


def grey(image: torch.Tensor) -> np.ndarray:
    pixels = (image[0].permute(1, 2, 0) * 255).round().byte().numpy()
    return measures.as_planes(pixels[None], feedback.SIDE)[0]


def test_probe_pictures_carry_their_truth(seen):
    assert len(seen) == 16 * len(NAMES)
    assert torch.equal(seen.subject.bincount(), torch.full((len(NAMES),), 16))
    assert torch.allclose(seen.colours.sum(1), torch.ones(len(seen)))
    assert 0.3 < seen.decoded.float().mean() < 0.7 and 0.3 < seen.free.float().mean() < 0.7
    sketched = seen.style == probes.STYLE_NAMES.index("sketch")
    assert sketched.any() and not seen.hue_shown[sketched].any()


def test_a_probe_learns_and_resumes(seen, tmp_path, monkeypatch):
    torch.manual_seed(1)
    task = probes.ProbeTask(1, seen, batch=32)
    losses = [task.step(0.1, torch.Generator().manual_seed(n % 2))["style"] for n in range(16)]
    assert sum(losses[-4:]) < sum(losses[:4])
    path = probes.checkpoint(tmp_path)
    loop.save(task, path, 16, 1.0, done=True)
    monkeypatch.setattr(probes, "gather", lambda *_: pytest.fail("drew again"))
    kept = probes.trained(None, tmp_path, steps=16)
    image = seen.images[:2].float() / 255
    assert torch.allclose(kept(image)[0], task.probe.eval()(image)[0], atol=1e-5)


def test_questions_are_balanced_and_fair():
    asked = questions.balanced(6)
    named = [q.subjects[0] for q in asked]
    assert all(named.count(name) == 6 for name in NAMES)
    styles = [q.style for q in asked if q.style]
    assert max(styles.count(s) for s in set(styles)) - min(map(styles.count, set(styles))) <= 2
    assert all(not q.colours for q in asked if q.style in ("sketch", "chrome", "monochrome"))
    for q in asked:
        assert all(word in q.text for word in q.colours) and q.subjects[0] in BY_NAME


def test_synonyms_leave_the_first_phrase_out():
    said = questions.synonyms()
    first = {subject.phrases[0] for subject in BY_NAME.values()}
    assert len(said) > 2 * len(NAMES) and not first & {q.text for q in said}


def test_unseen_prompts_are_in_no_caption():
    assert len(unseen.UNSEEN) == len(set(unseen.UNSEEN)) >= 60
    names = {name for _, many in unseen.UNSEEN for name in many.split()}
    assert names <= set(NAMES)
    extra = {"ocean": ["tsunami"]}
    left = [text for text, _ in unseen.still_unseen(extra)]
    assert "tsunami" not in left and len(left) >= 58
    assert not set(left) & unseen.known(extra)


def test_scores_count_only_what_was_asked():
    asked = [
        questions.Question("red fire", ("fire",), ("red",)),
        questions.Question("blue and red", ("ocean",), ("blue", "red")),
        questions.Question("neon city", ("city", "rings"), (), "neon"),
    ]
    two = [("red", "blue")] * 3
    said = faith.Answers(["fire", "city", "rings"], two, ["plain"] * 3)
    assert faith.score(asked, said) == {"subject": 0.6667, "colour": 1.0, "pair": 1.0, "style": 0.0}
    assert faith.by_subject(asked, said)["ocean"] == (0.0, "city 1")


def test_sharpness_of_a_blur_is_low():
    image = plane()
    soft = torch.nn.functional.avg_pool2d(image, 5, 1, 2)
    assert faith.sharpness(image, image) == dict.fromkeys(faith.sharpness(image, image), 1.0)
    assert faith.sharpness(soft, image)["laplacian"] < 0.5
    assert faith.sharpness(image * 0.5, image)["contrast"] == pytest.approx(0.5, abs=1e-3)


@pytest.mark.parametrize("zoom", [0.01, 0.06])
def test_flow_measures_a_zoom(zoom):
    image, motion = plane(), Pose(zoom, 1.0, 0.01)
    after = warp(image, motion).clamp(0, 1)
    found = measures.flow(grey(image) / 255, grey(after) / 255)
    matrix = feedback.affine(motion)
    camera = measures.expected(found.places, matrix, (feedback.SIDE, feedback.SIDE))
    assert measures.zoom_of(found) == pytest.approx(zoom, rel=0.1, abs=5e-4)
    assert measures.agreement(found, camera) > 0.9 > -0.5 > measures.agreement(found, -camera)


def played(moving: bool, count: int = 120) -> feedback.Run:
    """A plain picture under a zoom, begun anew now and then, or one that stands still under it."""
    poses = [Pose(0.02 * n) for n in range(count)]
    start, images = plane("cells"), []
    for n in range(count):
        if n % 20 == 0 and moving:
            start = plane("cells", 3 + n // 20)
        images.append(warp(start, Pose(0.02 * (n % 20))).clamp(0, 1) if moving else start)
    planes = np.stack([grey(image) for image in images])
    thumbs = np.stack([np.asarray(feedback._thumb(image)) for image in images])
    looks = [feedback.statistics(image) for image in images]
    by_name = {name: np.array([look[name] for look in looks]) for name in feedback.BANDS}
    return feedback.Run(poses, by_name, planes, thumbs, [])


def test_a_moving_loop_is_told_from_a_standing_one(monkeypatch):
    monkeypatch.setattr(feedback, "WINDOW", 60)
    good, bad = feedback.figures(played(True)), feedback.figures(played(False))
    assert good["zoom_ratio"] == pytest.approx(1.0, abs=0.4) and abs(bad["zoom_ratio"]) < 0.1
    assert good["flow"] > 0.5 > bad["flow"]
    assert good["apart"] > 0.02 and bad["apart"] == 0
    assert good["still"] < 0.02 < bad["still"]
    assert good["goes"] > good["stays"] and bad["stays"] == pytest.approx(1) and bad["goes"] < 0.9
    assert bad["inside"] in (0.0, 1.0)


def test_a_report_marks_what_is_missed(capsys):
    made = report.Report()
    made.aim("speed", 30.0, 25.0)
    made.aim("sharp", 0.5, 0.7, 1.3)
    assert [aim["reached"] for aim in made.aims.values()] == [True, False]
    assert "missed" in capsys.readouterr().out.splitlines()[1]
    assert json.loads(json.dumps(made.as_json()))["reached"] == 1


def test_what_is_measured_is_what_is_played():
    """The last of the judged frames is the engine's own, and one step is its first picture."""
    model, text = faith.engine_model(export.FOLDER, 1), "red fire"
    start = Pictures(3, 64).draw_subject(BY_NAME["rings"], 1).images
    made = faith.played(model, text, start, 0.6, seed=0, frames=3)
    generator = LocalGenerator(export.FOLDER, (64, 64), 0, device="cpu", threads=1)
    first = faith.params(text, 0, 0.6)
    pixels = (start[0].permute(1, 2, 0) * 255).round().byte().numpy()
    generator.resume(Frame(0, pixels, first, 0.0))
    for index in (1, 2, 3):
        last = generator.generate(faith.params(text, index, 0.6)).picture
    generator.close()
    assert np.abs((made[0].permute(1, 2, 0) * 255).round().numpy() - last).max() <= 1


def test_one_step_is_the_first_picture_of_a_stream():
    noise, told = faith.plain_noise(1, 0, 64), position_amplitude(export.FOLDER)
    model = steer.Model.shipped()
    step = faith.one_step(model, ["red fire"], noise, lambda items, *_: items, told)
    generator = LocalGenerator(export.FOLDER, (64, 64), 0, device="cpu", threads=1)
    first = generator.generate(faith.params("red fire", 0, 1.0)).picture
    generator.close()
    made = (step[0].permute(1, 2, 0) * 255).round().numpy()
    assert np.abs(made - first).mean() < 6  # the regulator, and edges of the fused decoder


def test_faith_sharpness_and_speed_end_to_end(tmp_path, monkeypatch, capsys):
    asked = [q for q in questions.balanced(2) if q.subjects[0] in ("fire", "ocean")]
    row = {"first_s": 3.0, "ms": 30.0, "fps": 33.0, "memory_mb": 900.0}
    monkeypatch.setattr(questions, "balanced", lambda _: asked)
    monkeypatch.setattr(questions, "synonyms", lambda: asked[:1])
    monkeypatch.setattr(questions, "unseen", lambda _: asked[:1])
    monkeypatch.setattr(probes, "trained", lambda *_: probes.Probe().eval())
    monkeypatch.setattr(faith, "FRAMES", 1)
    monkeypatch.setattr(speed, "measured", lambda *_: {"torch": row, "openvino": row})
    arguments = ["--only", "faith", "sharpness", "speed", "--out", str(tmp_path), "--threads", "1"]
    assert evaluate.main(arguments) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    made = {f"{way} {kind}" for way in ("one_step", "feedback") for kind in ("subject", "contrast")}
    assert made | {"pictures a second", "OpenVINO warm start s"} <= set(last["aims"])
    assert last["aims"]["peak memory MB"]["reached"] and last["faith"]["questions"] == 4
    assert {p.stem for p in (tmp_path / "sheets").iterdir()} >= {"one_step", "feedback", "unseen"}


def test_the_last_line_is_json(capsys, tmp_path):
    arguments = ["--only", "loop", "--frames", "60", "--presets", "hush", "--out", str(tmp_path)]
    assert evaluate.main([*arguments, "--threads", "1"]) == 0
    last = json.loads(capsys.readouterr().out.splitlines()[-1])
    assert last["aims"]["hush inside all bands"]["low"] == 0.99
    assert set(last["loop"]) == {"hush"} and (tmp_path / "sheets" / "loop.png").exists()
    assert json.loads((tmp_path / "evaluation.json").read_text()) == last


def test_parts_judged_apart_come_together_for_the_same_weights(tmp_path):
    aim = {"value": 1.0, "low": 0.5, "high": None, "reached": True}
    one = {"weights": "a", "quick": False, "aims": {"x": aim}, "faith": {"x": 1}}
    two = {"weights": "a", "quick": False, "aims": {"y": aim | {"reached": False}}, "speed": {}}
    report.kept(tmp_path, one)
    both = report.kept(tmp_path, two)
    assert both["faith"] == {"x": 1} and (both["reached"], both["asked"]) == (1, 2)
    assert "faith" not in report.kept(tmp_path, two | {"weights": "b"})


def test_a_fresh_process_is_timed_to_its_first_picture():
    row = speed.started(export.FOLDER, count=2)
    assert row["first_s"] > 0.5 and row["ms"] > 1 and 100 < row["memory_mb"] < 4000


def test_a_process_without_a_picture_is_one_error(tmp_path):
    with pytest.raises(LiquidlightError, match="made no picture"):
        speed.started(tmp_path, count=1)


BAD = (["--folder", "/nowhere"], ["--presets", "no_such_preset"], ["--runtime", "abacus"])


@pytest.mark.parametrize("bad", BAD)
def test_bad_input_is_one_line_and_two(bad, capsys):
    assert evaluate.main([*bad, "--only", "loop"]) == 2
    assert len(capsys.readouterr().err.strip().splitlines()) == 1


def test_bad_numbers_end_with_two():
    with pytest.raises(SystemExit) as ended:
        evaluate.options(["--frames", "1"])
    assert ended.value.code == 2
