"""The command line: verbs, options, help with an example each, exit status.

0 done; 1 the work failed; 2 wrong usage or bad input, told in one line on standard error and
without a traceback unless --debug. The verbs themselves are in commands.py, imported when one is
run, so that `--help` is quick and needs no device library.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from engine import __version__, song_options
from engine.errors import LiquidlightError
from engine.option_values import (
    LINKS,
    minutes,
    offset_ms,
    player,
    port,
    rate,
    receivers,
    runtime,
    seconds,
    size,
    tempo,
    tempo_range,
)
from engine.rig import DEFAULTS, plain


def main(argv: Sequence[str] | None = None) -> int:
    """Run one verb and return the exit status."""
    options = _parser().parse_args(argv)
    from engine import commands

    try:
        return getattr(commands, options.verb)(options) or 0
    except LiquidlightError as error:
        if options.debug:
            raise
        print(f"liquidlight: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    except BrokenPipeError:
        sys.stderr.close()
        return 0
    except Exception as error:
        if options.debug:
            raise
        name = type(error).__name__
        print(f"liquidlight: {name}: {error} (--debug shows where)", file=sys.stderr)
        return 1


_RUNTIME = ("what computes the model: auto, torch, openvino, onnx, compiled; with CUDA graphs and "
            "tensorrt; for a film auto is torch")


class _Parser(argparse.ArgumentParser):
    """Tells a wrong usage in one line."""

    def error(self, message: str) -> None:
        self.exit(2, f"{self.prog}: {message} (--help shows how)\n")


class _Help(argparse.ArgumentDefaultsHelpFormatter):
    """Shows the defaults that say something."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        silent = action.default in (None, False)
        return action.help if silent else super()._get_help_string(action)


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="liquidlight", description="A live VJ engine that hears the beat.")
    parser.add_argument("--version", action="version", version=f"liquidlight {__version__}")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB", parser_class=_Parser)
    sounds = (_demo, _play, _render, _frames, _import, _split, _beats, _signals)
    tools = (_words, _check, _rig, _learn, _devices, _keys, _layouts, _about)
    making = (_shader, _gallery, _reference, _bench)
    for add in (*sounds, *tools, *making):
        verb = add(verbs)
        verb.add_argument("--debug", action="store_true", help="show tracebacks")
    return parser


def _verb(verbs: argparse._SubParsersAction, name: str, help: str, example: str) -> _Parser:
    return verbs.add_parser(
        name,
        help=help,
        description=f"{help[0].upper()}{help[1:]}.",
        epilog=f"example: liquidlight {name} {example}",
        formatter_class=_Help,
    )


def _demo(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "demo", "plays the demo set, or films it where there is no display", "")
    verb.add_argument("--seconds", type=seconds, help="stop after this time")
    verb.add_argument("--film", type=Path, metavar="FILE", help="write a film instead of playing")
    verb.add_argument("--size", type=size, default=(640, 360), metavar="WxH", help="film size")
    return verb


def _play(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "play", "the live performance", "night_drive --audio 'USB Audio'")
    verb.add_argument("show", nargs="?", metavar="PRESET-or-SET", help="the demo set if none")
    verb.add_argument("--fresh", action="store_true", help="whatever a crash may have left")
    _rigged(verb).add_argument("--offscreen", action="store_true", help="without any display")
    verb.add_argument("--page", action="store_true", help="open the page in a browser")
    verb.add_argument("--record", type=Path, metavar="FILE", help="film what is shown")
    verb.add_argument("--operator", action=argparse.BooleanOptionalAction,
                      help="a window of all that goes on; by itself on a display of its own")
    verb.add_argument("--record-split", type=minutes, default=0.0, metavar="MIN",
                      help="a new film after so many minutes")
    verb.add_argument("--seconds", type=seconds, help="stop after this time")
    verb.add_argument("--stats", type=Path, metavar="FILE", help="one JSON line a second")
    song_options.add_canvas(verb)
    song_options.add_company(verb)
    song_options.add_takes(verb)
    return verb


