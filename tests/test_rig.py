"""The rig: read, overridden by options, saved without losing what people wrote."""

import json
from pathlib import Path

import pytest

from controllers.mapping import DEFAULT_MAPPING, parse_mapping
from engine.cli import main
from engine.errors import PresetError
from engine.rig import read_rig, usual_path

RIG = """# the van's laptop
[devices]
midi = "nanoKONTROL2"   # the grey one
windowed = true

[tempo]
offset_ms = 12.5
[midi]
knob1 = "cc 21"
"""


@pytest.fixture
def home(tmp_path, monkeypatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    return tmp_path


def held(capsys, *options: str) -> dict[str, tuple]:
    """What `liquidlight rig` prints, by key."""
    assert main(["rig", "--json", *options]) == 0
    rows = json.loads(capsys.readouterr().out)["rows"]
    return {row["key"]: (row["value"], row["from"]) for row in rows}


def test_without_a_rig_the_defaults_hold(home, capsys) -> None:
    rows = held(capsys)
    assert rows["devices.audio"] == ("default", "default")
    assert rows["tempo.range"] == ("70-180", "default")
    assert {source for _, source in rows.values()} == {"default"}


def test_option_before_rig_before_default(home, capsys) -> None:
    usual_path().parent.mkdir()
    usual_path().write_text(RIG)
    rows = held(capsys, "--midi", "all", "--size", "640x360")
    assert rows["devices.midi"] == ("all", "option")  # though it is the default as well
    assert rows["devices.size"] == ("640x360", "option")
    assert rows["tempo.offset_ms"] == (12.5, "rig")
    assert rows["devices.windowed"] == (True, "rig")
    assert rows["midi.knob1"] == ("cc 21", "rig")
    assert rows["devices.osc"] == (None, "default")


def test_a_screen_that_is_asked_for_takes_the_place_of_the_rigs(home, capsys) -> None:
    usual_path().parent.mkdir()
    usual_path().write_text(RIG)
    rows = held(capsys, "--display", "HDMI")
    assert rows["devices.display"] == ("HDMI", "option")
    assert rows["devices.windowed"] == (False, "default")


def test_save_writes_what_was_given_and_keeps_the_rest(home, capsys) -> None:
    usual_path().parent.mkdir()
    usual_path().write_text(RIG)
    held(capsys, "--midi", "Launch", "--osc", "9000", "--range", "80-160", "--tempo", "126",
         "--display", "HDMI", "--save")
    text = usual_path().read_text()
    assert '# the van\'s laptop\n[devices]\nmidi = "Launch"   # the grey one\n' in text
    assert "windowed" not in text and "offset_ms = 12.5" in text
    rows = held(capsys)
    assert rows["devices.osc"] == (9000, "rig") and rows["tempo.range"] == ("80-160", "rig")
    assert rows["tempo.source"] == (126.0, "rig") and rows["devices.display"] == ("HDMI", "rig")


def test_save_makes_the_first_rig(home, capsys) -> None:
    held(capsys, "--audio", "USB", "--save")
    assert read_rig().values == {"audio": "USB"}


def test_another_rig_and_a_missing_one(home, capsys, tmp_path) -> None:
    other = tmp_path / "other.toml"
    other.write_text(RIG)
    assert held(capsys, "--rig", str(other))["devices.midi"] == ("nanoKONTROL2", "rig")
    assert main(["rig", "--rig", str(tmp_path / "none.toml")]) == 2
    assert "cannot be read" in capsys.readouterr().err


def test_play_refuses_a_wrong_rig_in_one_line(home, capsys) -> None:
    usual_path().parent.mkdir()
    usual_path().write_text("[devices]\nosc = 70000\n")
    assert main(["play", "--offscreen", "--seconds", "1"]) == 2
    told = capsys.readouterr().err
    assert told.count("\n") == 1 and "rig.toml:2: devices.osc = '70000' is not a port" in told


def test_rows_of_a_preset_come_before_those_of_the_rig() -> None:
    rig = parse_mapping({"knob1": "cc 21", "knob2": "cc 22"}, "the rig")
    mapping = parse_mapping({"knob1": "cc 50", "freeze": "cc 22"}, "a look", rig)
    rows = {row.address.name: row.number for row in mapping.rows}
    assert rows["knob1"] == 50 and rows["freeze"] == 22 and "knob2" not in rows
    below = {row.address.name: row.number for row in mapping.over(DEFAULT_MAPPING).rows}
    assert below["knob3"] == 18 and below["knob1"] == 50


def test_osc_may_be_opened_and_sent_to_by_the_rig(tmp_path):
    path = tmp_path / "rig.toml"
    path.write_text('[devices]\nosc_lan = true\nosc_out = "10.0.0.5:9000, localhost:9001"\n')
    values = read_rig(path).values
    assert values == {"osc_lan": True, "osc_out": (("10.0.0.5", 9000), ("localhost", 9001))}
    path.write_text('[devices]\nosc_out = "10.0.0.5"\n')
    with pytest.raises(PresetError, match=r"rig.toml:2: devices.osc_out = '10.0.0.5' is not HOST"):
        read_rig(path)
