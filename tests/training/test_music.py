"""The ground truth is true: sound starts on the labelled beats, whatever was done to the piece."""

from __future__ import annotations

from dataclasses import replace

import mido
import numpy as np
import pytest
from scipy.signal import butter, correlate, sosfilt

from training.music import dataset, desk, drumsongs, fixed, grooves, midi, openttd, room, sets
from training.music.__main__ import main
from training.music.generate import generate
from training.music.grid import Grid, drifting, steady
from training.music.nothing import STYLES as NOTHINGS
from training.music.nothing import nothing
from training.music.piece import Piece, cut
from training.music.sounds import RATE
from training.music.styles import STYLES

needs_midi = pytest.mark.skipif(
    not midi.installed() or not grooves.LIBRARY.is_dir() or not openttd.FOLDER.is_dir(),
    reason="needs Debian's fluidsynth, fluid-soundfont-gm, mma and openttd-openmsx")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


@pytest.fixture(scope="module")
def house() -> Piece:
    """Sections of at most four bars with a kick on every beat, for half a minute or so."""
    return generate(rng(3), "house", bars=4, sampled=False)


def onset_ms(piece: Piece) -> float:
    """Where after the beats the sound above 1.5 kHz rises most, averaged over all beats."""
    sound = sosfilt(butter(2, [1500, 18_000], "bandpass", fs=RATE, output="sos"), piece.samples)
    loud = np.convolve(np.abs(sound), np.ones(96) / 96)[: len(sound)]
    around = np.zeros(9600)
    for beat in piece.beats:
        start = round(float(beat) * RATE) - 4800
        if start > 0 and start + 9600 < len(loud):
            around += loud[start : start + 9600]
    return float(np.argmax(np.diff(around[::48])) - 100)


@pytest.mark.parametrize("style", [style.name for style in STYLES])
def test_every_style_makes_music_with_labels_that_fit(style: str) -> None:
    piece = generate(rng(8), style, bars=2, sampled=False)
    gaps = np.diff(piece.beats)
    low, high = next(s.bpm for s in STYLES if s.name == style)
    assert 0.97 * low <= piece.tempo <= 1.03 * high
    assert (np.abs(gaps * piece.tempo / 60 - 1) < 0.06).all()
    assert (piece.bar_pos == np.arange(len(piece.beats)) % 4 + 1).all()
    assert 0.3 < np.abs(piece.samples).max() <= 1.0 and piece.samples.dtype == np.float32
    assert all(a < b <= piece.seconds for _, a, b in piece.sections)


def test_the_same_seed_gives_the_same_piece() -> None:
    one, two, other = (generate(rng(s), bars=1, sampled=False) for s in (5, 5, 6))
    assert np.array_equal(one.samples, two.samples) and np.array_equal(one.beats, two.beats)
    assert len(one.samples) != len(other.samples) or not np.array_equal(one.samples, other.samples)


def test_an_unknown_style_is_named() -> None:
    with pytest.raises(ValueError, match="'polka'.*must be one of house"):
        generate(rng(), "polka")


def test_sound_starts_on_the_beats_and_stays_there(house: Piece) -> None:
    assert abs(onset_ms(house)) <= 2.0
    for change in (desk.pitch, desk.late_start, room.reverb, room.colour, desk.loop_roll):
        changed = change(house, rng(4))
        assert abs(onset_ms(changed)) <= 3.0, change.__name__


@pytest.mark.parametrize("seed", range(4))
def test_codecs_move_nothing(house: Piece, seed: int) -> None:
    short = cut(house, 5.0, 12.0)
    coded = room.codec(short, rng(seed))
    lag = np.argmax(correlate(coded.samples, short.samples, "full", "fft")) - len(short.samples) + 1
    assert abs(lag) <= 24 and len(coded.samples) == len(short.samples)


def test_drops_follow_a_build_and_nothing_else() -> None:
    found = [generate(rng(s), "house", bars=2, sampled=False) for s in range(5)]
    for piece in found:
        names = [s[0] for s in piece.sections]
        starts = [s[1] for k, s in enumerate(piece.sections)
                  if s[0] == "drop" and k and names[k - 1] in ("break", "build")]
        assert list(piece.drops) == starts
    assert any(piece.drops for piece in found)


