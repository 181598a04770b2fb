"""Deforum's own defaults and ten films: they load, mean what they meant, and tell what is lost."""

import json
import math
from pathlib import Path

import numpy as np
import pytest
from deforum_films import NEW_DEFAULTS, OLD_DEFAULTS, OWN

from engine.importing import import_file, written
from engine.motion import origins
from engine.records import FrameParams, Pose
from engine.resolve import resolve, silent_moment, velocity
from engine.show import Show, load_show

FILMS = {"old_defaults": OLD_DEFAULTS, "new_defaults": NEW_DEFAULTS, **OWN}


def _imported(folder: Path, name: str, settings: dict) -> tuple[Show, list[str], str]:
    path = folder / f"{name}.txt"
    path.write_text(json.dumps(settings), "utf-8")
    sheet = import_file(path)
    out = path.with_suffix(".toml")
    out.write_text(written(sheet), "utf-8")
    return load_show(str(out)), sheet.lost, written(sheet)


def _frame(show: Show, n: int, fps: float) -> FrameParams:
    return resolve(n / fps, n, 1.0 / fps, silent_moment(), show)


def _motion(show: Show, n: int, fps: float) -> tuple[float, float, float, float]:
    """What moves in one frame, at the speed of frame n: zoom, angle, x, y."""
    pose = velocity(n / fps, silent_moment(), show)
    return math.exp(pose.log_zoom / fps), pose.angle / fps, pose.x / fps, pose.y / fps


@pytest.mark.parametrize("name", FILMS)
def test_every_film_loads_and_resolves(tmp_path: Path, name: str) -> None:
    settings = FILMS[name]
    show, lost, text = _imported(tmp_path, name, settings)
    for n in range(0, settings["max_frames"] + 10, 5):
        params = _frame(show, n, settings["fps"])
        assert params.prompts and sum(p.weight for p in params.prompts) == pytest.approx(1.0)
        assert np.isfinite(_motion(show, n, settings["fps"])).all()
    for line in lost:
        assert f"#   {line}"[:60] in text  # what is lost stands at the head


def test_the_old_defaults_mean_what_they_meant(tmp_path: Path) -> None:
    show, lost, _ = _imported(tmp_path, "old", OLD_DEFAULTS)
    for n in (0, 1, 17, 64, 119):
        frame = _frame(show, n, 15)
        assert frame.strength == pytest.approx(0.35) and frame.guidance == 1.0
        assert frame.noise_drift == pytest.approx(0.065) and frame.seed == 1234 + n
        wanted = 1.02 + 0.02 * math.sin(2 * 3.14 * n / 20)
        zoom = min(2.0, wanted**15) ** (1 / 15)  # our fastest is twice a second
        assert _motion(show, n, 15)[0] == pytest.approx(zoom)
        assert _motion(show, n, 15)[1:] == pytest.approx((0, 0, 0))
    texts = [_frame(show, n, 15).prompts[0].text for n in (59, 60, 79, 80, 99, 100)]
    assert ["banana" in text for text in texts] == [False, True, True, False, False, False]
    assert [_frame(show, n, 15).negative for n in (80, 100)] == ["photo, realistic", ""]
    for part in ("seed = -1", "noise_schedule", "color_coherence"):
        assert any(part in line for line in lost), part
    for part in ("cn_1", "hybrid", "perspective", "batch_name", "checkpoint", "not known"):
        assert not any(part in line for line in lost), part


def test_weights_by_formula_blend(tmp_path: Path) -> None:
    show, _, _ = _imported(tmp_path, "old", OLD_DEFAULTS)
    for n in (0, 2, 5, 8):
        wave = math.cos(6.28 * n / 10)
        weights = {p.text: p.weight for p in _frame(show, n, 15).prompts}
        apple = next((w for text, w in weights.items() if "apple" in text), 0.0)
        lemon = next((w for text, w in weights.items() if "lemon" in text), 0.0)
        assert (apple > lemon) == (wave > 0), n


def test_the_new_defaults_fly_in_3d(tmp_path: Path) -> None:
    show, lost, _ = _imported(tmp_path, "new", NEW_DEFAULTS)
    zoom, *rest = _motion(show, 30, 15)
    assert zoom == pytest.approx(1 / (1 - 1.75 / 200)) and rest == [0, 0, 0]
    assert _frame(show, 30, 15).negative.endswith("blurry, nsfw, nude")
    assert any("no depth" in line for line in lost) and not any("cn_" in line for line in lost)
    assert any("noise_multiplier_schedule" in line for line in lost)


def test_numbers_are_joined_and_formulas_hold(tmp_path: Path) -> None:
    steps, _, _ = _imported(tmp_path, "steps", OWN["steps"])
    zooms = [_motion(steps, n, 12)[0] for n in (0, 10, 20, 30, 40, 59)]
    assert zooms == pytest.approx([1.0, 1.025, 1.05, 1.025, 1.0, 1.0])
    angles = [_motion(steps, n, 12)[1] for n in (0, 15, 30, 31, 50)]
    assert angles == pytest.approx([-2, 0, 2, -2, -2])
    late, _, _ = _imported(tmp_path, "late", OWN["late"])
    zooms = [_motion(late, n, 12)[0] for n in (0, 10, 15, 20, 30, 59)]
    assert zooms == pytest.approx([1.02, 1.02, 1.02, 1.02, 1.01, 1.0])
    odd, lost, _ = _imported(tmp_path, "strange", OWN["strange"])
    assert _motion(odd, 7, 12)[:2] == pytest.approx((1 + 0.01 * math.atan2(7, 9), 1.0))
    assert all(any(key in line for line in lost) for key in ("translation_x", "nonsense"))
    fast, lost, _ = _imported(tmp_path, "fast", {**OWN["late"], "zoom": "0:(1.1)"})
    assert _motion(fast, 3, 12)[0] == pytest.approx(2 ** (1 / 12))
    assert any("motion.zoom goes from 3.138 to 3.138, kept within" in line for line in lost)


