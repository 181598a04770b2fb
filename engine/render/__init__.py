"""The stage: windows, shaders, the compositor and films.

Flows in: FrameParams and generated Frames; flows out: pictures on a display or in a file. All GL
runs on the thread that made the context (the main thread when live); only the recorder has a
thread of its own. Importing this package loads neither GL nor a device library.
"""
