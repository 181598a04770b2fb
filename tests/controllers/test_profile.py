"""Profiles: every shipped one is whole, ports are known by name, mistakes are one line."""

import pytest

from controllers import profile
from controllers.profile import SHIPPED, load, profile_for, spare
from engine.errors import PresetError

SHIPPED_NAMES = sorted(path.stem for path in SHIPPED.glob("*.toml"))


@pytest.mark.parametrize("name", SHIPPED_NAMES)
def test_a_shipped_profile_is_whole(name):
    found = load(name)
    addresses = {row.address.name for row in found.mapping.rows}
    assert {"preset.1", "prompts.1.weight", "prompts.8.weight", "freeze", "hush"} <= addresses
    plain = [row.control + row.layer for row in found.mapping.rows]
    assert len(set(plain)) == len(plain), "a control has two addresses in one layer"
    for light in found.lights:
        for message in (*light.states.values(), *([light.ringed(64)] if light.ring else ())):
            assert message[0] >= 0x80 and all(byte < 0x80 for byte in message[1:-1])
        assert light.ring or {"loaded", "active"} <= set(light.states)
    for message in (*found.init, *found.exit):
        assert message[0] == 0xF0 and message[-1] == 0xF7


@pytest.mark.parametrize(
    ("port", "name"),
    [
        ("APC mini mk2:APC mini mk2 Control 20:0", "apc_mini_mk2"),
        ("APC MINI:APC MINI MIDI 1 20:0", "apc_mini"),
        ("Akai APC40 mkII", "apc40_mk2"),
        ("MIDI Mix:MIDI Mix MIDI 1 24:0", "midimix"),
        ("Launchpad Mini MK3:Launchpad Mini MK3 LPMiniMK3 MI 24:1", "launchpad_mini_mk3"),
        ("LPX MIDI Out", "launchpad_x"),
        ("Launchpad Pro MK3 LPProMK3 MIDI", "launchpad_pro_mk3"),
        ("Launch Control XL", "launch_control_xl"),
        ("nanoKONTROL2:nanoKONTROL2 MIDI 1 20:0", "nanokontrol2"),
    ],
)
def test_ports_are_known_by_name(port, name):
    assert profile_for(port).name == name
    assert not spare(port)


@pytest.mark.parametrize(
    "port", ["APC mini mk2:APC mini mk2 APC mini mk2 Notes 20:1", "LPX DAW In", "LPProMK3 DIN",
             "Launch Control XL HUI"]
)
def test_the_other_port_of_a_known_controller_is_spare(port):
    assert profile_for(port) is None
    assert spare(port)


def test_an_unknown_port_has_none_and_a_name_or_none_may_be_asked_for():
    assert profile_for("Arturia BeatStep") is None and not spare("Arturia BeatStep")
    assert profile_for("Arturia BeatStep", "apc_mini").title == "Akai APC mini"
    assert profile_for("nanoKONTROL2", "apc_mini").name == "nanokontrol2"
    assert profile_for("APC mini mk2 Control", "none") is None


@pytest.fixture
def own(tmp_path, monkeypatch):
    """A folder of the user's own profiles."""
    monkeypatch.setattr(profile, "_places", lambda: (tmp_path, SHIPPED))

    def write(text: str):
        (tmp_path / "mine.toml").write_text(text)
        return tmp_path / "mine.toml"

    return write


def test_a_profile_of_the_users_own(own):
    own('like = "apc_mini"\nports = ["Pad Thing"]\ninit = ["F0 01 F7"]\n[midi]\ntap = "note 3"\n'
        '[[lights]]\ncontrols = "note {3..4}, cc 9"\nfirst = 5\nloaded = "9{c} {n} {i}"\n')
    found = profile_for("a pad thing 2")
    assert (found.name, found.init) == ("mine", (b"\xf0\x01\xf7",))
    assert {light.states["loaded"] for light in found.lights} == {
        b"\x90\x03\x05", b"\x90\x04\x06", b"\x90\x09\x07"
    }  # fmt: skip
    rows = {row.address.name: row.number for row in found.mapping.rows}
    assert rows["tap"] == 3 and rows["preset.1"] == 56


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('port = ["x"]\n', ["mine.toml:1", "port", "ports"]),
        ('ports = "x"\n', ["ports must be a list"]),
        ('init = ["F0 G"]\n', ["init must be bytes"]),
        ('[midi]\nknob99 = "cc 1"\n', ["mine.toml:2", "knob99"]),
        ('[[lights]]\ncontrols = "cd 3"\n', ["mine.toml:2", "names no controls"]),
        ('[[lights]]\ncontrols = "cc 3"\nactive = "90 {m} 7F"\n', ["mine.toml:3", "must be bytes"]),
        ('[[lights]]\ncontrols = "cc 3"\nactiv = "90"\n', ["activ", "active"]),
    ],
)
def test_mistakes_are_one_line(own, text, words):
    own(text)
    with pytest.raises(PresetError) as caught:
        load("mine")
    message = str(caught.value)
    assert "\n" not in message and all(word in message for word in words), message
