"""The table of subjects: how each is drawn, what it is called, what colours it has unasked.

One row is all a subject needs; captions, probe heads, contact sheets and the report read this
table. `scene` rows have natural light and are never inverted. `seed` picks the fixed values of the
pictures that are drawn from noise (see canvas.py), by eye.
"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor

from training import opart, patterns, scenes, things
from training.canvas import Canvas


@dataclass(frozen=True)
class Subject:
    name: str
    draw: Callable[[Canvas], Tensor]
    phrases: tuple[str, ...]
    natural: tuple[str, ...] = ()
    scene: bool = False
    seed: int = 0


Drawing = Callable[[Canvas], Tensor]


def pattern(draw: Drawing, phrases: str, natural: str = "", seed: int = 0) -> Subject:
    return Subject(draw.__name__, draw, _list(phrases), _list(natural), seed=seed)


def scene(draw: Drawing, phrases: str, natural: str = "", seed: int = 0) -> Subject:
    return Subject(draw.__name__, draw, _list(phrases), _list(natural), scene=True, seed=seed)


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
        seed=10,
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
        seed=8,
    ),
    pattern(
        patterns.spiral,
        "spiral, hypnotic spiral, vortex, whirlpool, twisting spiral arms, swirl",
        "black+white, blue",
        seed=2,
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
        seed=10,
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
        "fire, flames, burning flames, blazing inferno, bonfire, campfire",
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
        seed=3,
    ),
    pattern(
        patterns.mandala,
        "mandala, sacred geometry, ornamental mandala, symmetrical ornament, temple rose window",
        "gold, rainbow",
        seed=12,
    ),
    pattern(
        patterns.kaleidoscope,
        "kaleidoscope, kaleidoscopic pattern, mirrored symmetry, kaleidoscope mirrors",
        "rainbow, acid",
        seed=6,
    ),
    scene(
        patterns.flower,
        "flower, blooming flower, daisy, lotus blossom, rose petals, sunflower, cherry blossom",
        "pink, yellow, red",
        seed=2,
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
        seed=3,
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
        seed=7,
    ),
    scene(
        scenes.jellyfish,
        "jellyfish, glowing jellyfish, deep sea creature, medusa, floating jellyfish",
        "cyan, indigo+pink, underwater",
    ),
    pattern(
        opart.checkers,
        "checkers, checkerboard, chess board, op art sphere, bulging checkerboard, vasarely",
        "black+white, red+white, black+gold",
        seed=1,
    ),
    pattern(
        opart.moire,
        "moire, moire pattern, interference pattern, overlapping circles, ripples crossing",
        "black+white, indigo+cyan",
    ),
    pattern(
        opart.julia,
        "fractal, julia set, julia fractal, mandelbrot, fractal spirals, infinite fractal",
        "rainbow, fiery, icy",
    ),
    pattern(
        opart.caustics,
        "caustics, water caustics, light on a pool floor, swimming pool, underwater light ripples",
        "underwater, cyan, teal",
    ),
    pattern(
        opart.rays,
        "rays, sunburst, starburst, sun rays, light rays from the center, radiating beams",
        "fiery, orange+yellow, gold",
        seed=7,
    ),
    pattern(
        opart.labyrinth,
        "labyrinth, maze, brain coral, turing pattern, worm lines, reaction diffusion, coral",
        "black+white, pink, orange",
    ),
    pattern(
        opart.cubes,
        "cubes, isometric cubes, op art cubes, stacked boxes, 3d cubes, blocks",
        "indigo+gold, black+white, orange",
    ),
    pattern(
        opart.wavelines,
        "wave lines, oscilloscope, joy division lines, sound waves, waveform, pulsar plot, signal",
        "black+white, green, cyan",
        seed=1,
    ),
    pattern(
        opart.scales,
        "scales, fish scales, dragon scales, mermaid scales, peacock fans, japanese waves",
        "teal, gold, blue",
    ),
    scene(
        things.aurora,
        "aurora, northern lights, aurora borealis, polar lights, curtains of light",
        "green, teal, indigo+lime",
    ),
    scene(
        things.dunes,
        "dunes, desert, sand dunes, desert dunes, sahara, endless sand",
        "sepia, orange, gold",
    ),
    scene(
        things.hyperspace,
        "hyperspace, warp speed, star streaks, light speed, hyperspace jump, flying through stars",
        "blue, icy, silver",
    ),
    scene(
        things.fireworks,
        "fireworks, firework bursts, fireworks in the night sky, new year fireworks",
        "gold, fiery, indigo+pink",
    ),
    scene(
        things.butterfly,
        "butterfly, butterfly wings, monarch butterfly, colourful butterfly, moth, papillon",
        "orange, blue, magenta",
    ),
    scene(
        things.heart,
        "heart, glossy heart, love heart, valentine heart, big shiny heart, love",
        "red, pink, magenta",
    ),
    pattern(
        things.circuit,
        "circuit, circuit board, computer chip, microchip, printed circuit, motherboard",
        "green, teal, blue",
    ),
    scene(
        things.palms,
        "palms, palm trees, palm beach, tropical beach, palm trees at sunset, tropical island",
        "orange, vaporwave, fiery",
    ),
    scene(
        things.magma,
        "magma, cracked lava, glowing cracks, molten rock, volcano, lava plates",
        "fiery",
    ),
)

BY_NAME: dict[str, Subject] = {subject.name: subject for subject in SUBJECTS}
NAMES: tuple[str, ...] = tuple(BY_NAME)
