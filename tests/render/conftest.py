"""One GL context in software for the folder, a private X display, and pictures to look at."""

import os

import moderngl
import numpy as np
import pytest
from servers import screen


@pytest.fixture(scope="session")
def context():
    made = moderngl.create_context(standalone=True, backend="egl")
    yield made
    made.release()


@pytest.fixture
def gl(context):
    """The context, made current: a test before may have used another."""
    with context:
        yield context


@pytest.fixture
def picture():
    """A smooth colourful picture with hard edges in it: uint8 (90, 160, 3)."""
    y, x = np.mgrid[0:90, 0:160]
    hue = x[..., None] / 160.0 + np.array([0.0, 0.33, 0.67])
    colour = (0.5 + 0.5 * np.cos(2 * np.pi * hue)) * (0.3 + 0.7 * y / 90.0)[..., None]
    colour[20:50, 30:70] = (1.0, 0.9, 0.7)
    colour[40:80, 100:140] = (0.05, 0.05, 0.1)
    return (255 * colour).round().astype(np.uint8)


@pytest.fixture(scope="module")
def display():
    """The environment for a program that shall see a private X server of 800 by 600."""
    with screen("800x600") as place:
        yield {**{k: v for k, v in os.environ.items() if k != "WAYLAND_DISPLAY"}, **place}
