"""Layouts for touch screens: every control once, nothing over another, files of the right form."""

import json
import zlib
from itertools import combinations
from xml.etree import ElementTree

import pytest

from controllers.addresses import find
from controllers.layouts import COLUMNS, ROWS, open_stage_control, pages, touch_osc
from controllers.osc_codec import canonical
from engine.cli import main
from engine.show import load_show
from engine.surface import controls_of


@pytest.fixture(scope="module")
def laid():
    show = load_show("first_light")
    return pages(controls_of(show, show.presets[0]))


def test_every_number_switch_and_button_is_there_once(laid):
    names = [cell.control.name for page in laid for cell in page.cells]
    assert len(names) == len(set(names))
    assert {"strength", "motion.zoom", "blackout", "tap", "preset.1", "knob16",
            "prompts.1.weight", "tempo.bpm"} <= set(names)
    assert all(find(name) for name in names)


def test_no_cell_lies_over_another(laid):
    for page in laid:
        for a, b in combinations(page.cells, 2):
            assert a.x != b.x or a.y + a.height <= b.y or b.y + b.height <= a.y, (page.name, a, b)
        assert all(c.x < COLUMNS and c.y + c.height <= ROWS for c in page.cells)


def test_open_stage_control_faders_have_the_range_of_their_address(laid):
    session = json.loads(open_stage_control(laid))
    widgets = [w for tab in session["content"]["tabs"] for w in tab["widgets"]]
    zoom = next(w for w in widgets if w["address"] == "/vj/motion/zoom")
    assert zoom["range"] == {"min": 0.5, "max": 2.0} and zoom["default"] == 1.0
    assert next(w for w in widgets if w["address"] == "/vj/freeze")["mode"] == "toggle"
    assert len({w["id"] for w in widgets}) == len(widgets)


def test_touch_osc_nodes_send_the_natural_value_to_an_address(laid):
    root = ElementTree.fromstring(zlib.decompress(touch_osc(laid)))
    assert root.tag == "lexml"
    controls = [n for n in root.iter("node") if n.get("type") in ("FADER", "BUTTON")]
    assert len(controls) == sum(len(page.cells) for page in laid)
    assert len({n.get("ID") for n in root.iter("node")}) == len(list(root.iter("node")))
    params = {cell.control.name: cell.control.param for page in laid for cell in page.cells}
    for node in controls:
        param = params[canonical(node.findtext("messages/osc/path/partial/value"))]
        argument = node.find("messages/osc/arguments/partial")
        if node.get("type") == "FADER":
            low, high = float(argument.findtext("scaleMin")), float(argument.findtext("scaleMax"))
            assert (low, high) == pytest.approx((param.low, param.high), rel=1e-4)


def test_the_verb_writes_both_files(tmp_path, capsys):
    assert main(["layouts", "club_night", "-o", str(tmp_path)]) == 0
    assert {p.name for p in tmp_path.iterdir()} == {"club_night.tosc", "club_night.json"}
    assert main(["keys"]) == 0
    assert "blackout" in capsys.readouterr().out
