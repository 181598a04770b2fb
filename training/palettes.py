"""Colour words and the palettes they stand for.

A palette is a ramp of eight RGB stops from shadow to light, (8, 3) in 0..1; a tone map looks its
colours up in it. `choose` draws a palette and the words that name it. A caption without colour
words gets the subject's natural colours where it has some, so that "fire" means orange fire.
"""

import random
from dataclasses import dataclass

import torch
from torch import Tensor

STOPS = 8

COLOURS: dict[str, tuple[float, float, float]] = {
    "red": (0.95, 0.06, 0.06),
    "orange": (1.0, 0.48, 0.05),
    "yellow": (1.0, 0.92, 0.15),
    "gold": (0.92, 0.7, 0.22),
    "lime": (0.62, 1.0, 0.1),
    "green": (0.1, 0.72, 0.2),
    "teal": (0.05, 0.6, 0.55),
    "cyan": (0.1, 0.92, 1.0),
    "blue": (0.08, 0.22, 0.95),
    "indigo": (0.28, 0.1, 0.75),
    "purple": (0.56, 0.14, 0.88),
    "magenta": (1.0, 0.1, 0.8),
    "mint": (0.55, 1.0, 0.75),
    "pink": (1.0, 0.5, 0.72),
    "brown": (0.5, 0.28, 0.12),
    "white": (1.0, 1.0, 1.0),
    "silver": (0.7, 0.74, 0.8),
    "black": (0.03, 0.03, 0.04),
}

SYNONYMS: dict[str, tuple[str, ...]] = {
    "red": ("scarlet", "crimson", "ruby", "blood red"),
    "orange": ("tangerine", "amber"),
    "yellow": ("lemon", "sunny yellow"),
    "gold": ("golden",),
    "lime": ("acid green", "chartreuse"),
    "green": ("emerald", "jade"),
    "teal": ("petrol", "sea green"),
    "cyan": ("turquoise", "aqua", "ice blue"),
    "blue": ("azure", "cobalt", "sapphire"),
    "indigo": ("navy", "midnight blue"),
    "purple": ("violet", "lavender", "amethyst"),
    "magenta": ("fuchsia", "hot pink"),
    "mint": ("seafoam", "pale green"),
    "pink": ("rose", "salmon"),
    "brown": ("copper", "bronze", "chocolate"),
    "white": ("ivory", "snow white"),
    "silver": ("grey", "gray", "steel"),
    "black": ("jet black", "ebony"),
}

THEMES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "rainbow": (
        (0.9, 0.1, 0.2),
        (1, 0.6, 0.1),
        (0.95, 0.95, 0.2),
        (0.1, 0.8, 0.3),
        (0.1, 0.4, 0.95),
        (0.6, 0.1, 0.8),
    ),
    "fiery": ((0, 0, 0), (0.5, 0.03, 0.02), (0.95, 0.35, 0.03), (1, 0.85, 0.25), (1, 1, 0.85)),
    "icy": ((0, 0.03, 0.1), (0.05, 0.25, 0.5), (0.3, 0.65, 0.9), (0.8, 0.95, 1), (1, 1, 1)),
    "vaporwave": (
        (0.1, 0.02, 0.25),
        (0.5, 0.1, 0.7),
        (1, 0.3, 0.75),
        (0.35, 0.85, 1),
        (0.95, 0.95, 1),
    ),
    "acid": ((0.05, 0, 0.15), (0.1, 0.9, 0.2), (0.95, 1, 0.1), (1, 0.1, 0.8), (0.2, 0.1, 1)),
    "sepia": ((0.1, 0.06, 0.03), (0.4, 0.26, 0.14), (0.75, 0.58, 0.36), (0.97, 0.9, 0.75)),
    "toxic": ((0.01, 0.04, 0.01), (0.05, 0.3, 0.05), (0.4, 0.9, 0.05), (0.85, 1, 0.4)),
    "underwater": ((0, 0.03, 0.12), (0, 0.2, 0.35), (0.05, 0.55, 0.6), (0.5, 0.95, 0.85)),
    "candy": ((1, 0.25, 0.6), (1, 0.65, 0.8), (1, 0.95, 0.75), (0.45, 0.9, 0.95)),
    "autumn": ((0.14, 0.05, 0.03), (0.5, 0.13, 0.05), (0.85, 0.4, 0.08), (0.97, 0.8, 0.35)),
    "tropical": (
        (0.0, 0.22, 0.3),
        (0.0, 0.62, 0.55),
        (0.4, 0.85, 0.3),
        (1, 0.85, 0.2),
        (1, 0.4, 0.5),
    ),
    "thermal": (
        (0.01, 0, 0.08),
        (0.2, 0.02, 0.5),
        (0.8, 0.08, 0.4),
        (1, 0.45, 0.05),
        (1, 0.9, 0.2),
        (1, 1, 0.95),
    ),
    "electric": ((0, 0, 0.04), (0.08, 0.05, 0.5), (0.1, 0.35, 1), (0.3, 0.95, 1), (1, 1, 1)),
    "royal": ((0.06, 0.01, 0.12), (0.28, 0.05, 0.45), (0.6, 0.2, 0.5), (0.95, 0.78, 0.3)),
    "peacock": (
        (0.02, 0.02, 0.15),
        (0, 0.25, 0.55),
        (0, 0.6, 0.5),
        (0.35, 0.8, 0.2),
        (1, 0.85, 0.3),
    ),
}

