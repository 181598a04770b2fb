"""Hearing: sound in, features, beats and the musical clock. Imports level 0 and 1 only."""