def test_the_fader_moves_beats_and_tempo_together(house: Piece) -> None:
    fast = desk.at_speed(house, lambda s: np.full(np.shape(s), 1.05))
    assert fast.tempo == pytest.approx(1.05 * house.tempo, rel=1e-4)
    assert fast.beats[40] == pytest.approx(house.beats[40] / 1.05, abs=1e-3)
    assert fast.seconds == pytest.approx(house.seconds / 1.05, abs=0.01)


def test_an_eq_kill_takes_a_band_away(house: Piece) -> None:
    killed = desk.eq_kills(house, rng(1))
    assert (killed.samples**2).sum() < (house.samples**2).sum()
    assert np.array_equal(killed.beats, house.beats) and killed.augmentations == ("eq kill",)


def test_a_hard_cut_keeps_both_grids(house: Piece) -> None:
    other = generate(rng(9), "drum and bass", bars=4, sampled=False)
    both = sets.mix([house, other], rng(2), "cut")
    (change,) = both.changes
    before, after = both.beats[both.beats < change - 0.2], both.beats[both.beats > change + 0.6]
    assert np.diff(before) == pytest.approx(60 / house.tempo, rel=1e-3)
    assert np.diff(after) == pytest.approx(60 / other.tempo, rel=1e-3)
    assert abs(onset_ms(both)) <= 2.0


def test_a_matched_fade_has_one_grid_through_it(house: Piece) -> None:
    other = generate(rng(11), "house", bars=4, sampled=False)
    both = sets.mix([house, other], rng(3), "matched")
    assert not both.changes and both.seconds > house.seconds
    assert np.diff(both.beats) == pytest.approx(60 / house.tempo, rel=4e-3)
    assert (np.diff(both.bar_pos) % 4 == 1).all()


def test_an_unmatched_fade_is_unknown_and_has_no_beats(house: Piece) -> None:
    other = generate(rng(9), "drum and bass", bars=4, sampled=False)
    both = sets.mix([house, other], rng(3), "unmatched")
    start, end = next(u for u in both.unknown if u[1] == pytest.approx(both.changes[0]))
    inside = both.beats[(both.beats >= start) & (both.beats < end)]
    assert end - start > 1.0 and not both.known(inside).any()


@pytest.mark.parametrize("style", NOTHINGS)
def test_nothing_has_no_beats(style: str) -> None:
    piece = nothing(rng(1), style, 6.0)
    assert len(piece.beats) == 0 and piece.tempo == 0.0 and np.isfinite(piece.samples).all()
    assert np.abs(piece.samples).max() <= 0.5


def test_a_drifting_grid_has_the_tempo_asked_for() -> None:
    grid = drifting(100.0, 200, rng(), 0.02)
    assert grid.bpm == pytest.approx(100.0, rel=0.02) and np.ptp(np.diff(grid.times)) > 0.005
    straight = steady(120.0, 8)
    assert straight.at(2.5) == pytest.approx(1.25) and straight.at(9.0) == pytest.approx(4.5)
    assert straight.at(-1.0) == pytest.approx(-0.5)


def test_a_piece_comes_back_from_disk_as_it_was(house: Piece, tmp_path) -> None:
    dataset.save(replace(house, unknown=((1.0, 2.0),)), tmp_path / "a", (1, 2))
    back = dataset.load(tmp_path / "a.json")
    assert np.abs(back.samples - house.samples).max() < 1e-4
    assert back.beats == pytest.approx(house.beats, abs=1e-5) and back.drops == house.drops
    assert back.unknown == ((1.0, 2.0),) and back.sections == house.sections
    assert dataset.load_labels(tmp_path / "a")["seed"] == [1, 2]


def test_a_run_goes_on_where_it_stopped(tmp_path) -> None:
    told: list[str] = []
    first = dataset.write("train", 1.0, tmp_path, ("nothing",), told.append)
    stamp = (tmp_path / "train" / "nothing-00000.json").stat().st_mtime_ns
    more = dataset.write("train", 2.0, tmp_path, ("nothing",), told.append)
    assert more > first >= 1.0 and "of 2.0 min" in told[-2]
    assert (tmp_path / "train" / "nothing-00000.json").stat().st_mtime_ns == stamp
    again = dataset.make("train", "nothing", 0)
    stored = dataset.load(tmp_path / "train" / "nothing-00000")
    assert np.abs(again.samples - stored.samples).max() < 1e-4


def test_splits_share_no_seed_and_no_source() -> None:
    seeds = {dataset.seed_of(split, kind, 0) for split in dataset.SPLITS for kind in dataset.SHARES}
    assert len(seeds) == len(dataset.SPLITS) * len(dataset.SHARES)
    for table in (openttd.FILES, drumsongs.SONGS):
        names = [name for split in dataset.SPLITS for name in table[split]]
        assert len(names) == len(set(names))


