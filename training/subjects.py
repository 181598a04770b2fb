"""The table of subjects: how each is drawn, what it is called, what colours it has unasked.

One row is all a subject needs; captions, probe heads, contact sheets and the report read this
table. `scene` rows have natural light and are never inverted.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from training import patterns, scenes
from training.canvas import Canvas


@dataclass(frozen=True)
class Subject:
    name: str
    draw: Callable[[Canvas], Tensor]
    phrases: tuple[str, ...]
    natural: tuple[str, ...] = ()
    scene: bool = False


def pattern(draw: Callable[[Canvas], Tensor], phrases: str, natural: str = "") -> Subject:
    return Subject(draw.__name__, draw, _list(phrases), _list(natural))


def scene(draw: Callable[[Canvas], Tensor], phrases: str, natural: str = "") -> Subject:
    return Subject(draw.__name__, draw, _list(phrases), _list(natural), scene=True)


def _list(text: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in text.split(",") if part.strip())


SUBJECTS: tuple[Subject, ...] = (
    pattern(
        patterns.plasma,
        "plasma, plasma waves, psychedelic liquid, swirling plasma, liquid light, oil and water",
        "rainbow, acid, vaporwave",
    ),
    pattern(
        patterns.rings,
        "rings, concentric circles, concentric rings, op art circles, target, hypnotic circles",
        "black+white, red+white, rainbow",
    ),
    pattern(
        patterns.stripes,
        "stripes, wavy stripes, op art lines, zebra stripes, wavy lines, flowing parallel lines",
        "black+white",
    ),
    pattern(
        patterns.cells,
        "cells, organic cells, cellular pattern, biological cells, cell membrane",
        "green, toxic",
    ),
    pattern(
        patterns.crystals,
        "crystals, low poly facets, shattered glass, stained glass, gemstone facets, diamonds",
        "icy, purple, rainbow",
    ),
    pattern(
        patterns.tunnel,
        "tunnel, wormhole tunnel, hyperspace tunnel, endless corridor, portal, time tunnel",
        "indigo+cyan, blue",
    ),
    pattern(
        patterns.spiral,
        "spiral, hypnotic spiral, vortex, whirlpool, twisting spiral arms, swirl",
        "black+white, blue",
    ),
    pattern(
        patterns.blobs,
        "blobs, metaballs, lava lamp, liquid blobs, floating slime, lava lamp blobs",
        "red+orange, toxic",
    ),
    pattern(
        patterns.bubbles,
        "bubbles, soap bubbles, glass spheres, shiny balls, floating orbs, pearls",
        "cyan, blue",
    ),
    scene(
        scenes.galaxy,
        "galaxy, spiral galaxy, milky way, galaxy in space, cosmic swirl, galactic core",
        "blue, purple",
    ),
    scene(
        scenes.nebula,
        "nebula, cosmic nebula, space clouds with stars, interstellar gas, cosmos, outer space",
        "purple, indigo+pink",
    ),
    pattern(
        patterns.smoke,
        "smoke, ink in water, fog, swirling smoke, mist, liquid marble",
        "silver, black+white",
    ),
    scene(
        scenes.fire,
        "fire, flames, burning flames, blazing inferno, bonfire, lava",
        "fiery",
    ),
    scene(
        scenes.lightning,
        "lightning, electric bolts, thunder storm lightning, electricity, tesla coil sparks, laser",
        "blue, purple",
    ),
    pattern(
        patterns.hexagons,
        "hexagons, honeycomb, hexagonal grid, beehive cells, sci-fi hex tiles, bees",
        "gold, orange",
    ),
    pattern(
        patterns.mandala,
        "mandala, sacred geometry, ornamental mandala, symmetrical ornament, temple rose window",
        "gold, rainbow",
    ),
    pattern(
        patterns.kaleidoscope,
        "kaleidoscope, kaleidoscopic pattern, mirrored symmetry, kaleidoscope mirrors",
        "rainbow, acid",
    ),
    scene(
        patterns.flower,
        "flower, blooming flower, daisy, lotus blossom, rose petals, sunflower, cherry blossom",
        "pink, yellow, red",
    ),
    scene(
        scenes.eye,
        "eye, human eye, eyeball, staring eye, all seeing eye, iris and pupil",
        "blue, green, brown",
    ),
    scene(
        scenes.planet,
        "planet, moon, gas giant planet, jupiter, alien world in space, globe",
        "orange, blue, silver",
    ),
    scene(
        scenes.synthwave,
        "synthwave grid, retrowave sun over grid, outrun horizon, 80s retro grid, synthwave sun",
        "vaporwave, magenta",
    ),
    scene(
        scenes.clouds,
        "clouds, cloudy sky, fluffy clouds, heavenly sky, overcast sky, storm clouds",
        "blue+white",
    ),
    scene(
        scenes.mountains,
        "mountains, mountain landscape, snowy mountains, misty mountain range, alps, hills",
        "blue, indigo+white",
    ),
    scene(
        scenes.sunset,
        "sunset, sunset over the sea, sunrise over ocean, sun on the horizon, beach sunset, dusk",
        "fiery, orange, orange+pink",
    ),
    scene(
        scenes.ocean,
        "ocean, ocean waves, stormy sea, sea surface, water, ocean storm",
        "blue, teal, underwater",
    ),
    scene(
        scenes.forest,
        "forest, pine forest, misty woods, trees, jungle, enchanted forest",
        "green",
    ),
    scene(
        scenes.city,
        "city, city skyline, city lights, skyscrapers, cyberpunk city, urban buildings, metropolis",
        "indigo+gold, blue, vaporwave",
    ),
    scene(
        scenes.jellyfish,
        "jellyfish, glowing jellyfish, deep sea creature, medusa, floating jellyfish",
        "cyan, indigo+pink, underwater",
    ),
)

BY_NAME: dict[str, Subject] = {subject.name: subject for subject in SUBJECTS}
NAMES: tuple[str, ...] = tuple(BY_NAME)
