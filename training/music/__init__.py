"""Music whose beats are known: what the ear learns from, and what it is judged by.

Nothing is labelled by hand. Our own generator writes electronic music from a seed (styles,
arrangement, parts, sounds); MIDI files, accompaniment grooves and drum songs with known tempo maps
are rendered (midi, grooves, drumsongs); then a room, a desk and a DJ are laid over it (room, desk,
sets). dataset.py writes the pieces with their labels and reads them again. No sound is committed.
Not imported by the engine; runs by hand, one thread:

    python -m training.music --minutes 60 --split train --out training/out/music
"""