def _rigged(verb: _Parser) -> argparse._MutuallyExclusiveGroup:
    """The options that a rig may hold too: missing in what is parsed unless they are given.

    Returns the group of those that choose the screen.
    """
    verb.add_argument(
        "--audio",
        metavar="NAME-or-FILE",
        help="a sound input, a sound file, or demo; see liquidlight devices",
    )
    _model(verb)
    _tempo(verb)
    screen = verb.add_mutually_exclusive_group()
    screen.add_argument("--display", metavar="NAME", help="full screen on this display")
    screen.add_argument("--windowed", action="store_true", help="in a window")
    verb.add_argument("--size", type=size, metavar="WxH", help="1280x720 where OpenGL is fast")
    verb.add_argument("--midi", metavar="NAME", help="a port, all or none")
    verb.add_argument("--osc", type=port, metavar="PORT", help="0 for none; usually 7000")
    verb.add_argument("--page-lan", action="store_true",
                      help="open the page to the network; its address has a token")
    verb.add_argument("--page-port", type=port, metavar="PORT", help="0 for none; usually 8080")
    verb.add_argument("--midi-clock", metavar="NAME", help="send our clock to this port")
    verb.add_argument("--osc-lan", action="store_true", help="open OSC to the network")
    verb.add_argument("--osc-out", type=receivers, metavar="HOST:PORT,...",
                      help="tell all changes and what is heard to these")
    verb.add_argument("--rig", type=Path, metavar="FILE", help="instead of the user's rig.toml")
    for action in verb._actions:
        if action.dest in DEFAULTS:
            usual = plain(DEFAULTS[action.dest])
            action.default = argparse.SUPPRESS
            action.help += f" (default: {usual})" if usual not in (None, False, "") else ""
    return screen


def _tempo(verb: _Parser) -> None:
    verb.add_argument(
        "--tempo", type=tempo, default="auto", metavar="SOURCE",
        help="whose beat: auto (the best that is there), audio, link, midi, prolink, tap, or bpm",
    )
    _range(verb)
    verb.add_argument(
        "--offset-ms", type=offset_ms, default=0.0, metavar="MS",
        help="draw the beat so much earlier, for what a projector adds; negative is later",
    )
    verb.add_argument(
        "--link", choices=LINKS,
        help="take part in Ableton Link; listening never changes anybody's tempo",
    )
    verb.add_argument(
        "--prolink", metavar="ADDRESS",
        help="hear Pro DJ Link there: the players' broadcast address, or 0.0.0.0 for all networks",
    )
    verb.add_argument(
        "--player", type=player, metavar="N", help="the player to follow there, else the master"
    )


def _range(verb: _Parser) -> None:
    verb.add_argument(
        "--range", type=tempo_range, default="70-180", metavar="LOW-HIGH",
        help="tempi that the ear looks for",
    )


def _model(verb: _Parser) -> None:
    verb.add_argument(
        "--model",
        default="small",
        metavar="NAME-or-PATH",
        help="small, a diffusers folder, a .safetensors checkpoint, or a name in the hub cache",
    )
    verb.add_argument("--runtime", type=runtime, default="auto", metavar="NAME", help=_RUNTIME)


def _song(verb: _Parser) -> None:
    verb.add_argument("song", metavar="SONG", help="a sound file, or demo")


