"""The wider music of the split train: other sounds and players, the same beats."""

from __future__ import annotations

import mido
import numpy as np
import pytest

from training.music import dataset, kits, midi, players, singer, wide
from training.music.__main__ import main
from training.music.generate import generate
from training.music.piece import Piece
from training.music.sounds import RATE, draw_kit


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def song(bars: int = 16) -> mido.MidiFile:
    """Kick, snare and hats by the second on channel 9, a note a beat on channel 0; 120 BPM."""
    drums, keys = mido.MidiTrack(), mido.MidiTrack()
    for k in range(8 * bars):
        note = 42 if k % 2 else (36, 38)[k // 2 % 2]
        drums.append(mido.Message("note_on", channel=9, note=note, velocity=100))
        drums.append(mido.Message("note_off", channel=9, note=note, time=240))
        keys.append(mido.Message("note_on", channel=0, note=60, velocity=100 * (k % 2 == 0)))
        keys.append(mido.Message("note_off", channel=0, note=60, time=240))
    file = mido.MidiFile(ticks_per_beat=480)
    file.tracks.extend([drums, keys])
    return file


def strokes(file: mido.MidiFile, channel: int = 9) -> list[tuple[int, float]]:
    """Note and seconds of what a channel strikes."""
    time, out = 0.0, []
    for message in file:
        time += message.time
        if message.type == "note_on" and message.velocity and message.channel == channel:
            out.append((message.note, time))
    return out


def test_looser_players_stay_near_their_grid_and_lose_no_note():
    straight, moved = midi.straight(song()), []
    for seed in range(12):
        loose = players.loosened(straight, rng(seed))
        for channel in (0, 9):
            before, after = strokes(straight, channel), sorted(strokes(loose, channel))
            assert len(before) == len(after)
            lags = np.array([b[1] - a[1] for a, b in zip(sorted(before), after, strict=True)])
            assert np.abs(lags).max() < 0.045
            moved.append(float(np.abs(lags).max()))
    assert max(moved) > 0.004 and min(moved) == 0.0


def test_every_note_that_begins_ends_after_it():
    loose = players.loosened(midi.straight(song()), rng(5))
    time, sounding = 0.0, {}
    for message in loose:
        time += message.time
        if message.type == "note_on" and message.velocity:
            sounding[message.channel, message.note] = time
        elif message.type in ("note_on", "note_off"):
            assert time >= sounding.pop((message.channel, message.note), 0.0)
    assert not sounding


def test_swing_moves_the_off_beats_alone():
    to = players.swung(0.12)
    assert to(np.array([0.0, 0.5, 1.0, 3.5, 7.0])) == pytest.approx([0.0, 0.62, 1.0, 3.62, 7.0])


def test_players_rest_in_many_ways_but_never_all_of_them():
    notes = {36: 0, 38: 0, 42: 0}
    for seed in range(40):
        thin = players.thinned(song(), rng(seed))
        struck = {note for note, _ in strokes(thin)}
        for note in notes:
            notes[note] += note not in struck
        assert struck and thin.length <= song().length + 1e-6
        kept = {(n, round(t, 4)) for n, t in strokes(thin)}
        assert kept <= {(n, round(t, 4)) for n, t in strokes(song())}
    assert min(notes.values()) > 0


def test_a_kit_strikes_where_the_midi_says():
    kit = draw_kit(rng(1), ("tight",))
    sound = wide.struck(song(2), kit)
    loud = np.abs(sound)
    for _, time in strokes(song(2))[::2]:
        at = round(time * RATE)
        assert loud[at : at + 960].max() > 0.2
        assert at == 0 or loud[at - 480 : at].max() < 0.5 * loud[at : at + 960].max()


def test_names_of_instruments_tell_their_part():
    names = {"Kick Power": "kick", "BassDrum": "kick", "Snare Jazz": "snare", "Hand Clap": "snare",
             "Closed HH": "closed", "Open HH": "open", "Hat Op Dirty": "open", "Cowbell": "drums",
             "Ride Jazz": "ride", "Crash": "crash", "Tom Low": "drums", "27": ""}  # fmt: skip
    assert {name: kits.role_of(name) for name in names} == names


@pytest.mark.skipif(not kits.FOLDER.is_dir(), reason="needs Debian's hydrogen-data")
def test_a_sampled_kit_is_heard_at_once():
    assert kits.kits() and not set(kits.kits()) & set(kits.LEFT_OUT)
    kit = kits.with_kit(draw_kit(rng(), ("round",)), kits.kits()[0], rng())
    for sound in (kit.kick, kit.snare, kit.closed):
        assert np.argmax(np.abs(sound) >= kits.HEARD) <= 24 and np.abs(sound).max() > 0.9


def test_who_is_muted_is_silent_and_who_is_forced_plays():
    who = wide.Cast(wide.EVERY_DRUM, ("bass",))
    kit = wide.without(draw_kit(rng(), ("round",)), who)
    assert not kit.kick.any() and not any(drum.any() for drum in kit.drums)
    assert wide.without(draw_kit(rng(), ("round",)), wide.Cast(("snare",))).kick.any()
    assert sum(share for _, share in wide.CASTS) == pytest.approx(1.0)
    assert {wide.cast(rng(seed)) for seed in range(200)} == {who for who, _ in wide.CASTS}


def test_retuned_and_echoed_sounds_begin_when_they_did():
    click = np.zeros(9600, np.float32)
    click[:480] = 1.0
    for seed in range(6):
        out = wide.retuned(click, rng(seed))
        assert out[0] > 0.9 and 0.7 < np.flatnonzero(out > 0.5)[-1] / 480 < 1.4
        repeats = wide.echoed(np.pad(click, (0, 96_000)), 0.5, rng(seed))
        assert repeats[:480] == pytest.approx(1.0) and 0 < repeats[9600:].max() < 0.65


def test_wide_pieces_have_the_labels_of_any_other():
    for seed in range(3):
        piece = generate(rng(seed), "house", bars=2, sampled=False, wide=True)
        assert np.isfinite(piece.samples).all() and 95 < piece.tempo < 155
        assert (piece.bar_pos == np.arange(len(piece.beats)) % 4 + 1).all()


def test_a_voice_sings_and_rests():
    beats = np.arange(0, 12, 0.5)
    for seed in range(4):
        out = singer.voice(12.0, beats, rng(seed))
        loud = np.sqrt(np.mean(out[: 11 * RATE].reshape(-1, RATE // 4) ** 2, axis=1))
        assert len(out) == 12 * RATE and np.isfinite(out).all()
        assert (loud > 0.2).mean() > 0.2 and (loud < 0.05).any()
    piece = Piece(0.1 * np.ones(12 * RATE, np.float32), beats, np.ones(24, int))
    with_voice = singer.sung(piece, rng(1))
    assert with_voice.augmentations == ("singer",) and np.array_equal(with_voice.beats, beats)
    assert np.abs(with_voice.samples).max() <= 1.0


def test_missing_instruments_are_named_and_passed_over(monkeypatch, capsys, tmp_path):
    monkeypatch.setattr(dataset, "fonts", lambda: [midi.SOUNDFONT])
    monkeypatch.setattr(dataset, "kits", lambda: ())
    words = ("timgm6mb-soundfont, musescore-general-soundfont-small, opl3-soundfont, "
             "hydrogen-drumkits")  # fmt: skip
    assert dataset.narrow() == words
    command = ["music", "--minutes", "0", "--split", "train", "--kinds", "nothing", "--out"]
    monkeypatch.setattr("sys.argv", [*command, str(tmp_path)])
    main()
    assert words in capsys.readouterr().err


@pytest.mark.skipif(not midi.installed(), reason="needs Debian's fluidsynth, fluid-soundfont-gm")
@pytest.mark.parametrize("font", midi.fonts(), ids=lambda font: font.stem)
def test_every_soundfont_strikes_in_time(font):
    loud = np.abs(midi.render(midi.straight(song(2)), font=font))
    for note, time in strokes(song(2)):
        at = round(time * RATE)
        part = loud[max(0, at - 240) : at + 960]
        late_ms = (np.argmax(part > 0.2 * part.max()) - min(at, 240)) / 48
        assert note == 42 or -1.0 <= late_ms <= 4.0
