"""One GL context in software for the folder, and pictures to look at."""

import moderngl
import numpy as np
import pytest


@pytest.fixture(scope="session")
def gl():
    context = moderngl.create_context(standalone=True, backend="egl")
    yield context
    context.release()


@pytest.fixture
def picture():
    """A smooth colourful picture with hard edges in it: uint8 (90, 160, 3)."""
    y, x = np.mgrid[0:90, 0:160]
    hue = x[..., None] / 160.0 + np.array([0.0, 0.33, 0.67])
    colour = (0.5 + 0.5 * np.cos(2 * np.pi * hue)) * (0.3 + 0.7 * y / 90.0)[..., None]
    colour[20:50, 30:70] = (1.0, 0.9, 0.7)
    colour[40:80, 100:140] = (0.05, 0.05, 0.1)
    return (255 * colour).round().astype(np.uint8)
