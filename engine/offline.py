"""A song and a show to FrameParams, and to a film: the offline half of the one graph.

The frame clock moves time: picture n is at n / fps, and every hop that ends before it has been
heard. The same song, show, seed and size give the same film, picture for picture.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from itertools import chain, islice
from pathlib import Path

import numpy as np

from engine.audio.heard import Reading, listener
from engine.audio.media import decode, stream_hops
from engine.audio.stems import load_stems
from engine.audio.tempo_desk import TempoDesk, TempoSettings
from engine.cadence import carried, film_wait
from engine.company import take_desk, take_tempo
from engine.errors import LiquidlightError
from engine.graph import Graph
from engine.records import HOP, SAMPLERATE, FrameParams, Moment
from engine.resolve import resolve, silent_moment
from engine.resuming import Kept, Reel
from engine.show import Show
from engine.shutter import SHARP, Shutter
from engine.takes import Take

HOPS_A_SECOND = -(-SAMPLERATE // HOP)
Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class FilmOptions:
    """What to render: `start` and `end` in seconds of the song, `end` None for all of it.

    `generator_fps` is how often the model draws; between, the compositor moves the picture on,
    exactly as it does live. `seed` None keeps the seeds of the presets. `runtime` "auto" is torch,
    so that the film does not depend on what this machine has converted before. `take` plays the
    hands of a performance again. `resume` makes the film in pieces and goes on after a break.
    `shutter` says how motion blurs. With `cadence` the model draws every so many pictures, and each
    fades into the next all the while. `upscale` is the file of a learned upscaler that enlarges
    each generated picture, "" for none; `canvas` the size the model draws at, None its own choice.
    """

    path: Path
    size: tuple[int, int] = (640, 360)
    fps: int = 30
    generator_fps: float = 10.0
    model: str = "small"
    seed: int | None = None
    start: float = 0.0
    end: float | None = None
    runtime: str = "auto"
    take: Take | None = None
    resume: bool = False
    shutter: Shutter = SHARP
    cadence: int = 0
    upscale: str = ""
    canvas: tuple[int, int] | None = None


def moments(samples: np.ndarray, show: Show, take: Take | None = None) -> Iterator[Moment]:
    """One Moment a hop of a song (n, 2) at the engine's rate; what was heard of it is kept.

    With a take its hands play, and hops that it passed over are passed over. Stems that the show
    names are read, and heard beside it.
    """
    graph = Graph(show, _desk(samples, take), load_stems(show.song.stems, show.stem_names))
    if take is not None and take.first:
        graph.begin(take.first, take.before, take.memory)
    for n, block in enumerate(stream_hops(samples)):
        if take is not None and n in take.skips:
            graph.skip(1)
        else:
            yield graph.hop(block.samples, take.events.get(n, ()) if take else ())


def _desk(samples: np.ndarray, take: Take | None) -> TempoDesk | Reading:
    """Who says where the beat is: what was kept of the song, or the take's desk once more."""
    if take is None:
        return listener(samples)
    plain = take_tempo(take) == TempoSettings() and not (take.readings or take.skips or take.beats)
    return listener(samples, take.all_events) if plain else take_desk(take)


def moments_at(
    samples: np.ndarray, show: Show, times: Iterable[float], take: Take | None = None
) -> Iterator[Moment]:
    """For each of the rising `times`, the newest Moment that was known by then."""
    heard = moments(samples, show, take)
    moment, coming = silent_moment(), next(heard, None)
    if take is not None and take.first and coming is not None:
        moment = coming  # before it a show was under way, not silence
    for time in times:
        while coming is not None and coming.time <= time:
            moment, coming = coming, next(heard, None)
        yield moment
    for _ in islice(heard, HOPS_A_SECOND):  # what comes after the last picture: heard whole,
        pass  # a song need not be heard again


def seconds_of(samples: np.ndarray, take: Take | None = None) -> float:
    """How long a song plays: to its end, or to the end of the take."""
    hops = len(samples) / HOP if take is None or take.hops is None else take.hops
    return min(len(samples), hops * HOP) / SAMPLERATE


def frames(
    samples: np.ndarray, show: Show, fps: float, start: float = 0.0, end: float | None = None,
    take: Take | None = None,
) -> Iterator[FrameParams]:
    """The params of every picture of a song from `start` to `end` seconds."""
    return (exposure[-1] for exposure in exposures(samples, show, fps, start, end, take))


