"""[loras] in looks: files found, weights by hands, cues and expressions, mixed by a change."""

from dataclasses import replace

import pytest

from engine.controls import reduce
from engine.errors import PresetError
from engine.launches import split_launch
from engine.params import LORA
from engine.records import Change, ControlEvent, Controls, Lora, Playing
from engine.resolve import resolve, silent_moment
from engine.saving import edited
from engine.schemas import preset_schema
from engine.show import load_show
from engine.show.preset_file import load_preset
from engine.surface import controls_of

LOOK = 'prompts = [{ text = "sea" }]\n[loras]\n'


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for place in ("film.safetensors", "loras/ink v1.5.safetensors",
                  "config/liquidlight/loras/oil.safetensors"):
        (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / place).write_bytes(b"")
    return tmp_path


def look(here, rows, name="look"):
    path = here / f"{name}.toml"
    path.write_text(LOOK + rows)
    return path


def resolved(path, **more):
    show, moment = load_show(str(path)), silent_moment()
    return resolve(0.0, 0, 0.0, replace(moment, **more), show)


def test_files_are_found_and_named(here):
    path = look(here, '"film.safetensors" = 0.8\n"ink v1.5.safetensors" = "0.5 + 1"\n'
                      '"oil.safetensors" = -2\n')
    lines = load_preset(path).loras
    assert [line.name for line in lines] == ["film", "ink_v1_5", "oil"]
    assert [line.path.parent.name for line in lines] == [here.name, "loras", "loras"]
    assert resolved(path).loras == (
        Lora(str(here / "film.safetensors"), 0.8),
        Lora(str(here / "loras" / "ink v1.5.safetensors"), 1.5),
        Lora(str(here / "config/liquidlight/loras/oil.safetensors"), -2.0))


def test_a_look_that_extends_takes_them_along(here):
    look(here, '"film.safetensors" = 0.8\n"oil.safetensors" = 1\n')
    child = here / "sub" / "child.toml"
    child.parent.mkdir()
    child.write_text('extends = "../look.toml"\n[loras]\n"film.safetensors" = 0.25\n')
    assert [lora.weight for lora in resolved(child).loras] == [0.25, 1.0]


@pytest.mark.parametrize(("rows", "said"), [
    ('"gone.safetensors" = 1', r"look.toml:3: loras.gone.safetensors is not there; looked in "),
    ('"film.ckpt" = 1', "loras.film.ckpt is a pickle, which runs whatever its maker"),
    ('"film.png" = 1', "loras.film.png is no .safetensors file"),
    ('"film.safetensors" = 3', "= 3 is outside -2.0..2.0"),
    ('"film.safetensors" = "bas"', "bas"),
    ("film.safetensors = 1", "the name of a file stands in quotes"),
    ('"film.safetensors" = 1\n"./film.safetensors" = 1', "is called loras.film, as another one"),
])
def test_a_mistake_is_one_line(here, rows, said):
    with pytest.raises(PresetError, match=said) as caught:
        load_preset(look(here, rows))
    assert "\n" not in str(caught.value)


def test_hands_and_expressions_move_them(here):
    path = look(here, '"film.safetensors" = "knob1 * 2"\n')
    hands = reduce(Controls(), [ControlEvent(0.0, "knob1", 0.25)])
    assert resolved(path, controls=hands).loras[0].weight == 0.5
    hands = reduce(hands, [ControlEvent(0.0, "loras.film", 9.0)])
    assert resolved(path, controls=hands).loras[0].weight == LORA.high
    assert split_launch("loras.beat") == ("loras.beat", "")


def test_cues_move_them(here):
    path = look(here, '"film.safetensors" = 0.5\n')
    path.write_text(path.read_text() + '[[cues]]\nat = 0\n"loras.film" = -1\n')
    assert resolved(path).loras[0].weight == -1.0
    path.write_text(path.read_text().replace("loras.film", "loras.flim"))
    with pytest.raises(PresetError, match=r"loras.flim is not known"):
        load_show(str(path))


def test_a_set_has_all_ready_and_a_change_mixes_them(here):
    look(here, '"film.safetensors" = 1.0\n"oil.safetensors" = 0.5\n', "one")
    look(here, '"film.safetensors" = 0.5\n"ink v1.5.safetensors" = -1.0\n', "two")
    (here / "set.toml").write_text('presets = ["one", "two"]\n')
    first = resolved(here / "set.toml").loras
    assert [lora.weight for lora in first] == [1.0, 0.5, 0.0]
    going = Playing(Change(0, 1, 0.0, 8.0, "linear", "crossfade", done=0.5))
    half = [lora.weight for lora in resolved(here / "set.toml", playing=going).loras]
    assert half == pytest.approx([0.75, 0.25, -0.5])


def test_the_surface_and_the_schema_know_them(here):
    path = look(here, '"film.safetensors" = 0.5\n')
    show = load_show(str(path))
    found = {row.name: row for row in controls_of(show, show.presets[0])}
    assert found["loras.film"].param.low == -2.0
    assert "loras" in preset_schema()["properties"]


def test_a_hand_is_saved_into_the_look(here):
    path = look(here, '"film.safetensors" = 0.5\n')
    hands = reduce(Controls(), [ControlEvent(0.0, "loras.film", 1.25)])
    new = edited(path, path.read_text(), hands)
    assert '"film.safetensors" = 1.25' in new.text
