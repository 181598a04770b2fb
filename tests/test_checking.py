"""check tells all mistakes of a file, each at its line, and nothing that only follows from one."""

import json
from pathlib import Path

import pytest

from engine.cli import main

BAD = """# a look with a mistake on every second line
titel = "x"
title = "fine"
strength = 7
[[prompts]]
text = ""
[[prompts]]
text = "ocean"
weight = "1 + kik"
[motion]
zoom = 9
angel = 2
[[effects]]
shader = "glw"
[[effects]]
shader = "glow"
amount = "2 +"
[midi]
strenght = "cc 1"
knob1 = "dd 4"
"""
WRONG = [
    (2, "titel", "did you mean 'title'?"),
    (4, "strength = 7", "outside 0.0..1.0"),
    (6, "prompts.1.text", "empty"),
    (9, 'prompts.2.weight = "1 + kik"', "did you mean 'kick'?"),
    (11, "motion.zoom = 9", "outside 0.5..2.0"),
    (12, "motion.angel", "did you mean 'angle'?"),
    (14, "effects.1.shader = 'glw'", "did you mean 'glow'?"),
    (17, 'effects.2.amount = "2 +"', "not an expression"),
    (19, "midi.strenght = 'cc 1'", "did you mean 'strength'?"),
    (20, "midi.knob1 = 'dd 4'", '"cc 0..127"'),
]


def checked(capsys, *paths: Path) -> tuple[int, list[dict]]:
    """Exit status, and the mistakes of all files as --json tells them."""
    status = main(["check", "--json", *map(str, paths)])
    found = json.loads(capsys.readouterr().out)
    return status, [row for finding in found for row in finding.get("mistakes", ())]


def put(path: Path, text: str) -> Path:
    path.write_text(text, "utf-8")
    return path


def test_every_mistake_of_a_look_is_told_at_its_line(tmp_path, capsys) -> None:
    path = put(tmp_path / "bad.toml", BAD)
    status, rows = checked(capsys, path)
    assert status == 2
    assert [(row["file"], row["line"]) for row in rows] == [(str(path), n) for n, _, _ in WRONG]
    for row, (_, key, allowed) in zip(rows, WRONG, strict=True):
        assert row["message"].startswith(key) and allowed in row["message"]
        assert row["column"] == 1 and "\n" not in row["message"]


def test_the_lines_for_people_name_the_file_once(tmp_path, capsys) -> None:
    path = put(tmp_path / "bad.toml", BAD)
    assert main(["check", str(path)]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == len(WRONG)
    assert all(line.startswith(f"BAD  {path}:") and line.count(str(path)) == 1 for line in lines)


def test_mistakes_of_all_members_of_a_set(tmp_path, capsys) -> None:
    put(tmp_path / "one.toml", '[[prompts]]\ntext = "sea"\nwait = 1\n')
    put(tmp_path / "two.toml", 'strength = "lfo"\n[[prompts]]\ntext = "sea"\n')
    path = put(tmp_path / "evening.toml", 'presets = ["one", "two"]\nbars = 0\nfade_beat = 1\n')
    status, rows = checked(capsys, path)
    told = [(Path(row["file"]).name, row["line"]) for row in rows]
    assert status == 2
    assert told == [("evening.toml", 2), ("evening.toml", 3), ("one.toml", 3), ("two.toml", 1)]


def test_a_set_with_cues_names_every_place(tmp_path, capsys) -> None:
    put(tmp_path / "one.toml", '[[prompts]]\ntext = "sea"\n')
    text = """presets = [
  "one",
  "oen",
  "nowhere",
]
[autopilot]
order = "forwards"
[[cues]]
at = "later"
preset = "one"
[[cues]]
strenght = 0.5
at = 3
ease = "eas"
[song]
file = "none.mp3"
"""
    status, rows = checked(capsys, put(tmp_path / "evening.toml", text))
    assert status == 2
    assert [row["line"] for row in rows] == [3, 4, 7, 9, 12, 14, 16]
    assert "did you mean 'one'?" in rows[0]["message"] and rows[0]["column"] == 3


def test_mistakes_in_what_a_look_extends_are_told_there(tmp_path, capsys) -> None:
    put(tmp_path / "parent.toml", 'strength = 3\n[[prompts]]\ntext = "sea"\n[macros]\nwild = 7\n')
    text = 'extends = "parent"\nguidance = "wild + wold"\n[change.prompts.4]\nweight = 1\n'
    status, rows = checked(capsys, put(tmp_path / "child.toml", text))
    told = [(Path(row["file"]).name, row["line"]) for row in rows]
    assert status == 2
    assert told == [("child.toml", 2), ("child.toml", 3), ("parent.toml", 1), ("parent.toml", 5)]


def test_a_row_that_was_cut_moves_no_line(tmp_path, capsys) -> None:
    path = put(
        tmp_path / "look.toml",
        '[[prompts]]\ntext = 3\n[[prompts]]\ntext = "a"\n[[prompts]]\ntext = "b"\nweight = -1\n',
    )
    assert [row["line"] for row in checked(capsys, path)[1]] == [2, 7]


@pytest.mark.parametrize(
    ("text", "line"),
    [('title = "open\n', 1), ('a = 1\na = 2\n[[prompts]]\ntext = "x"\n', 2), ("", 1)],
)
def test_a_file_that_cannot_be_read_on_is_one_mistake(tmp_path, capsys, text, line) -> None:
    status, rows = checked(capsys, put(tmp_path / "look.toml", text))
    assert status == 2 and [row["line"] for row in rows] == [line]


def test_deep_nesting_is_a_mistake_and_no_crash(tmp_path, capsys) -> None:
    status, rows = checked(capsys, put(tmp_path / "look.toml", f"title = {'[' * 3000}"))
    assert status == 2 and len(rows) == 1


def test_a_good_look_and_a_good_rig(tmp_path, capsys) -> None:
    rig = put(tmp_path / "rig.toml", '[devices]\nosc = 7001\n[midi]\nknob1 = "cc 2"\n')
    assert main(["check", "presets/bloom.toml", str(rig)]) == 0
    out = capsys.readouterr().out
    assert out.startswith("ok") and "a rig: 1 settings, 1 mappings" in out


def test_a_rig_is_checked_whole(tmp_path, capsys) -> None:
    path = put(
        tmp_path / "rig.toml",
        '[devices]\nosc = 70000\nadio = "x"\nmidi = 3\nsize = "big"\n'
        '[tempo]\nrange = "70-80"\nlink = "follow"\n[midi]\nfreez = "note 3"\n',
    )
    status, rows = checked(capsys, path)
    assert status == 2 and [row["line"] for row in rows] == [2, 3, 4, 5, 7, 8, 10]
    assert "did you mean 'audio'?" in rows[1]["message"]


def test_a_device_that_is_not_there_is_a_hint(tmp_path, capsys) -> None:
    rig = put(tmp_path / "rig.toml", '[devices]\nmidi = "no such keys"\n')
    assert main(["check", str(rig)]) == 0
    assert "hint midi = 'no such keys' is not there now" in capsys.readouterr().out