def test_pixels_and_sides(tmp_path: Path) -> None:
    drift, _, _ = _imported(tmp_path, "drift", OWN["drift"])
    x, y = _motion(drift, 0, 12)[2:]
    assert (x, y) == pytest.approx((10 / 768, -3 / 432))
    flight, _, _ = _imported(tmp_path, "flight", OWN["flight"])
    _, angle, x, _ = _motion(flight, 9, 12)
    half = 0.5 / math.tan(math.radians(30))
    moved = 2 * math.sin(9 / 7) / 200 + math.radians(0.4)
    assert (angle, x) == pytest.approx((math.sin(9 / 5), -moved * half))


def test_the_camera_tilts_by_flips_and_by_panning(tmp_path: Path) -> None:
    flips = {"enable_perspective_flip": True, "perspective_flip_theta": "0:(1)",
             "perspective_flip_phi": "0:(t%15)", "perspective_flip_gamma": "0:(-2)"}
    show, lost, _ = _imported(tmp_path, "flip", {**OWN["late"], **flips, "angle": "0:(3)"})
    near = 2 * math.sin(math.radians(26.5)) / math.sqrt(2)  # 512 by 512, 53 degrees
    pose = velocity(7 / 12, silent_moment(), show)
    assert pose.tilt_x == pytest.approx(7 * 12 * near) and pose.angle == pytest.approx(24)
    assert pose.tilt_y == pytest.approx(-2 * 12 * near)
    assert sum("perspective flip" in line for line in lost) == 1
    flight, _, _ = _imported(tmp_path, "flight", OWN["flight"])
    pose = velocity(0.0, silent_moment(), flight)
    assert pose.tilt_y == pytest.approx(0.4 * 12 * 2 / math.tan(math.radians(30)))
    assert pose.x < 0 < pose.tilt_y  # turned to the right, the right side leans away


def _theirs(width: int, height: int, phi: float, gamma: float, fov: float, x: float, y: float):
    """Where a place goes by warpMatrix of animation.py about its own middle; y downwards."""
    p, g, half = (math.radians(v) for v in (phi, gamma, fov / 2))
    h = math.hypot(width, height) / (2 * math.sin(half))
    turned = np.array([[1, 0, 0], [0, math.cos(p), -math.sin(p)], [0, math.sin(p), math.cos(p)]])
    turned = turned @ [[math.cos(g), 0, math.sin(g)], [0, 1, 0], [-math.sin(g), 0, math.cos(g)]]
    place = turned @ (x, y, 0.0)
    return place[:2] * h / (h - place[2])


def test_a_small_flip_leans_as_theirs_does(tmp_path: Path) -> None:
    flips = {"enable_perspective_flip": True, "perspective_flip_phi": "0:(1.5)",
             "perspective_flip_gamma": "0:(-1)", "W": 768, "H": 432}
    show, _, _ = _imported(tmp_path, "flip", {**OWN["ladder"], **flips, "zoom": "0:(1)"})
    motion = Pose().moved(velocity(0.0, silent_moment(), show), 1 / 12)
    for x, y in ((300, -180), (-300, 150), (100, 200)):
        there = _theirs(768, 432, 1.5, -1.0, 53, x, y) / 432 * (1, -1)
        back = origins(motion, *there, 768 / 432)
        assert np.hypot(*(back - np.array((x, -y)) / 432)) < 0.0012


def test_edges_and_cadence_are_kept(tmp_path: Path) -> None:
    settings = {**OWN["ladder"], "border": "wrap"}
    show, lost, _ = _imported(tmp_path, "wrapped", settings)
    frame = _frame(show, 5, 12)
    assert (frame.edges, frame.cadence, frame.crossfade) == ("repeat", 0.25, 0.25)
    assert not any("cadence" in line or "border" in line for line in lost)
    show, _, _ = _imported(tmp_path, "flown", {**OWN["flight"], "padding_mode": "reflection"})
    assert (_frame(show, 5, 12).edges, _frame(show, 5, 12).cadence) == ("mirror", 0.0)


def test_seeds_come_as_they_came(tmp_path: Path) -> None:
    ladder, lost, _ = _imported(tmp_path, "ladder", OWN["ladder"])
    assert [_frame(ladder, n, 12).seed for n in range(6)] == [7, 9, 8, 10, 9, 11]
    assert not any("cadence" in line for line in lost)
    seeds, _, _ = _imported(tmp_path, "seeds", OWN["seeds"])
    found = [_frame(seeds, n, 12).seed for n in (0, 10, 11, 12, 13, 50, 59)]
    assert found[:3] == [5, 5, 9] and found[-2:] == [3, 3]
    assert all(seed == int(seed) for seed in found)


def test_prompts_by_and_and_what_belongs_to_other_models(tmp_path: Path) -> None:
    show, lost, text = _imported(tmp_path, "words", OWN["words"])
    half = {p.text: round(p.weight, 3) for p in _frame(show, 30, 12).prompts}
    assert half == {"city": 0.7, "forest": 0.3}
    assert _frame(show, 45, 12).prompts[0].text == "neon street" and "lora" in " ".join(lost)
    assert "max_f" not in text.split("[[prompts]]")[1]
