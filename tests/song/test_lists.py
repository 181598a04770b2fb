"""Lyrics, cue sheets, keyframe strings and Parseq: oddities and rubbish, one clear line each."""

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import LiquidlightError
from engine.importing import KINDS, Wishes, guess_kind, import_file, written
from engine.lyrics import parse_lrc
from engine.resolve import resolve, silent_moment
from engine.show import Show, load_show

QUICK = settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def imported(tmp_path: Path):
    def imports(name: str, text: str, **wishes: object) -> tuple[Show, list[str]]:
        path = tmp_path / name
        path.write_text(text, "utf-8")
        sheet = import_file(path, "", Wishes(**wishes))
        out = tmp_path / "out.toml"
        out.write_text(written(sheet), "utf-8")
        return load_show(str(out)), sheet.lost

    return imports


def _frame(show: Show, time: float):
    return resolve(time, 0, 0.0, silent_moment(), show)


LRC = """\ufeff[ti:Night (Live)]
[ar:Nobody]
[offset:+500]

[00:12.00][01:10.5]Sing it (again)
[00:17.20]<00:17.20>one <00:18.00>two  <00:19.25> three
[1:02]
no time here
[00:99.x]neither
[02:03:45]old style
"""


def test_lrc_with_all_its_oddities() -> None:
    lyrics = parse_lrc(LRC)
    found = [(line.time, line.text) for line in lyrics.lines]
    assert found == [(11.5, "Sing it (again)"), (16.7, "one two three"), (61.5, ""),
                     (70.0, "Sing it (again)"), (122.95, "old style")]  # fmt: skip
    assert lyrics.lines[1].words == ((16.7, "one"), (17.5, "two"), (18.75, "three"))
    assert lyrics.tells["ti"] == "Night (Live)" and len(lyrics.odd) == 2


def test_lyrics_are_drawn_and_are_prompts(imported) -> None:
    show, lost = imported("song.lrc", LRC, style="ink on paper")
    assert len(lost) == 2 and show.presets[0].title == "Night (Live)"
    sung = _frame(show, 15.0)
    assert [layer.name for layer in sung.layers] == ["", "Sing it (again)"]
    assert [p.text for p in sung.prompts] == [r"Sing it \(again\), ink on paper"]
    assert _frame(show, 65.0).layers[1].name == ""
    words, _ = imported("song.lrc", LRC, words=True)
    lines = [_frame(words, t).layers[1].name for t in (17.0, 18.0, 19.0)]
    assert lines == ["one", "one two", "one two three"]


SHEETS = {
    "comma": "Frame,Subject,Style,strength\n0,red house,oil,0.4\n150,a lake,,0.9\n",
    "semicolon": "time;prompt;style\n0:00;red house;oil\n0:05,00;a lake;\n",
    "tabs": "timecode\tsubject\n00:00:00\tred house\n00:00:05\ta lake\n",
    "no head": "0,red house,oil\n150,a lake,\n",
    "quotes": '"start","scene"\n"0","red ""big"" house, old"\n"5","a lake"\n',
}


@pytest.mark.parametrize("name", SHEETS)
def test_cue_sheets(imported, name: str) -> None:
    show, lost = imported("sheet.csv", SHEETS[name])
    assert not lost and "red" in _frame(show, 1.0).prompts[0].text
    assert "a lake" in _frame(show, 5.01).prompts[0].text
    if name == "comma":
        assert [_frame(show, t).strength for t in (1.0, 6.0)] == [0.4, 0.9]


def test_what_a_sheet_says_in_vain_is_listed(imported) -> None:
    text = "frame,subject,mood,strength\n0,house,sad,9\nlater,lake,,\n,,,\n50,tree,,0.2\n"
    show, lost = imported("sheet.csv", text)
    assert len(show.cues.cues) == 2 and len(lost) == 3
    for part in ("mood", "row 2: strength = '9'", "row 3: 'later'"):
        assert any(part in line for line in lost), part


def test_a_pasted_string_is_a_curve(imported) -> None:
    text = "0: (1.0), 1:(1.02), 2:(1.04), 30:(1.0)"
    show, _ = imported("curve.txt", text, param="motion.zoom", fps=10.0)
    frames = show.cues.keyframes["motion.zoom"]
    assert [frames.at(t, {}) for t in (0.05, 0.1, 0.2, 9.0)] == pytest.approx([1.01, 1.02, 1.04, 1])
    with pytest.raises(LiquidlightError, match="curve.txt.*--param"):
        imported("curve.txt", text)
    with pytest.raises(LiquidlightError, match=r"strength goes from 1 to 1.04"):
        imported("curve.txt", text, param="strength")


def _manifest(**more: object) -> str:
    rows = [
        {"frame": n, "zoom": 1.5, "zoom_delta": 1.01, "angle_delta": 0.5 * n, "strength": 0.6,
         "noise": 0.04, "seed": 55 + n / 10, "pulse": n, "subseed_strength": 0.1,
         "deforum_prompt": f"sea :{1 - n / 10} AND fire :{n / 10} --neg grey :1 AND dull :0.5"}
        for n in range(11)
    ]  # fmt: skip
    options = {"output_fps": 20, "bpm": 140}
    return json.dumps({"options": options, "rendered_frames": rows, "managedFields": [], **more})


