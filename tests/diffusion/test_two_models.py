"""Two real models in one show, live in two processes and in a film; a source that is a file."""

from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from engine.clock import WallClock, monotonic, sleep
from engine.diffusion import ProcessGenerator
from engine.offline import FilmOptions, pictures
from engine.records import SAMPLERATE, FrameParams, Prompt
from engine.show import load_show
from engine.troupe import Troupe

LOADING = 180.0


def test_two_processes_change_places_and_nothing_stays(ours, turbo):
    def make(model):
        return ProcessGenerator(model, (64, 64), WallClock(), device="cpu", threads=1,
                                runtime="torch")

    troupe = Troupe(make, str(ours))
    end, index, numbers = monotonic() + LOADING, 0, []

    def play(model, done):
        nonlocal index
        while monotonic() < end:
            troupe.expect(("", str(turbo)))
            params = FrameParams(index, index / 60, 1 / 60, prompts=(Prompt("sea", 1.0),),
                                 model=model)
            troupe.submit(params)
            frame, index = troupe.latest(), index + 1
            if frame is not None:
                numbers.append(frame.number)
                if done(frame):
                    return frame
            sleep(1 / 60)
        raise AssertionError(troupe.health())

    try:
        play("", lambda frame: frame.number >= 3 and troupe._second and troupe._second.player
             and troupe._second.player.latest() is not None)
        first = troupe.health().pid
        other = play(str(turbo), lambda frame: troupe.model == str(turbo))
        assert other.params.model == str(turbo) and troupe.health().pid != first
        back = play("", lambda frame: troupe.model == str(ours))
        assert back.number > other.number and troupe.health().pid == first
        assert numbers == sorted(numbers), "numbers count on"
    finally:
        troupe.close()


@pytest.fixture
def show(tmp_path, turbo):
    """A look with a picture as its source, then one with a model of its own and a shader."""
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:, :32], pixels[:, 32:] = (230, 40, 40), (40, 40, 230)
    Image.fromarray(pixels).save(tmp_path / "halves.png")
    (tmp_path / "a.toml").write_text(
        'strength = 0.0\n[[prompts]]\ntext = "sea"\n'
        '[source]\npicture = "halves.png"\namount = 1.0\n', "utf-8")
    (tmp_path / "b.toml").write_text(
        f'model = "{turbo}"\nsteps = 2\n[[prompts]]\ntext = "sea"\n'
        '[source]\nshader = "plasma"\namount = 0.5\n', "utf-8")
    (tmp_path / "set.toml").write_text(
        'presets = ["a", "b"]\n[transition]\nkind = "cut"\nbeats = 0\n'
        '[[cues]]\nat = 0.5\npreset = "b"\n', "utf-8")
    return load_show(str(tmp_path / "set.toml"))


def test_a_film_draws_each_picture_its_own_source_with_the_model_of_its_look(ours, show, tmp_path):
    options = FilmOptions(tmp_path / "film.mp4", (64, 64), 10, 10.0, model=str(ours))
    sound = np.zeros((SAMPLERATE, 2), np.float32)
    one, two = (list(pictures(sound, show, options)) for _ in range(2))
    assert len(one) == 10
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    left, right = one[4][:, 8:24].mean((0, 1)), one[4][:, 40:56].mean((0, 1))
    assert left[0] > right[0] + 60 and right[2] > left[2] + 60, "the file, redrawn"
    assert abs(one[4].astype(int) - one[9]).mean() > 10
    alone = replace(show, presets=tuple(replace(look, model="") for look in show.presets))
    other = list(pictures(sound, alone, options))
    assert all(np.array_equal(a, b) for a, b in zip(one[:5], other[:5], strict=True))
    assert abs(one[9].astype(int) - other[9]).mean() > 3, "another model"