def exposures(
    samples: np.ndarray, show: Show, fps: float, start: float = 0.0, end: float | None = None,
    take: Take | None = None, shutter: Shutter = SHARP,
) -> Iterator[tuple[FrameParams, ...]]:
    """The moments of every picture while its shutter is open; the last is that of `frames`."""
    length = seconds_of(samples, take)
    end = length if end is None else min(end, length)
    indices = range(int(np.ceil(start * fps - 1e-9)), int(np.ceil(end * fps - 1e-9)))
    begun = take.begun if take is not None else 0.0
    shots = [tuple(begun + time for time in shutter.times(n, fps)) for n in indices]
    known = moments_at(samples, show, chain.from_iterable(shots), take)
    for index, times in zip(indices, shots, strict=True):
        yield tuple(
            resolve(time, index, 1.0 / fps, moment, show)
            for time, moment in zip(times, known, strict=False)
        )
    next(known, None)  # The rest of the song is heard.


def reseeded(params: FrameParams, seed: float) -> FrameParams:
    """The same frame drawn from one seed's noise, whatever its look and its words say."""
    prompts = tuple(replace(prompt, seed=None) for prompt in params.prompts)
    return replace(params, seed=seed, prompts=prompts)


def pictures(
    samples: np.ndarray, show: Show, options: FilmOptions, reel: Reel | None = None
) -> Iterator[np.ndarray]:
    """Every picture of the film, uint8 (height, width, 3), model and compositor at work.

    A reel says from where to go on, and is told the generator's state now and then.
    Raises ModelError or ShaderError at the first one when a part of the show cannot work.
    """
    from engine.diffusion.canvas import canvas_size
    from engine.diffusion.upscale import enlarger
    from engine.film_troupe import FilmTroupe, loader
    from engine.render.compositor import Compositor
    from engine.render.motion_blur import MotionBlur
    from engine.render.window import Offscreen
    from engine.sourcing import Sourcing
    from engine.staging import prepare, shader_folders

    with ExitStack() as stack:
        surface = stack.enter_context(closing(Offscreen(options.size, refresh_hz=None)))
        compositor = Compositor(surface.ctx, options.size, shader_folders(show), patient=True)
        stack.callback(compositor.release)
        blur = stack.enter_context(closing(MotionBlur(surface.ctx, options.size)))
        canvas = canvas_size(options.model, options.size, options.canvas)
        sourcing = Sourcing(compositor, canvas)
        prepare(compositor, show)
        generator = FilmTroupe(loader(options.size, options.runtime, options.canvas), options.model)
        stack.enter_context(closing(generator))
        enlarged = enlarger(options.upscale)
        kept = reel.kept if reel else Kept()
        due, span = kept.due, (options.start, options.end)
        if kept.state:
            generator.restore(kept.state)
        played = exposures(samples, show, options.fps, *span, options.take, options.shutter)
        for n, exposure in islice(enumerate(played), kept.index, None):
            if options.seed is not None:
                exposure = [reseeded(params, options.seed) for params in exposure]
            exposure = [carried(params, options.cadence, options.fps) for params in exposure]
            *passing, params = exposure
            if reel is not None and reel.wants(n):
                reel.note(n, due, generator.checkpoint())
            if n >= kept.write and not params.freeze:
                for early in passing:  # Before the next generated picture: it begins at its time.
                    blur.add(*compositor.draw_passing(early))
            if params.time >= due and not params.freeze:
                sourcing.resize(generator.choose(params))
                compositor.show(enlarged(generator.generate(*sourcing.exact(params))))
                due = params.time + film_wait(params, options.generator_fps, options.fps)
            compositor.draw(params)
            if n >= kept.write:
                yield blur.read(*compositor.picture) if blur.count else compositor.read()


def render(song: str, show: Show, options: FilmOptions, progress: Progress) -> int:
    """Write the film of a song, and return the number of pictures.

    Bad input raises MediaError, ModelError or ShaderError and leaves no file. `progress(done,
    total)` is called for every picture.
    """
    from engine.diffusion.model import check_folder
    from engine.diffusion.runtimes import check_runtime
    from engine.render.film import FilmWriter
    from engine.troupe import check_models

    check_folder(options.model)
    check_models(show)
    check_runtime(options.runtime)
    samples = decode(song)
    length = seconds_of(samples, options.take)
    end = length if options.end is None else min(options.end, length)
    sound = samples[round(options.start * SAMPLERATE) : round(end * SAMPLERATE)]
    if not len(sound):
        raise LiquidlightError(f"{song}: nothing between {options.start} and {end} seconds")
    total = int(np.ceil(len(sound) / SAMPLERATE * options.fps - 1e-9))
    reel = Reel(options, show, sound) if options.resume else None
    film = reel or FilmWriter(options.path, options.size, options.fps, sound)
    begun = count = reel.kept.write if reel else 0
    with film:
        for count, picture in enumerate(pictures(samples, show, options, reel), begun + 1):
            film.write(picture)
            progress(count, total)
    return count
