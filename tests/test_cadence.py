"""Cadence: the model draws less often, the picture moves on all the same."""

from dataclasses import replace

import numpy as np
import pytest

from engine.cadence import Paced, carried, film_wait
from engine.records import FrameParams

PARAMS = FrameParams(0, 0.0, 0.01)
TIMES = np.arange(1, 101) / 50


class Heard:
    """A generator that notes what it is handed."""

    size = (64, 64)

    def __init__(self):
        self.handed = []

    def submit(self, params, picture=None):
        self.handed.append((params.time, None if picture is None else int(picture[0])))


def played(cadence, pictures=(), times=TIMES):
    heard = Heard()
    paced = Paced(heard)
    for n, time in enumerate(times):
        picture = np.array([n]) if n in pictures else None
        paced.submit(replace(PARAMS, time=float(time), cadence=cadence), picture)
    return heard.handed


def test_without_a_cadence_everything_passes():
    assert len(played(0.0)) == 100 and Paced(Heard()).size == (64, 64)


def test_a_look_that_wants_two_a_second_gets_two():
    times = [time for time, _ in played(0.5)]
    assert len(times) == 4 and np.allclose(np.diff(times), 0.5)


def test_the_newest_picture_of_a_source_waits_for_its_params():
    handed = played(0.5, pictures=(3, 7, 30))
    assert [picture for _, picture in handed] == [None, 7, 30, None]


def test_a_clock_that_goes_back_does_not_hold_the_model():
    assert len(played(5.0, times=(9.0, 9.1, 1.0, 1.1))) == 2


@pytest.mark.parametrize(("cadence", "every"), [(0.0, 3), (0.2, 6), (0.05, 3), (1.0, 30)])
def test_a_film_draws_whichever_is_less(cadence, every):
    due, drawn = -1.0, []
    for n in range(90):
        params = replace(PARAMS, time=n / 30, cadence=cadence)
        if params.time >= due:
            drawn.append(n)
            due = params.time + film_wait(params, 10.0, 30.0)
    assert drawn == list(range(0, 90, every))


def test_every_sixth_picture_fades_until_the_next():
    params = carried(replace(PARAMS, crossfade=0.1), 6, 30.0)
    assert (params.cadence, params.crossfade) == (0.2, 0.2)
    assert carried(replace(PARAMS, crossfade=2.0), 6, 30.0).crossfade == 2.0
    assert carried(PARAMS, 0, 30.0) is PARAMS
