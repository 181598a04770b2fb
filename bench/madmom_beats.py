"""Runs under a Python that has madmom: its online beat tracker over one file, frame by frame.

In: a .npy of mono float32 samples at 44.1 kHz. Out: one line of JSON: `beats` as [seconds, seconds
heard when it was told, BPM], `cpu_s`. As `DBNBeatTracker online FILE` does it (madmom 0.16.1,
process_online): a hop of 10 ms at a time; frame k ends k hops into the sound.
"""

import json
import sys
import time
import warnings

warnings.simplefilter("ignore")

FPS = 100


def main(path):
    """Print what madmom hears in a file."""
    import numpy as np
    from madmom.audio.signal import FramedSignal, Signal
    from madmom.features.beats import DBNBeatTrackingProcessor, RNNBeatProcessor

    options = dict(online=True, origin="stream", num_frames=1, fps=FPS)
    network, tracker = RNNBeatProcessor(**options), DBNBeatTrackingProcessor(**options)
    sound = Signal(np.load(path), sample_rate=44_100, num_channels=1)
    frames = FramedSignal(sound, frame_size=2048, fps=FPS, origin="online", num_frames=None)
    beats, start = [], time.process_time()
    for k, frame in enumerate(frames):
        for beat in tracker(network(frame, reset=False), reset=False):
            beats.append([float(beat), k / FPS, float(tracker.tempo)])
    print(json.dumps({"beats": beats, "cpu_s": time.process_time() - start}))


main(sys.argv[1])
