"""Who may say where the beat is: Link, MIDI clock, Pro DJ Link, taps, a fixed tempo.

Each is a TempoSource (contract.py), polled once a hop on the analysis thread; those that listen
to something have a thread of their own. The desk (engine/audio/tempo_desk.py) chooses one.
"""
