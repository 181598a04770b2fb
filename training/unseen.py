"""Prompts that no caption says, each with the subjects one would expect to see.

They measure what the text encoder makes of words it was not taught as names: neither a subject's
phrase nor one of the borrowed words of minilm.py. Written once and kept, so that figures of
different models compare; where a phrase has become a caption's, `still_unseen` leaves it out.
"""

from collections.abc import Mapping, Sequence

from training.subjects import BY_NAME, SUBJECTS

UNSEEN: tuple[tuple[str, str], ...] = (
    ("candle flame in the dark", "fire"),
    ("house on fire", "fire magma"),
    ("wildfire at night", "fire"),
    ("fireplace", "fire"),
    ("downtown skyscrapers", "city"),
    ("hong kong at midnight", "city"),
    ("rooftops and neon signs", "city"),
    ("traffic in the rain at night", "city"),
    ("tsunami", "ocean"),
    ("surfing the big swell", "ocean"),
    ("tidal wave", "ocean"),
    ("rough north sea", "ocean"),
    ("himalaya", "mountains"),
    ("rocky peaks above the valley", "mountains"),
    ("ski slope", "mountains"),
    ("rainforest", "forest"),
    ("birch grove", "forest"),
    ("woodland path in the mist", "forest smoke"),
    ("sundown at the seaside", "sunset palms"),
    ("golden hour by the lake", "sunset"),
    ("daybreak over the bay", "sunset"),
    ("cumulus", "clouds"),
    ("foggy morning sky", "clouds smoke"),
    ("thunderclouds", "clouds lightning"),
    ("bolt from the blue", "lightning"),
    ("van de graaff discharge", "lightning"),
    ("andromeda", "galaxy nebula"),
    ("a billion suns turning", "galaxy nebula"),
    ("hubble telescope photograph", "nebula galaxy planet"),
    ("saturn", "planet"),
    ("lunar eclipse", "planet"),
    ("incense and vapour", "smoke"),
    ("dry ice on the stage", "smoke"),
    ("orchid", "flower"),
    ("tulips in spring", "flower"),
    ("retina", "eye"),
    ("evil glare of a cat", "eye"),
    ("man of war drifting in the deep", "jellyfish ocean"),
    ("foam and suds", "bubbles"),
    ("champagne", "bubbles"),
    ("amoeba under the microscope", "cells blobs"),
    ("bacteria", "cells blobs"),
    ("quartz", "crystals"),
    ("broken mirror", "crystals kaleidoscope"),
    ("subway tube", "tunnel"),
    ("black hole", "tunnel spiral galaxy"),
    ("tornado funnel", "spiral tunnel"),
    ("snail shell", "spiral"),
    ("bullseye", "rings"),
    ("vinyl record grooves", "rings"),
    ("barcode", "stripes"),
    ("tiger fur", "stripes"),
    ("wasp nest", "hexagons"),
    ("tibetan prayer wheel ornament", "mandala"),
    ("lsd trip", "plasma kaleidoscope"),
    ("eighties arcade highway", "synthwave"),
    ("miami vice", "synthwave palms"),
    ("draughts", "checkers"),
    ("camel caravan", "dunes"),
    ("polar night glow", "aurora"),
    ("rockets on the fourth of july", "fireworks"),
    ("swallowtail", "butterfly"),
    ("transistors and solder", "circuit"),
    ("coconut grove", "palms"),
    ("eruption of vesuvius", "magma fire"),
    ("minotaur", "labyrinth"),
    ("ekg of a pulse", "wavelines heart"),
    ("reptile skin", "scales"),
    ("millennium falcon", "hyperspace"),
    ("my funny valentine", "heart"),
)


def known(extra: Mapping[str, Sequence[str]]) -> set[str]:
    """Every text that captions use for a subject."""
    phrases = {phrase for subject in SUBJECTS for phrase in subject.phrases}
    return {text.lower() for text in phrases | {w for words in extra.values() for w in words}}


def still_unseen(extra: Mapping[str, Sequence[str]]) -> list[tuple[str, tuple[str, ...]]]:
    """The prompts that are in no caption, each with those of its subjects that exist."""
    taken, found = known(extra), []
    for text, names in UNSEEN:
        expected = tuple(name for name in names.split() if name in BY_NAME)
        if expected and text.lower() not in taken:
            found.append((text, expected))
    return found
