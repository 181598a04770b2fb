"""What comes with a show: lyrics and stems of the command line, and takes that play or are made.

Options in (PlayOptions, or those of render and frames), a show with its company out, and the tempo
desk and the writer of a take. Before the first picture; bad input is one LiquidlightError line.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Protocol

from engine.audio import demo
from engine.audio.songs import SongPlayer
from engine.audio.sources import AudioSource
from engine.audio.stems import Stems, load_stems
from engine.audio.take_desk import BeatsAgain
from engine.audio.tempo_desk import TempoDesk, TempoSettings
from engine.audio.tempo_sources.contract import TempoSource
from engine.audio.tempo_sources.witnessed import TakeTempo, Witness
from engine.errors import LiquidlightError
from engine.fitting import check_loras, has_loras
from engine.play_options import PlayOptions
from engine.show import Show, load_show
from engine.show.singing import with_lyrics
from engine.show.song_file import is_stem_name, stems_in
from engine.takes import Take, TakeWriter


class Company(Protocol):
    """The options that are read here; `stems` folders or NAME=FILE each."""

    lyrics: Path | None
    lyric_prompt: str
    stems: Sequence[str]


def read_show(name: str, options: Company) -> Show:
    """The show, with the lyrics and stems of the options; its LoRAs fit their models."""
    stems = read_stems(options.stems)
    show = load_show(name, stems)
    if has_loras(show):
        check_loras(show, getattr(options, "model", None))
    if stems:
        show = replace(show, song=replace(show.song, stems={**show.song.stems, **stems}))
    if options.lyrics:
        return with_lyrics(show, options.lyrics, options.lyric_prompt)
    if options.lyric_prompt:
        raise LiquidlightError("--lyric-prompt needs --lyrics")
    return show


def read_stems(texts: Sequence[str]) -> dict[str, Path]:
    """Folders, or NAME=FILE each."""
    stems: dict[str, Path] = {}
    for text in texts:
        name, sign, file = text.partition("=")
        if not sign:
            found = stems_in(Path(text))
            if not found:
                raise LiquidlightError(f"--stems {text}: no folder with sound files, no NAME=FILE")
            stems |= found
        elif not is_stem_name(name) or not Path(file).is_file():
            why = "no such file" if is_stem_name(name) else f"{name!r} is not a name"
            raise LiquidlightError(f"--stems {text}: {why}")
        else:
            stems[name] = Path(file)
    return stems


def song_path(name: str) -> str:
    """The path of a song; `demo` is the track that ships."""
    return str(demo.path()) if name == "demo" else name


def stems_beside(source: AudioSource, show: Show) -> Stems | None:
    """The stems of a song that is played; what comes from an input has none."""
    known = isinstance(source, SongPlayer)
    return load_stems(show.song.stems, show.stem_names) if known else None


def take_writer(options: PlayOptions, source: AudioSource) -> TakeWriter | None:
    """Who records the performance, if that was asked; what an input hears is recorded too."""
    if options.record_take is None:
        return None
    sound = ""
    if isinstance(source, SongPlayer):
        sound = "demo" if options.audio == "demo" else str(Path(options.audio).resolve())
    return TakeWriter(options.record_take, show_name(options), sound, asdict(options.tempo))


def midshow_writer(options: PlayOptions, path: Path) -> TakeWriter:
    """Who records from now on; the sound of it lies beside, a song's too: it began before."""
    return TakeWriter(path, show_name(options), "", asdict(options.tempo))


def show_name(options: PlayOptions) -> str:
    """How a take names its show: a file by its whole path."""
    show = Path(options.show)
    return str(show.resolve()) if show.is_file() else options.show


def tempo_desk(
    options: PlayOptions, sources: Sequence[TempoSource], writer: TakeWriter | None
) -> TempoDesk:
    """The desk of the evening: what sources say is written down, or comes from the take."""
    if options.take is not None:
        return take_desk(options.take)
    if writer is not None:
        sources = [Witness(source, writer.reading) for source in sources]
    return TempoDesk(options.tempo, sources)


def take_desk(take: Take) -> TempoDesk:
    """The tempo desk as it was."""
    settings, sources = take_tempo(take), [TakeTempo(*row) for row in take.readings.items()]
    if not take.beats:
        return TempoDesk(settings, sources)
    beats = {take.first + hop: beat for hop, beat in take.beats.items()}
    return BeatsAgain(settings, sources, take.before, beats)


def take_tempo(take: Take) -> TempoSettings:
    """How the desk of a take began. Raises LiquidlightError."""
    try:
        return TempoSettings(**take.tempo)
    except TypeError as error:
        raise LiquidlightError(f"{take.path}:1: tempo is not known ({error})") from None
