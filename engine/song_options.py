"""Options of the verbs that work on songs: render, frames, import, split. Parsers in, filled."""

from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path

from engine.option_values import degrees, moments, rate, seconds, size


def add_piece(verb: ArgumentParser) -> None:
    """What is played: a song or take, a look or set, lyrics and stems beside it."""
    verb.add_argument("song", nargs="?", metavar="SONG", help="a sound file, demo, a take, or a "
                      "show whose [song] names its file")  # fmt: skip
    verb.add_argument("--preset", metavar="PRESET-or-SET", help="the demo set if none is said")
    verb.add_argument("--take", type=Path, metavar="FILE", help="hands that were recorded play")
    add_company(verb)


def add_company(verb: ArgumentParser) -> None:
    """What comes with a song."""
    verb.add_argument("--lyrics", type=Path, metavar="FILE", help="LRC lyrics, drawn as they come")
    verb.add_argument(
        "--lyric-prompt", default="", metavar="TEXT",
        help='the lines are prompts too: "{line}, watercolour"',
    )
    verb.add_argument(
        "--stems", nargs="+", default=[], metavar="DIR-or-NAME=FILE",
        help="parts of the song with signals of their own: drums.level, vocals.hits",
    )


def add_takes(verb: ArgumentParser) -> None:
    """Hands that are recorded, or play again."""
    takes = verb.add_mutually_exclusive_group()
    takes.add_argument("--take", type=Path, metavar="FILE", help="hands that were recorded play")
    takes.add_argument("--record-take", type=Path, metavar="FILE.take", help="every event of hands "
                       "with its time, beside the sound: render makes a film of it")  # fmt: skip


def add_canvas(verb: ArgumentParser) -> None:
    """At what size the model draws."""
    verb.add_argument("--canvas", type=size, metavar="WxH", help="of the model: multiples "
                      "of 8; by itself the model's own area in the screen's shape")  # fmt: skip


def add_film(verb: ArgumentParser) -> None:
    """How a film is made."""
    add_canvas(verb)
    verb.add_argument("--size", type=size, default=(1280, 720), metavar="WxH")
    verb.add_argument("--fps", type=rate, default=30)
    verb.add_argument("--model-fps", type=rate, default=10, help="pictures the model makes")
    verb.add_argument("--cadence", type=rate, default=0, metavar="N", help="the model makes every "
                      "N-th picture, each flows into the next: calm, and quickly made")
    verb.add_argument("-o", "--output", type=Path, help="default: the song's name with .mp4")
    verb.add_argument("--seed", type=int, help="instead of the presets' seeds")
    verb.add_argument("--from", type=seconds, default=0.0, dest="start", metavar="TIME")
    verb.add_argument("--to", type=seconds, dest="end", metavar="TIME")
    verb.add_argument("--motion-blur", type=moments, default=1, metavar="N",
                      help="each picture is the mean of N moments; 8 or more are smooth")
    verb.add_argument("--shutter", type=degrees, default=180.0, metavar="DEG",
                      help="of motion blur: 360 is all of a picture's time")
    verb.add_argument("--upscale", default="", metavar="FILE", help="a compact Real-ESRGAN network "
                      "(.safetensors) that enlarges each generated picture")  # fmt: skip
    verb.add_argument("--resume", action="store_true", help="go on where a break left the film; "
                      "the first time too, so that there is something to go on from")  # fmt: skip


def add_import(verb: ArgumentParser) -> None:
    """What another program's file is, and what it becomes."""
    verb.set_defaults(verb="import_look")
    verb.add_argument("what", nargs="+", metavar="[KIND] FILE", help="kinds: deforum, parseq, lrc, "
                      "csv, keyframes; found out where none is said")  # fmt: skip
    verb.add_argument("-o", "--output", type=Path, help="default: the file's name with .toml")
    verb.add_argument("--style", default="", help="lrc, csv: added to each prompt")
    verb.add_argument("--fps", type=rate, default=30, help="csv, keyframes: what frames count")
    verb.add_argument("--param", default="", metavar="ADDRESS", help="keyframes: motion.zoom or so")
    verb.add_argument("--by-word", action="store_true", help="lrc: lines grow word by word")


def add_split(verb: ArgumentParser) -> None:
    """Which song is taken apart, and where to."""
    verb.add_argument("song", metavar="SONG", help="a sound file, or demo")
    verb.add_argument("-o", "--output", type=Path, metavar="DIR", help="default: SONG-stems")
    verb.add_argument("--model", default="htdemucs", metavar="NAME", help="demucs' own")