def test_parseq_rendered(imported) -> None:
    show, lost = imported("manifest.json", _manifest())
    frame = _frame(show, 5 / 20)
    assert (frame.strength, frame.noise_drift) == pytest.approx((0.4, 0.04))
    assert frame.seed == pytest.approx(55.5) and frame.negative == "grey, dull"
    assert {p.text: p.weight for p in frame.prompts} == pytest.approx({"sea": 0.5, "fire": 0.5})
    zoom, angle = (show.cues.keyframes.get(k) for k in ("motion.zoom", "motion.angle"))
    assert zoom is None and angle.at(0.25, {}) == pytest.approx(50.0)
    assert show.presets[0].numbers["motion.zoom"].constant == pytest.approx(1.01**20)
    assert any("pulse" in line for line in lost)


def test_parseq_with_keyframes_only(imported) -> None:
    rows = [{"frame": 0, "strength": 0.2, "zoom": 1, "zoom_i": "C"}, {"frame": 10, "strength": 0.6}]
    text = json.dumps({"managedFields": [], "options": {"output_fps": 10}, "keyframes": rows})
    show, lost = imported("manifest.json", text)
    assert _frame(show, 0.5).strength == pytest.approx(0.6)
    assert any("not rendered" in line for line in lost) and any("zoom_i" in line for line in lost)


@pytest.mark.parametrize(
    ("name", "text", "says"),
    [
        ("a.txt", "{", "not JSON"),
        ("a.txt", "[1]", "no line that begins with a time"),
        ("a.json", '{"a": 1}', "no Deforum settings"),
        ("a.json", '{"max_frames": "many"}', "max_frames = 'many'"),
        ("a.json", '{"max_frames": 5, "fps": 0}', "fps = '0'"),
        ("a.json", '{"max_frames": 5, "prompts": {"x+": "a"}}', "no formula"),
        ("a.json", '{"max_frames": 5, "prompts": 7}', "prompts are no table"),
        ("a.json", '{"rendered_frames": [{"frame": "x"}]}', "no number"),
        ("a.json", '{"rendered_frames": []}', "neither"),
        ("a.lrc", "hello\n", "no line that begins"),
        ("a.csv", "", "is empty"),
        ("a.csv", "mood,colour\nx,y\n", "no row"),
        ("a.bin", "hello", "no kind"),
        ("a.txt", "0:(1.0), 5", "--param"),
    ],
)
def test_rubbish_is_one_line(imported, name: str, text: str, says: str) -> None:
    with pytest.raises(LiquidlightError) as error:
        imported(name, text)
    assert says in str(error.value) and name in str(error.value) and "\n" not in str(error.value)


_BITS = st.sampled_from(
    ["[", "]", "00:12.5", "<", ">", ":", ",", ";", "\n", "(", ")", "`", "t", "0", "9", "sin", '"',
     "--neg", " AND ", "{", "}", "\\", "\x00", "é", "max_f", "*", "frame", "time", "e9", "-"]
)  # fmt: skip


@QUICK
@given(text=st.lists(_BITS, max_size=40).map("".join), kind=st.sampled_from(sorted(KINDS)))
def test_any_text_is_refused_or_loads(tmp_path: Path, text: str, kind: str) -> None:
    path = tmp_path / "any.txt"
    path.write_bytes(text.encode())
    try:
        sheet = import_file(path, kind, Wishes(param="strength"))
    except LiquidlightError as error:
        assert "\n" not in str(error)
        return
    _loads(tmp_path, written(sheet))


@QUICK
@given(
    zoom=st.lists(_BITS, max_size=12).map("".join),
    prompt=st.lists(_BITS, max_size=12).map("".join),
    value=st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=5)),
)
def test_any_settings_are_refused_or_load(tmp_path: Path, zoom, prompt, value) -> None:
    text = json.dumps({"max_frames": 9, "zoom": f"0:({zoom})", "angle": value, "seed": value,
                       "prompts": {"0": prompt, "3": prompt[::-1]}, "use_init": value})  # fmt: skip
    path = tmp_path / "any.json"
    path.write_text(text, "utf-8")
    try:
        sheet = import_file(path)
    except LiquidlightError as error:
        assert "\n" not in str(error)
        return
    _loads(tmp_path, written(sheet))


def _loads(folder: Path, text: str) -> None:
    out = folder / "out.toml"
    out.write_text(text, "utf-8")
    tomllib.loads(text)
    _frame(load_show(str(out)), 0.5)


def test_kinds_are_guessed() -> None:
    guesses = {"a.txt": (_manifest(), "parseq"), "b.txt": ('{"zoom": 1}', "deforum"),
               "c.txt": ("[00:01.00]x", "lrc"), "d.csv": ("1,2", "csv"),
               "e.txt": ("0:(1.0)", "keyframes")}  # fmt: skip
    for name, (text, kind) in guesses.items():
        assert guess_kind(Path(name), text) == kind