def test_the_fixed_part_is_short_and_always_the_same() -> None:
    one, two = dict(fixed.pieces()), dict(fixed.pieces())
    assert list(one) == ["house", "drum and bass", "breaks", "pop", "cut", "crowd"]
    assert sum(piece.seconds for piece in one.values()) < 150
    for name, piece in one.items():
        assert np.array_equal(piece.samples, two[name].samples)
        assert len(piece.beats) > 20 or name == "crowd"


def test_what_is_missing_is_named(monkeypatch, capsys) -> None:
    monkeypatch.setattr(dataset, "which", lambda name: None)
    assert "mma" in dataset.missing(("mma",)) and dataset.missing(("generator", "nothing")) == ""
    monkeypatch.setattr("sys.argv", ["music", "--minutes", "1", "--split", "train"])
    with pytest.raises(SystemExit):
        main()
    assert "need Debian's" in capsys.readouterr().err


@needs_midi
def test_rendered_notes_start_where_the_tempo_map_says() -> None:
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=400_000)])
    for k in range(8):
        if k == 4:
            track.append(mido.MetaMessage("set_tempo", tempo=600_000))
        track.append(mido.Message("note_on", channel=9, note=42, velocity=110))
        track.append(mido.Message("note_off", channel=9, note=42, time=480))
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    times = midi.beat_times(file, np.arange(8))
    assert times == pytest.approx([0, 0.4, 0.8, 1.2, 1.6, 2.2, 2.8, 3.4])
    loud = np.abs(midi.render(file))
    for time in times[1:]:
        part = loud[round(time * RATE) - 960 : round(time * RATE) + 2400]
        assert -20 + np.argmax(part > 0.2 * part.max()) / 48 == pytest.approx(0.0, abs=2.0)


@needs_midi
def test_a_new_grid_places_the_notes() -> None:
    track = mido.MidiTrack([mido.MetaMessage("set_tempo", tempo=333_333)])
    for _ in range(5):
        track.append(mido.Message("note_on", channel=0, note=60, time=480))
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.append(track)
    grid = Grid(np.array([0.0, 0.5, 1.1, 1.5, 2.0]))
    assert note_times(midi.with_grid(file, grid)) == pytest.approx([*grid.times[1:], 2.5], abs=1e-3)
    assert note_times(midi.straight(file)) == pytest.approx(np.arange(1, 6) * 0.333333, abs=1e-3)


def note_times(file: mido.MidiFile) -> list[float]:
    """Seconds of the notes by mido's own reckoning."""
    time, out = 0.0, []
    for message in file:
        time += message.time
        if message.type == "note_on" and message.velocity:
            out.append(time)
    return out


@needs_midi
def test_a_groove_is_played_on_its_grid() -> None:
    every = [file for split in dataset.SPLITS for file in grooves.files(split)]
    name, meter, names = next(file for file in every if file[0] == "zoom/rock.mma")
    piece = grooves.played(name, meter, names, rng(2))
    assert piece.kind == "mma" and meter == 4 and abs(onset_ms(piece)) <= 6.0
    assert len(piece.beats) >= 4 * 12 and (piece.bar_pos[:5] == (1, 2, 3, 4, 1)).all()


@needs_midi
def test_groove_files_belong_to_one_split() -> None:
    found = [{name for name, _, _ in grooves.files(split)} for split in dataset.SPLITS]
    assert not (found[0] & found[1] or found[0] & found[2] or found[1] & found[2])
    assert len(found[0]) > 100 and {meter for _, meter, _ in grooves.files("train")} == {3, 4}


@needs_midi
def test_an_openttd_song_has_the_beats_of_its_tempo_map() -> None:
    piece = openttd.named("coconut_run2", 4, rng(), varied=False)
    assert piece.tempo == pytest.approx(180.0, rel=1e-4) and abs(onset_ms(piece)) <= 5.0
    assert piece.seconds > 60


@pytest.mark.skipif(not drumsongs.DATA.is_dir(), reason="needs Debian's hydrogen-data")
def test_a_drum_song_is_played_from_its_patterns() -> None:
    piece = drumsongs.drum_song("valid", rng(1))
    assert piece.source == "GM_kit_demo3" and abs(onset_ms(piece)) <= 6.0
