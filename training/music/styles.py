"""What tells one style from another: a table of tempi, patterns, voices and forms.

A pattern is a bar of sixteenths: `x` a stroke, `X` a loud one, `o` a soft one, `?` one that comes
now and then, `.` none. Tempi are counted as a DJ counts them (half-time at 140, drum and bass at
174). The patterns are commonplaces of each style, written down from general knowledge.
"""

from __future__ import annotations

from dataclasses import dataclass

FOUR = "x...x...x...x..."
BACK = "....x.......x..."
OFF = "..x...x...x...x."
ALL = "xoXoxoXoxoXoxoXo"
EIGHTHS = "X.x.X.x.X.x.X.x."
NONE = "................"
HALF = "........X......."
FULL_FORM = (
    "drums8 groove8 break8 build4 drop8 outro4", "ambient4 hats4 groove16 break8 drop8",
    "groove12 break16 drop8", "drums8 groove8 build8 drop16", "drop16 break8 build4 drop8",
    "hats4 drums4 groove16 break4 groove8", "groove16 break8 build8 drop16 outro4", "groove24",
    "ambient8 build8 drop16", "drums16 groove16", "drop8 break16 build8 drop8",
)  # fmt: skip
SONG_FORM = (
    "groove4 groove8 chorus8 groove8 chorus8", "ambient4 groove8 chorus8 break4 chorus8",
    "drums2 groove16", "groove8 break8 groove8 outro4", "hats2 groove8 chorus8 break4 groove8",
)  # fmt: skip


@dataclass(frozen=True)
class Style:
    """`bpm` range; `kick`, `snare`, `hat` patterns; `bass` lines (parts.py); kinds of `kicks`.

    `swing` largest delay of odd sixteenths, in beats; `swing8` that of the off-beat eighth;
    `drift` largest wander of the tempo as a share; `chord_bars` choices of bars a chord lasts.
    """

    name: str
    bpm: tuple[float, float]
    kick: tuple[str, ...]
    snare: tuple[str, ...] = (BACK,)
    hat: tuple[str, ...] = (OFF, ALL, EIGHTHS)
    bass: tuple[str, ...] = ("off", "root", "riff")
    kicks: tuple[str, ...] = ("round",)
    swing: float = 0.0
    swing8: float = 0.0
    drift: float = 0.0
    acoustic: bool = False
    chord_bars: tuple[float, ...] = (1, 1, 2)
    forms: tuple[str, ...] = FULL_FORM
    pump: float = 0.5
    weight: float = 1.0
    skank: bool = False
    mutate: float = 0.03


