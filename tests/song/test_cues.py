"""Cues: times and easing in closed form, what is refused, keyframes, lyrics, presets as events."""

from pathlib import Path

import pytest

from engine.cues import Cued, Cues, cued, move_knobs, preset_events
from engine.errors import PresetError
from engine.records import Beat
from engine.show import load_preset
from engine.show.cue_file import read_cues
from engine.toml_file import TomlFile


@pytest.fixture
def read(tmp_path: Path):
    """Cues of a text, in a show with one look, `bloom`."""
    look = tmp_path / "bloom.toml"
    look.write_text("[[prompts]]\ntext = 'flower'\n[[effects]]\nshader = 'glow'\n", "utf-8")

    def reads(text: str) -> Cues:
        path = tmp_path / "song.toml"
        path.write_text(text, "utf-8")
        return read_cues(TomlFile(path), (load_preset(look),))[1]

    return reads


def _at(cues: Cues, time: float, beat: Beat | None = None, **names: float) -> Cued:
    return cued(cues, time, beat or Beat(time, 2.0 * time, 120.0), {"t": time, **names})


@pytest.mark.parametrize(
    ("at", "seconds"),
    [("12", 12.0), ("12.5", 12.5), ('"1:02.50"', 62.5), ('"62.5 s"', 62.5), ('"frame 300"', 12.0),
     ('"beat 64"', 32.2), ('"bar 16"', 32.2), ('"bar 0.5"', 1.2)],
)  # fmt: skip
def test_times_with_a_grid(read, at: str, seconds: float) -> None:
    cues = read(f"song = {{fps = 25, bpm = 120, start = 0.2}}\n[[cues]]\nat = {at}\nstrength = 0.9")
    assert cues.cues[0].at.seconds == pytest.approx(seconds)
    assert _at(cues, seconds - 0.01).number("strength", 0.2) == 0.2
    assert _at(cues, seconds + 0.01).number("strength", 0.2) == pytest.approx(0.9)


def test_without_a_grid_the_heard_beat_counts(read) -> None:
    cues = read('[[cues]]\nat = "bar 2"\nover = "4 beats"\nease = "linear"\nstrength = 1.0')
    slow, fast = Beat(10.0, 9.0, 60.0), Beat(5.0, 9.0, 180.0)
    for beat in (slow, fast):
        assert _at(cues, beat.time, beat).number("strength", 0.0) == pytest.approx(0.25)


def test_easing_starts_from_the_value_before_and_asks_twice_the_same(read) -> None:
    cues = read(
        "[[cues]]\nat = 1\nover = 2\nease = 'linear'\nstrength = 1.0\n"
        "[[cues]]\nat = 2\nover = 1\nease = 'linear'\nstrength = 0.0\n"
        "[[cues]]\nat = 5\nover = 1\nease = 'linear'\nstrength = 'look'"
    )
    wanted = {0.5: 0.4, 1.0: 0.4, 1.5: 0.55, 2.0: 0.7, 2.5: 0.425, 3.0: 0.0, 5.5: 0.2, 6.0: 0.4}
    for time, value in wanted.items():
        assert _at(cues, time).number("strength", 0.4) == pytest.approx(value)
        assert _at(cues, time) == _at(cues, time)


def test_values_may_be_expressions_and_knobs_move_what_hangs_on_them(read) -> None:
    cues = read("[[cues]]\nat = 0\nknob1 = '0.1*t'\nstrength = 'knob1 + 0.2'")
    for hands, strength in (((), 0.5), (("knob1",), 0.9)):  # a hand holds its knob
        names = {"t": 3.0, "knob1": 0.7}
        move_knobs(cues, 3.0, Beat(), names, hands)
        assert cued(cues, 3.0, Beat(), names).number("strength", 0.0) == pytest.approx(strength)


def test_prompts_share_while_one_comes(read) -> None:
    cues = read(
        "[[cues]]\nat = 2\nover = 2\nease = 'linear'\nprompt = 'a red heart'\nnegative = 'blur'\n"
        "[[cues]]\nat = 3\nover = 2\nease = 'linear'\nprompts = [{text = 'sea', weight = 't'}]"
    )
    before, now, end = _at(cues, 1.0), _at(cues, 3.5), _at(cues, 6.0)
    assert (before.keep, before.prompts, before.negative) == (1.0, (), None)
    shares = {lines[0].text: share for lines, share in now.prompts}
    assert shares == pytest.approx({"a red heart": 0.75 * 0.75, "sea": 0.25})
    assert now.keep == pytest.approx(0.25 * 0.75) and now.negative == "blur"
    assert [share for _, share in end.prompts] == [1.0] and end.keep == 0.0