THEME_WORDS: dict[str, tuple[str, ...]] = {
    "rainbow": ("rainbow", "rainbow colors", "multicolored", "all colors of the spectrum"),
    "fiery": ("fiery", "fiery colors", "flame colors", "hot colors"),
    "icy": ("icy", "icy colors", "frozen", "ice cold"),
    "vaporwave": ("vaporwave", "vaporwave colors", "retro pink and cyan"),
    "acid": ("acid", "acid colors", "acid house colors", "psychedelic colors"),
    "sepia": ("sepia", "sepia tone", "old photograph colors"),
    "toxic": ("toxic", "toxic colors", "radioactive", "slime green glow"),
    "underwater": ("underwater", "underwater colors", "deep sea colors"),
    "candy": ("candy", "candy floss colors", "bubblegum", "cotton candy"),
    "autumn": ("autumn", "autumn colors", "fall colors", "autumn leaves colors"),
    "tropical": ("tropical", "tropical colors", "exotic colors"),
    "thermal": ("thermal", "infrared", "heat map colors", "thermal camera"),
    "electric": ("electric", "electric blue glow", "electric colors"),
    "royal": ("royal", "royal purple and gold", "royal colors"),
    "peacock": ("peacock", "peacock colors", "peacock feather colors"),
}


def ramp(colours) -> Tensor:
    """Any number of colours spread evenly over the stops."""
    points = torch.tensor([list(c) for c in colours], dtype=torch.float32).clamp(0, 1)
    place = torch.linspace(0, len(points) - 1, STOPS)
    left = place.floor().long().clamp(max=len(points) - 2)
    part = (place - left)[:, None]
    return points[left] * (1 - part) + points[left + 1] * part


def one_colour(name: str) -> Tensor:
    """From near black through the colour to a pale tint of it."""
    a = torch.tensor(COLOURS[name])
    if name == "black":
        return ramp([a * 0.2, a, a + 0.06, a + 0.2, torch.full((3,), 0.6)])
    if name == "white":
        return ramp([a * 0.45, a * 0.75, a * 0.9, a, a])
    if name == "silver":
        return ramp([a * 0.06, a * 0.4, a * 0.75, a, torch.ones(3)])
    pale = a * 0.4 + 0.6
    return ramp([a * 0.04, a * 0.5, a, pale * 0.5 + a * 0.5, pale])


def two_colours(first: str, second: str) -> Tensor:
    """The darker colour in the shadows, the lighter one in the lights."""
    a, b = torch.tensor(COLOURS[first]), torch.tensor(COLOURS[second])
    dark, light = (b, a) if a.sum() > b.sum() else (a, b)
    return ramp([dark * 0.25, dark, (dark + light) / 2, light, light * 0.6 + 0.4])


def spoken(name: str, chance: random.Random) -> str:
    """The colour's name, or one time in four another word for it."""
    return chance.choice(SYNONYMS[name]) if chance.random() < 0.25 else name


@dataclass(frozen=True)
class Paint:
    """A palette's name (as `named` takes it) and the words of the caption, if any."""

    name: str
    words: str

    @property
    def spoken_names(self) -> tuple[str, ...]:
        """The themes and colours that the words name."""
        return tuple(self.name.split("+")) if self.words else ()


def choose(natural: tuple[str, ...], chance: random.Random) -> Paint:
    """A palette and its words; `natural` are the palettes the subject has unasked."""
    r = chance.random()
    if r < 0.24:
        theme = chance.choice(list(THEMES))
        return Paint(theme, chance.choice((theme, *THEME_WORDS[theme])))
    if r < 0.38 and natural:
        return Paint(chance.choice(natural), "")
    first = chance.choice(list(COLOURS))
    if r < 0.72:
        return Paint(first, spoken(first, chance))
    second = chance.choice([name for name in COLOURS if name != first])
    a, b = spoken(first, chance), spoken(second, chance)
    return Paint(f"{first}+{second}", chance.choice((f"{a} and {b}", f"{b} and {a}", f"{a} {b}")))


def named(name: str) -> Tensor:
    """The palette of a theme, of one colour, or of two joined by a plus sign."""
    if name in THEMES:
        return ramp(THEMES[name])
    first, _, second = name.partition("+")
    return two_colours(first, second) if second else one_colour(first)


def coloured(tone: Tensor, palettes: Tensor) -> Tensor:
    """Tone maps (n, s, s) looked up in palettes (n, STOPS, 3): pictures (n, 3, s, s)."""
    place = tone.flatten(1) * (STOPS - 1)
    left = place.floor().clamp(max=STOPS - 2)
    part = (place - left)[..., None]
    index = left.long()[..., None].expand(-1, -1, 3)
    pixels = torch.gather(palettes, 1, index) * (1 - part)
    pixels = pixels + torch.gather(palettes, 1, index + 1) * part
    return pixels.permute(0, 2, 1).reshape(len(tone), 3, *tone.shape[1:])
