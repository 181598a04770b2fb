"""Hands: MIDI, OSC and keys, each turned into ControlEvents and put into a queue.

Controllers know the address list and nothing else; they never change the state of the show.
"""