def test_keyframes_as_deforum_reads_them(read) -> None:
    cues = read(
        'song = {fps = 10}\n[keyframes]\n'
        'motion.zoom = "0:(1.0), 10: (1.5), 20:(1 + 0.01*t), 30:(2)"\n'
        '"strength" = "5:(0.2)"\n[[cues]]\nat = 4\nover = 1\nease = "linear"\n"motion.zoom" = 1.0'
    )
    wanted = {0.0: 1.0, 0.5: 1.25, 1.0: 1.5, 1.5: 1.5 + 0.5 * (1.02 - 1.5), 2.0: 1.02, 2.9: 1.029,
              3.0: 2.0, 4.0: 2.0, 4.5: 1.5, 9.0: 1.0}  # fmt: skip
    for time, value in wanted.items():
        assert _at(cues, time).number("motion.zoom", 0.7) == pytest.approx(value), time
    assert _at(cues, 0.0).number("strength", 0.9) == 0.2


def test_presets_are_events_once_each_at_their_own_time(read) -> None:
    cues = read("[[cues]]\nat = 0\npreset = 'bloom'\n[[cues]]\nat = 'beat 3'\npreset = 'bloom'")
    beats = [Beat(-1.0, -1.0)] + [Beat(n * 0.4, n * 0.8, 120.0) for n in range(6)]
    events = [e for a, b in zip(beats, beats[1:], strict=False) for e in preset_events(cues, a, b)]
    assert [(e.address, e.value) for e in events] == [("preset.now", "bloom")] * 2
    assert [e.time for e in events] == pytest.approx([0.0, 1.5])


def test_lyrics_become_lines(read, tmp_path: Path) -> None:
    (tmp_path / "song.lrc").write_text("[00:01.00]Hello (yeah)\n[00:03.50]\n", "utf-8")
    cues = read('[song]\nlyrics = "song.lrc"\nlyric_prompt = "{line}, ink"')
    assert [_at(cues, t).texts.get("line") for t in (0.5, 1.5, 4.0)] == [None, "Hello (yeah)", ""]
    assert _at(cues, 3.0).prompts[-1][0][0].text == r"Hello \(yeah\), ink"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[cues]]\nstrength = 1", ("at", "missing")),
        ("[[cues]]\nat = 'later'", ("song.toml:2", "cues.1.at", "later", "bar 16")),
        ("[[cues]]\nat = -1", ("song.toml:2", "-1")),
        ("[[cues]]\nat = 1\nover = 'long'", ("song.toml:3", "over", "4 beats")),
        ("[[cues]]\nat = 1\nease = 'elastic'", ("song.toml:3", "ease", "elastic")),
        ("[[cues]]\nat = 1\nstrenght = 1", ("song.toml:3", "strenght", "strength")),
        ("[[cues]]\nat = 1\nstrength = 3", ("song.toml:3", "0.0..1.0")),
        ("[[cues]]\nat = 1\nmotion.zoom = 'loud'", ("song.toml:3", "motion.zoom", "loud")),
        ("[[cues]]\nat = 1\n\"effects.glow.amuont\" = 1", ("song.toml:3", "amuont")),
        ("[[cues]]\nat = 1\npreset = 'blom'", ("song.toml:3", "blom", "bloom")),
        ("[[cues]]\nat = 1\nwords = {tom = 'x'}", ("song.toml:3", "tom")),
        ("[[cues]]\nat = 1\nprompts = []", ("song.toml:3", "prompts")),
        ("[keyframes]\nstrength = '0:(1'", ("song.toml:2", "strength", "parenthesis")),
        ("[keyframes]\nstrength = '9:(1), 3:(1)'", ("song.toml:2", "rising")),
        ("[keyframes]\nstrength = 4", ("song.toml:2", "4")),
        ("[song]\nfps = 0", ("song.toml:2", "song.fps", "1..240")),
        ("[song]\nfile = 'no.mp3'", ("song.toml:2", "no.mp3", "no such file")),
        ("[song]\nstems = 'nowhere'", ("song.toml:2", "nowhere")),
    ],
)  # fmt: skip
def test_wrong_ones_are_one_line(read, text: str, says: tuple[str, ...]) -> None:
    with pytest.raises(PresetError) as error:
        read(text)
    assert "\n" not in str(error.value)
    for part in says:
        assert part in str(error.value)