def _render(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(
        verbs, "render", "the film of a song, frame-exact, with sound", "song.mp3 --preset bloom"
    )
    song_options.add_piece(verb)
    song_options.add_film(verb)
    _model(verb)
    return verb


def _frames(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "frames", "what would be drawn, one JSON line a picture", "song.wav")
    song_options.add_piece(verb)
    verb.add_argument("--fps", type=rate, default=30)
    return verb


def _import(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "import", "makes a look of another program's film, lyrics or cue sheet",
                 "deforum settings.txt -o look.toml")
    song_options.add_import(verb)
    return verb


def _split(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "split", "takes a song apart into stems, where demucs is installed",
                 "song.mp3 -o stems")
    song_options.add_split(verb)
    return verb


def _beats(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "beats", "the beats as they are heard, one JSON line each", "song.flac")
    _song(verb)
    _range(verb)
    verb.add_argument(
        "--source", choices=("network", "onsets"), default="network",
        help="the ear that listens: the trained one, or aubio's onsets and a comb",
    )
    return verb


def _signals(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(
        verbs, "signals", "every signal at a frame rate, as CSV, JSON lines or keyframes",
        'song.wav --keyframes "1 + 0.3*kick^2"',
    )
    _song(verb)
    verb.add_argument("--fps", type=rate, default=30)
    form = verb.add_mutually_exclusive_group()
    form.add_argument("--json", action="store_true", help="JSON lines")
    form.add_argument("--keyframes", metavar="EXPRESSION", help="0:(1.0), 1:(1.02), ...")
    return verb


def _words(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "words", "what a model makes of prompts; without any, all it knows",
                 '"ocean storm, teal, film grain"')
    verb.add_argument("prompts", nargs="*", metavar="PROMPT")
    verb.add_argument("--model", default="small", metavar="NAME-or-PATH", help="small, or a folder")
    verb.add_argument("--json", action="store_true")
    return verb


def _check(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "check", "checks presets, sets and shaders, or the machine", "my_look.toml")
    verb.add_argument("paths", nargs="*", metavar="PATH")
    verb.add_argument("--json", action="store_true")
    return verb


def _rig(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "rig", "what this machine plays with, and where that is said",
                 "--audio 'USB Audio' --display HDMI --save")
    _rigged(verb)
    verb.add_argument("--save", action="store_true", help="write the options given into the rig")
    verb.add_argument("--json", action="store_true")
    return verb


def _learn(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "learn", "binds the MIDI controls that are moved next, in the rig",
                 "prompts.1.weight prompts.2.weight freeze")
    verb.add_argument("addresses", nargs="+", metavar="ADDRESS")
    verb.add_argument("--midi", metavar="NAME", default=argparse.SUPPRESS, help="a port, else all")
    verb.add_argument("--rig", type=Path, metavar="FILE", help="instead of the user's rig.toml")
    verb.add_argument("--seconds", type=seconds, help="how long to wait for each; default 120")
    return verb


def _devices(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "devices", "sound inputs, MIDI ports, displays, accelerators", "--json")
    verb.add_argument("--json", action="store_true")
    return verb


def _keys(verbs: argparse._SubParsersAction) -> _Parser:
    return _verb(verbs, "keys", "the keys of the window", "")


def _layouts(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "layouts", "layouts of a show for TouchOSC and Open Stage Control",
                 "club_night -o layouts")
    verb.add_argument("show", nargs="?", metavar="PRESET-or-SET", help="the demo set if none")
    verb.add_argument("-o", "--output", type=Path, default=Path("."), metavar="FOLDER")
    return verb


def _about(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "model", "what a model is, what it needs, whether it is ready",
                 "stabilityai/sd-turbo --download")
    verb.add_argument("name", nargs="?", default="small", metavar="NAME-or-PATH",
                      help="small, a diffusers folder, or OWNER/NAME from the hub's cache")
    verb.add_argument("--size", type=size, default=(1280, 720), metavar="WxH",
                      help="of the show, which the canvas follows")
    verb.add_argument("--warmup", action="store_true",
                      help="convert it for the runtime of this machine, draw two pictures")
    verb.add_argument("--download", action="store_true",
                      help="fetch it from the hub first; without, nothing uses the network")
    verb.add_argument("--json", action="store_true")
    return verb


def _shader(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "shader", "loads ISF files and draws some frames", "glow.fs -o pictures")
    verb.add_argument("files", nargs="+", metavar="FILE")
    verb.add_argument("--frames", type=rate, default=4, help="frames to draw")
    verb.add_argument("--size", type=size, default=(640, 360), metavar="WxH")
    verb.add_argument("-o", "--output", type=Path, metavar="DIR", help="write PNGs here")
    verb.add_argument("--sheet", type=Path, metavar="PICTURE", help="write one sheet of all")
    verb.add_argument("--over", type=Path, metavar="PICTURE", help="what lies under their effects")
    verb.add_argument("--json", action="store_true")
    return verb


def _gallery(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "gallery", "draws a contact sheet of looks, a minute of music each",
                 "my_look.toml bloom --audio song.mp3")
    verb.add_argument("presets", nargs="*", metavar="PRESET", help="default: all that ship")
    verb.add_argument("--audio", default="demo", dest="song", metavar="SONG", help="or demo")
    verb.add_argument("--size", type=size, default=(320, 180), metavar="WxH", help="of a picture")
    verb.add_argument("--columns", type=rate, default=8, help="pictures of each look")
    verb.add_argument("--from", type=seconds, default=0.0, dest="start", metavar="TIME")
    verb.add_argument("--to", type=seconds, default=60.0, dest="end", metavar="TIME")
    verb.add_argument("--thumbnails", type=Path, metavar="DIR", help="a small picture of each too")
    verb.add_argument("-o", "--output", type=Path, default=Path("gallery.png"))
    _model(verb)
    return verb


def _reference(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "reference", "writes the reference and the schemas for editors", "-o notes")
    verb.add_argument("-o", "--output", type=Path, metavar="DIR", help="default: docs/ of the code")
    return verb


BENCHES = ("generator", "changes", "soak", "frames", "compositor", "transitions", "latency",
           "hearing", "hands", "page", "reload", "stage")


def _bench(verbs: argparse._SubParsersAction) -> _Parser:
    verb = _verb(verbs, "bench", "measures this machine; the last line is JSON", "generator")
    verb.add_argument("what", choices=BENCHES)
    _model(verb)
    verb.add_argument("--size", type=size, metavar="WxH")
    verb.add_argument("--seconds", type=seconds,
                      help="default 10; soak: 1200; hearing: of music, all there is")
    verb.add_argument("--threads", type=int, metavar="N", help="of the model on the processor")
    verb.add_argument("--music", type=Path, metavar="DIR", help="hearing: a split of the music")
    verb.add_argument("--madmom", default="", metavar="PYTHON", help="hearing: one that has madmom")
    verb.add_argument("--streamdiffusion", default="", metavar="PYTHON",
                      help="generator: one that has the package, or build; with CUDA by itself")
    return verb
