"""Two models in one show: the second warms up beside the first, takes over, and may fail."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from engine.clock import monotonic, sleep
from engine.diffusion import TwinGenerator
from engine.errors import ModelError
from engine.film_troupe import FilmTroupe
from engine.machine import check_path
from engine.records import Beat, Change, FrameParams, Playing, Prompt, Signals
from engine.resolve import resolve, silent_moment
from engine.show import load_show
from engine.troupe import Troupe, check_models, coming_models, models_of

PARAMS = FrameParams(0, 0.0, 0.1, prompts=(Prompt("sea", 1.0),))


class Player(TwinGenerator):
    """A twin that draws nothing until it is `loaded`, as a process that starts."""

    def __init__(self, model, size=(64, 64)):
        super().__init__(size)
        self.model, self.loaded, self.state, self.closed, self.asked = model, True, "", 0, 0

    def submit(self, params, picture=None):
        assert picture is None or picture.shape == (self.size[1], self.size[0], 3)
        self.asked += 1
        super().submit(params, picture)

    def latest(self):
        return super().latest() if self.loaded else None

    def health(self):
        return replace(super().health(), state=self.state or "running", fault="no such thing")

    def close(self):
        self.closed += 1


class Cast:
    """Makes players by name and remembers them."""

    def __init__(self):
        self.players, self.sizes = [], {}

    def __call__(self, model):
        if model == "wrong":
            raise ModelError("wrong: no such model folder")
        self.players.append(Player(model, self.sizes.get(model, (64, 64))))
        return self.players[-1]

    @property
    def alive(self):
        return [player.model for player in self.players if not player.closed]


@pytest.fixture
def cast():
    return Cast()


@pytest.fixture
def troupe(cast):
    made = Troupe(cast, "usual")
    yield made
    made.close()


def until(true):
    end = monotonic() + 10.0
    while not true():
        assert monotonic() < end
        sleep(0.005)


def play(troupe, index, model="", picture=None):
    params = replace(PARAMS, index=index, time=index / 60, model=model)
    troupe.submit(params, picture)
    return troupe.latest()


def test_one_model_is_that_generator_alone(troupe, cast):
    frames = [play(troupe, n) for n in range(5)]
    assert [frame.number for frame in frames] == [1, 2, 3, 4, 5]
    assert troupe.latest() is frames[-1] and cast.alive == ["usual"]
    troupe.expect(())
    assert troupe.health().generated == 5 and troupe.size == (64, 64)


def test_the_second_warms_up_with_one_picture_and_rests(troupe, cast):
    troupe.expect(("", "other"))
    until(lambda: len(cast.players) == 2)
    for n in range(5):
        play(troupe, n)
        until(lambda: troupe._second.player is not None)
    usual, other = cast.players
    assert usual.asked == 5 and 1 <= other.asked <= 2 and other.latest().number == 1
    assert troupe.model == "usual" and cast.alive == ["usual", "other"]


def test_it_takes_over_with_its_first_picture_of_its_own_look(troupe, cast):
    """Meanwhile the first plays on: no picture is missing and numbers count on."""
    cast.sizes["other"] = (96, 64)
    seen, source = [], np.zeros((64, 64, 3), np.uint8)
    troupe.expect(("", "other"))
    until(lambda: len(cast.players) == 2)
    cast.players[1].loaded = False
    for n in range(4):
        seen.append(play(troupe, n, "other", source))
    assert troupe.model == "usual" and [frame.number for frame in seen] == [1, 2, 3, 4]
    assert all(frame.picture.shape == (64, 64, 3) for frame in seen)
    cast.players[1].loaded = True
    for n in range(4, 8):
        seen.append(play(troupe, n, "other", None))
    assert troupe.model == "other" and troupe.size == (96, 64)
    assert seen[-1].picture.shape == (64, 96, 3) and seen[-1].params.model == "other"
    numbers = [frame.number for frame in seen]
    assert numbers == sorted(numbers) and numbers[-1] <= 9 and len(set(numbers)) >= 7
    troupe.expect(("other",))
    until(lambda: cast.alive == ["other"])
    assert troupe.health().generated >= numbers[-1]


def test_the_one_before_stays_while_its_look_may_come_back(troupe, cast):
    for name, other in (("other", ""), ("", "other")) * 2:
        troupe.expect((name, other))
        until(lambda: len(cast.players) == 2)
        for n in range(20):
            frame = play(troupe, n, name)
            sleep(0.002)
        assert troupe.model == (name or "usual") and frame.params.model == name
    assert len(cast.players) == 2, "none was loaded twice"


def test_a_stale_picture_does_not_take_over(troupe, cast):
    """It has played before: its last picture is of a look long gone."""
    troupe.expect(("other", ""))
    until(lambda: len(cast.players) == 2)
    while troupe.model != "other":
        play(troupe, 1, "other")
    while troupe.model != "usual":
        play(troupe, 2, "")
    cast.players[1].loaded = True
    frame = play(troupe, 99, "other")
    assert troupe.model == "usual" or frame.params.index == 99


def test_never_more_than_two_and_the_soonest_first(troupe, cast):
    troupe.expect(("", "one", "two"))
    until(lambda: cast.alive == ["usual", "one"])
    troupe.expect(("", "two", "one"))
    until(lambda: cast.alive == ["usual", "two"])
    most = []
    for n in range(30):
        troupe.expect(("", ("one", "two")[n % 2]))
        most.append(len(cast.alive))
    assert max(most) <= 2


def test_hush_wants_a_model_that_nobody_expected(troupe, cast):
    """What is shown now counts before what may come: it is loaded once and takes over."""
    troupe.expect(("other", ""))
    until(lambda: play(troupe, 1, "other") and troupe.model == "other")

    def hushed():
        troupe.expect(("other",))
        return play(troupe, 2, "hushed") and troupe.model == "hushed"

    until(hushed)
    assert [player.model for player in cast.players].count("hushed") == 1


@pytest.mark.parametrize("way", ["made", "running"])
def test_one_that_fails_is_told_and_the_first_plays_on(troupe, cast, way):
    name = "wrong" if way == "made" else "other"
    troupe.expect(("", name))
    if way == "running":
        until(lambda: len(cast.players) == 2)
        cast.players[1].state, cast.players[1].loaded = "failed", False
    until(lambda: play(troupe, 1, name) and troupe.health().note)
    assert "no such" in troupe.health().note and "(usual plays on)" in troupe.health().note
    made = len(cast.players)
    for n in range(10):
        troupe.expect(("", name))
        assert play(troupe, n, name).params.index == n
    assert troupe.model == "usual" and len(cast.players) == made, "not tried again"
    until(lambda: cast.alive == ["usual"])
    troupe.forgive()
    assert troupe.health().note == ""


def test_close_ends_all_and_may_be_called_twice(cast):
    troupe = Troupe(cast, "usual")
    troupe.expect(("", "other"))
    troupe.close()
    troupe.close()
    assert cast.alive == []


LOOK = '[[prompts]]\ntext = "sea"\n'


def show_of(folder: Path, models: dict, more: str = ""):
    for name, model in models.items():
        said = f'model = "{model}"\n' if model else ""
        (folder / f"{name}.toml").write_text(said + LOOK, "utf-8")
    names = ", ".join(f'"{name}"' for name in models)
    (folder / "set.toml").write_text(f"presets = [{names}]\n{more}", "utf-8")
    return load_show(str(folder / "set.toml"))


def test_a_look_names_its_model_and_the_stage_knows_what_comes(tmp_path):
    (tmp_path / "weights").mkdir()
    show = show_of(tmp_path, {"a": "", "b": "weights", "c": "some/name"})
    folder = str(tmp_path / "weights")
    assert models_of(show) == (folder, "some/name")

    def at(**playing):
        moment = replace(silent_moment(), playing=Playing(**playing),
                         signals=replace(Signals(), beat=Beat(0.0, 2.0)))
        return coming_models(moment, show)

    assert at() == ("", folder), "the next of the set"
    assert at(change=Change(0, 2)) == ("some/name", "")
    assert at(autopilot=False) == ("",) == at(locked=True)
    queued = Change(0, 2, beat=4.0, beats=2.0)
    assert at(queued=queued, autopilot=False) == ("", "some/name")
    assert at(decks=(1, None)) == ("", folder)
    plain = show_of(tmp_path, {"a": "", "d": ""})
    assert coming_models(silent_moment(), plain) == () == models_of(plain)


def test_half_way_the_model_is_that_of_the_new_look(tmp_path):
    show = show_of(tmp_path, {"a": "", "b": "one/two"})
    moment = replace(silent_moment(), playing=Playing(Change(0, 1, 0.0, 4.0, "linear")))

    def model(beat):
        now = replace(moment, signals=replace(moment.signals, beat=Beat(0.0, beat)))
        return resolve(0.0, 0, 0.0, now, show).model

    assert [model(beat) for beat in (0.5, 1.9, 2.1, 9.0)] == ["", "", "one/two", "one/two"]


def test_a_wrong_model_stops_before_the_show_with_its_look(tmp_path):
    (tmp_path / "weights").mkdir()
    with pytest.raises(ModelError) as caught:
        check_models(show_of(tmp_path, {"a": "", "b": "weights"}))
    assert "b.toml: model = " in str(caught.value) and "\n" not in str(caught.value)
    found = check_path(tmp_path / "set.toml")
    assert not found["ok"] and "b.toml: model = " in found["says"]
    check_models(show_of(tmp_path, {"a": "", "b": "small"}))
    assert check_path(tmp_path / "set.toml")["ok"]


class FilmPlayer(TwinGenerator):
    """A twin with LocalGenerator's checkpoints."""

    def checkpoint(self):
        return {"number": np.array(self._frame.number if self._frame else 0)}

    def restore(self, kept):
        number = int(kept["number"])
        self._frame = self.generate(PARAMS) if number else None
        self._frame = replace(self._frame, number=number) if number else None


def test_a_film_loads_each_look_its_model_and_goes_on_where_it_was_interrupted():
    sizes = {"usual": (64, 64), "other": (96, 64)}
    made = []

    def make(name):
        made.append(name)
        return FilmPlayer(sizes[name])

    script = [replace(PARAMS, index=n, model="other" if 3 <= n < 6 else "") for n in range(9)]
    film = FilmTroupe(make, "usual")
    frames = []
    for params in script:
        if params.index == 5:
            kept = film.checkpoint()
        assert film.choose(params) == sizes[params.model or "usual"]
        frames.append(film.generate(params))
    assert [frame.number for frame in frames] == list(range(1, 10))
    assert made == ["usual", "other", "usual"]
    again = FilmTroupe(make, "usual")
    again.restore(kept)
    rest = [again.generate(params) for params in script[5:]]
    assert [frame.number for frame in rest] == [6, 7, 8, 9]
    assert all(np.array_equal(a.picture, b.picture) for a, b in zip(rest, frames[5:], strict=True))
