"""What a look says is to be redrawn: patterns, none, cameras, videos, pictures, shaders."""

from dataclasses import replace
from pathlib import Path

import pytest

from engine.controls import reduce
from engine.errors import PresetError
from engine.records import Beat, Change, ControlEvent, Controls, Layer, Playing, Signals
from engine.resolve import resolve, silent_moment
from engine.saving import edited
from engine.show import load_show

PROMPT = '[[prompts]]\ntext = "sea"\n'


def written(folder: Path, source: str, name: str = "look", more: str = PROMPT) -> str:
    (folder / "still.png").write_bytes(b"")
    (folder / f"{name}.toml").write_text(f"{more}[source]\n{source}\n", "utf-8")
    return str(folder / f"{name}.toml")


def params(show, playing=None, beat=0.0, **hands):
    moment = silent_moment()
    signals = Signals(0.0, {**moment.signals.values, "bass": 0.5}, Beat(0.0, beat),
                      moment.signals.clocks)
    moment = replace(moment, signals=signals, playing=playing or Playing(),
                     controls=Controls(**hands))
    return resolve(0.0, 0, 0.0, moment, show)


@pytest.mark.parametrize(("source", "layer"), [
    ('camera = "FaceTime"', ("camera", "FaceTime")),
    ('shader = "plasma"\nspeed = 2', ("shader", "plasma")),
    ('picture = "still.png"\nscale = "1 + bass"', ("picture", "still.png")),
    ('video = "still.png"\nspeed = 0.5\nstart = 3', ("video", "still.png")),
])
def test_each_kind_is_a_layer_for_the_model(tmp_path, source, layer):
    found = params(load_show(written(tmp_path, f'{source}\namount = "bass"\ncolours = 0.25')))
    drawn = found.source_layer
    assert (drawn.kind, Path(drawn.name).name) == layer and drawn.opacity == 1.0
    assert (found.source, found.source_amount, found.source_colours) == ("", 0.5, 0.25)
    inputs = dict(drawn.inputs)
    assert {"shader": inputs.get("speed") == 2.0, "picture": inputs.get("scale") == 1.5,
            "video": inputs.get("start") == 3.0, "camera": True}[drawn.kind]
    assert "amount" not in inputs


def test_a_pattern_is_no_layer_and_nothing_has_no_amount(tmp_path):
    for pattern in ("rings", "none"):
        found = params(load_show(written(tmp_path, f'pattern = "{pattern}"\namount = 0.5')))
        assert (found.source, found.source_layer) == (pattern, None)
        assert found.source_amount == 0.5
    found = params(load_show(written(tmp_path, "amount = 0.5")))
    assert (found.source, found.source_layer, found.source_amount) == ("", None, 0.0)


@pytest.mark.parametrize(("source", "said"), [
    ('pattern = "ringz"', "'ringz'"),
    ('pattern = "rings"\ncamera = "a"', "stands beside pattern: a look has one source"),
    ('camera = ""', "is empty"),
    ("camera = 3", "camera"),
    ('picture = "gone.png"', "no such file beside look.toml"),
    ('shader = "gone"', "'gone'"),
    ('shader = "glow"', "changes pictures"),
    ('shader = "plasma"\nspedd = 1', "spedd"),
    ('camera = "a"\nstart = 1', "start"),
    ('video = "still.png"\nspeed = 9', "outside 0.0..4.0"),
    ('camera = "a"\ncolours = 2', "outside 0.0..1.0"),
])
def test_mistakes_are_one_line_with_place_and_what_is_allowed(tmp_path, source, said):
    with pytest.raises(PresetError) as caught:
        load_show(written(tmp_path, source))
    message = str(caught.value)
    assert said in message and "look.toml:" in message and "\n" not in message


def test_who_names_a_source_takes_over_no_other(tmp_path):
    written(tmp_path, 'shader = "plasma"\nspeed = 3\namount = 0.4\ncolours = 0.5', "parent")
    child = 'extends = "parent"\n'
    found = params(load_show(written(tmp_path, 'camera = "a"', "child", child)))
    assert found.source_layer.kind == "camera" and "speed" not in dict(found.source_layer.inputs)
    assert (found.source_amount, found.source_colours) == (0.4, 0.5)
    found = params(load_show(written(tmp_path, "speed = 1.5\namount = 1", "child", child)))
    assert found.source_layer.name == "plasma" and found.source_amount == 1.0
    assert dict(found.source_layer.inputs)["speed"] == 1.5
    found = params(load_show(written(tmp_path, 'pattern = "star"', "child", child)))
    assert (found.source, found.source_layer) == ("star", None)


def test_hands_reach_its_numbers_and_they_are_saved(tmp_path):
    show = load_show(written(tmp_path, 'shader = "plasma"\nspeed = 1\namount = 0.5'))
    events = [ControlEvent(0.0, "source.speed", 1.5), ControlEvent(0.0, "source.amount", 7.0),
              ControlEvent(0.0, "source.colours", 0.5)]
    hands = reduce(Controls(), events)
    found = params(show, values=hands.values)
    assert dict(found.source_layer.inputs)["speed"] == 1.5
    assert (found.source_amount, found.source_colours) == (1.0, 0.5)
    path = show.files[0]
    saved = edited(path, path.read_text("utf-8"), hands).text
    path.write_text(saved, "utf-8")
    again = params(load_show(str(path)))
    assert dict(again.source_layer.inputs)["speed"] == 1.5 and again.source_amount == 1.0


def test_half_way_between_two_looks_the_source_is_the_others(tmp_path):
    for name, source in (("one", 'camera = "a"'), ("two", 'camera = "b"'), ("same", 'camera="b"')):
        written(tmp_path, f"{source}\namount = 0.5", name)
    (tmp_path / "set.toml").write_text('presets = ["one", "two", "same"]\n', "utf-8")
    show = load_show(str(tmp_path / "set.toml"))

    def seen(before, after, beat):
        change = Change(before, after, 0.0, 4.0, "linear")
        return params(show, Playing(change), beat).source_layer

    assert seen(0, 1, 1.0) == replace(seen(0, 1, 3.0), name="a")
    assert isinstance(seen(0, 1, 3.0), Layer) and seen(0, 1, 3.0).name == "b"
    assert seen(1, 2, 1.0).name == "b"