STYLES = (
    Style("house", (116, 130), (FOUR,), (BACK, BACK, "....x..o.o..x..o"),
          bass=("off", "riff", "root", "octaves"), swing=0.05, weight=1.3),
    Style("disco", (108, 128), (FOUR,), hat=(OFF, "x.X.x.X.x.X.x.X.", ALL),
          bass=("octaves", "riff"), drift=0.012, acoustic=True, kicks=("acoustic", "round"),
          pump=0.1, weight=0.6),
    Style("techno", (124, 148), (FOUR,), (NONE, BACK, "...x..x....x..x.", "....?.......x..?"),
          hat=(OFF, ALL, "..x...x...x..xx.", NONE), bass=("rumble", "roll", "riff", "none"),
          kicks=("round", "deep", "hard"), chord_bars=(2, 4, 8), weight=1.3),
    Style("trance", (130, 144), (FOUR,), (BACK, NONE), bass=("off", "roll"),
          kicks=("round", "tight"), chord_bars=(1, 2), weight=1.0, pump=0.7),
    Style("psytrance", (138, 150), (FOUR,), (BACK, NONE), bass=("roll", "triple"), kicks=("tight",),
          chord_bars=(4, 8), weight=0.5),
    Style("hard", (148, 180), (FOUR, FOUR, "x...x...x...x.x."), (NONE, BACK),
          bass=("off", "none", "roll"), kicks=("hard",), chord_bars=(1, 2), pump=0.8, weight=0.8),
    Style("breaks", (118, 142), ("x.........x.....", "x..x......x.....", "x.x.......x..x..",
          "x.....?..?x....."), (BACK, "....x..o.o..x...", "....x..x.x..x..o"),
          hat=(EIGHTHS, ALL), bass=("riff", "root", "reese"), kicks=("tight", "acoustic"),
          swing=0.03, mutate=0.06),
    Style("drum and bass", (168, 178), ("x.........x.....", "x.........x..?..",
          "x.x.......x.....", "x.....?...x....."), (BACK, "....x..o.o..x...", "....x..o....x.o."),
          hat=(EIGHTHS, ALL, OFF), bass=("reese", "root", "riff"), kicks=("tight", "acoustic"),
          chord_bars=(2, 4), weight=1.3, mutate=0.05),
    Style("halftime", (136, 150), ("x...............", "x.....?...?.....", "x..?......x..?..",
          "x.............x."), (HALF, HALF, "........X......o"),
          hat=(EIGHTHS, ALL, "x..x..x.x..x..x.", "x.xxx.x.x.x.xxx."),
          bass=("wobble", "root", "reese"), kicks=("deep", "hard", "tight"), chord_bars=(2, 4)),
    Style("garage", (126, 138), ("x.........x.....", "x.....x...x.....", "x..........x....",
          FOUR), (BACK, "....x..o....x...", "....x......ox..o"), hat=(OFF, ALL, EIGHTHS),
          bass=("riff", "off", "root"), kicks=("round", "tight"), swing=0.075, mutate=0.05),
    Style("dub", (70, 92), ("....X.......X...", "x...x...x...x...", "x.......x......."),
          ("....x.......x...", "....o.......x..."), hat=(EIGHTHS, OFF, "xoXoxoXoxoXoxoXo"),
          bass=("riff", "melodic"), kicks=("deep", "acoustic", "round"), swing8=0.12, drift=0.008,
          acoustic=True, pump=0.0, skank=True, weight=0.7, chord_bars=(0.5, 1, 2)),
    Style("downtempo", (70, 112), ("x.......x.......", "x..x......x.....", "x.....x.x.......",
          "x.........x.?..."), hat=(EIGHTHS, ALL, OFF), bass=("riff", "root", "melodic"),
          kicks=("round", "deep", "acoustic"), swing=0.07, drift=0.006, pump=0.3, mutate=0.05),
    Style("hip-hop", (76, 104), ("x.....x.x.......", "x..x..x...x.....", "x.x.....x.x.....",
          "x......x..x....."), hat=(EIGHTHS, ALL, "x.x.x.xxx.x.x.x."), bass=("riff", "root"),
          kicks=("acoustic", "deep", "round"), swing=0.08, drift=0.004, pump=0.1, mutate=0.06,
          forms=SONG_FORM),
    Style("pop", (72, 152), ("x.......x.......", "x.......x.x.....", "x.....x.x.......", FOUR,
          "x..x..x.x......."), hat=(EIGHTHS, "X...x...X...x...", ALL),
          bass=("eighths", "root", "riff"), kicks=("acoustic", "round"), swing8=0.1,
          drift=0.02, acoustic=True, pump=0.0, forms=SONG_FORM, weight=1.6,
          chord_bars=(0.5, 1, 1, 2), mutate=0.05),
    Style("shuffle", (80, 138), ("x.......x.......", FOUR), hat=(EIGHTHS, ALL),
          bass=("eighths", "melodic"), kicks=("acoustic", "round"), swing8=0.17, drift=0.015,
          acoustic=True, pump=0.0, forms=SONG_FORM, weight=0.5),
    Style("electro", (118, 136), ("x.....x...x.....", "x..x..x...x.....", "x.......x.x..x.."),
          hat=(ALL, EIGHTHS, OFF), bass=("riff", "octaves", "roll"), kicks=("round", "tight"),
          weight=0.6, mutate=0.05),
    Style("jungle", (150, 172), ("x.x.......xx....", "x.........x.x..."),
          ("....x..o.o..x..o", "....x..x.o..x.x."), hat=(ALL, EIGHTHS), bass=("reese", "riff"),
          kicks=("tight", "acoustic"), weight=0.35, mutate=0.1),
)  # fmt: skip
