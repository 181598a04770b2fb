"""The live performance: sound, hands, show, generator and window wired together.

Runs on the main thread, woken by the display. Each turn takes the newest Moment, resolves the
params for the time at which the picture will be seen, hands them to the generator, takes its
newest frame if there is one, draws and shows. Nothing in the turn waits for the model, the sound
or a file.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from controllers.keyboard import events_for_key
from engine import reporting
from engine.audio.sources import open_source
from engine.audio.tempo_sources.midi_clock import MidiClock
from engine.autosave import LiveState
from engine.cadence import Paced
from engine.clock import AudioClock, monotonic
from engine.company import read_show, stems_beside, take_writer, tempo_desk
from engine.desk import Desk
from engine.diffusion.canvas import canvas_size
from engine.diffusion.contract import Generator
from engine.diffusion.model import check_folder
from engine.diffusion.process import ProcessGenerator
from engine.exchange import EventQueue
from engine.farewell import Farewell
from engine.fitting import runtime_for
from engine.hands import Hands, tempo_sources
from engine.input_hands import InputHands, RoomEvents
from engine.learning import Bindings, Learner
from engine.listening import Listening
from engine.operating import Operator
from engine.output_hands import WINDOW_SIZE, OutputHands, open_outputs
from engine.paging import Page, open_page
from engine.play_options import PlayOptions
from engine.recording import Recording
from engine.records import ControlEvent, FrameParams, Moment
from engine.render.compositor import Compositor
from engine.render.software import in_software
from engine.resolve import resolve
from engine.show import Show
from engine.sourcing import Sourcing
from engine.staging import prepare, shader_folders
from engine.stats import Latency, Stats, StatsWriter
from engine.surface import LiveSurface
from engine.take_desk import open_takes
from engine.troupe import Troupe, check_models, coming_models, models_of
from engine.watching import Watcher

Tell = Callable[[str], None]
QUIT_KEYS = ("escape", "q")
FULLSCREEN_KEY = "tab"
SOFTWARE_SIZE, SOFTWARE_HZ = (640, 360), 30.0
"""Where the processor draws, it has the model to run as well."""


class Performance:
    """One evening: entering it opens everything strictly, `run` plays forgivingly."""

    def __init__(
        self, options: PlayOptions, tell: Tell, live: LiveState | None = None
    ) -> None:
        """`live` is where the state is kept, if it is to be."""
        self.options, self._tell_on, self._live = options, tell, live
        self.operator = Operator(self)
        self.row: dict[str, Any] = {}
        self.drawn: FrameParams | None = None
        self._stack = ExitStack()
        self.events = RoomEvents()
        self.faults = 0
        self.farewell = Farewell()
        self._shaders: EventQueue[Path] = EventQueue()
        self._prepare = True
        self._shown = 0
        self._index = 0
        self._before = 0.0
        self.latency = Latency()
        self._software = False
        self.key_events = 0
        self._notes: list[str] = []
        self.page: Page | None = None
        self.notices = reporting.Notices(self.tell)

    def tell(self, line: str) -> None:
        """A line for the operator; any thread."""
        self._tell_on(line)
        self.operator.told(line)
        if self.page:
            self.page.live.told(line)

    def __enter__(self) -> Performance:
        try:
            self._open()
        except BaseException:
            self._stack.close()
            raise
        for note in self._notes:
            self.tell(note)
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def _open(self) -> None:
        """Bad input stops here, in one line, before anything is shown."""
        show = self._load(self.options.show)
        check_models(show)
        self._runtime = runtime_for(show, self.options.runtime, self._notes)
        self.bindings = Bindings(self.options.mapping, self.options.rig)
        mapping = self.bindings.of(show)
        source = open_source(self.options.audio)
        self.window = self._keep(open_outputs(self.options))
        self.output_hands = self._keep(
            OutputHands(self.window, self.events, self.options.rig, self.tell)
        )
        self.size = self._canvas()
        self.stats = Stats(self.window.pace_hz)
        folders, flow = shader_folders(show), not self._software
        self.compositor = Compositor(self.window.ctx, self.size, folders, flow=flow)
        self._stack.callback(self.compositor.release)
        self.sourcing = Sourcing(self.compositor, self._canvas_of(self.options.model))
        for model in models_of(show):
            self.compositor.source(self._canvas_of(model))
        prepare(self.compositor, show)
        self.clock = AudioClock()
        self.generator = self._keep(self._generator())
        self.paced = Paced(self.generator)
        self.midi_clock = MidiClock()
        sources = tempo_sources(self.options, self.clock, self.midi_clock, self._notes)
        writer = self._keep(take_writer(self.options, source))
        self.tempo = self._keep(tempo_desk(self.options, sources, writer))
        self.listening = self._keep(Listening(
            source, show, self.clock, self.events, self.tempo, stems_beside(source, show)
        ))
        self.listening.take, self.listening.take_writer = self.options.take, writer
        for event in self.options.resume:
            self.events.put(event)
        self.takes = self._keep(open_takes(self))
        self.listening.start()
        self._keep(InputHands(self.options, self.listening, self.events, self.tell))
        self.surface = LiveSurface(self.listening, self.output_hands.surface)
        self.hands = self._keep(Hands(
            self.options, mapping, self.events, self.clock, self.midi_clock, self.surface,
            self.listening, self._notes,
        ))
        self.recording = self._keep(self._recording())
        self.operator.open_if_wanted()
        self.page = self._keep(open_page(self))
        self.writer = None
        if self.options.stats:
            self.writer = self._keep(StatsWriter(self.options.stats))
        self.watcher = self._keep(
            Watcher(self.options.show, show, self._show_changed, self._shaders.put, self.tell,
                    self._load)
        )
        reload = self.watcher.reload
        self.desk = self._keep(
            Desk(self.listening, self.events, self.clock, reload, self.tell, self._live)
        )
        self.desk.learner = Learner(self.hands.midi, self.bindings, self.tell)

    def _load(self, name: str) -> Show:
        return read_show(name, self.options)

    def _keep(self, thing: Any) -> Any:
        if thing is not None:
            self._stack.callback(thing.close)
        return thing

    def _canvas(self) -> tuple[int, int]:
        """The size that is composed; the window shows it whole at its own size."""
        self._software = in_software(self.window.ctx)
        if not self._software:
            return self.options.size or WINDOW_SIZE
        self.window.limit(SOFTWARE_HZ)
        if self.options.size is not None:
            return self.options.size
        width, height = SOFTWARE_SIZE
        self._notes.append(f"OpenGL runs in software here: drawing {width}x{height}")
        return SOFTWARE_SIZE

    def _generator(self) -> Troupe:
        check_folder(self.options.model)
        return Troupe(self._made, self.options.model)

    def _made(self, model: str) -> Generator:
        size = self._canvas_of(model)
        return ProcessGenerator(model, size, self.clock, runtime=self._runtime)

    def _canvas_of(self, model: str) -> tuple[int, int]:
        return canvas_size(model, self.size, self.options.canvas)

    def _recording(self) -> Recording:
        """Begun and ended by the switch `record`, which an option has pressed already."""
        if self.options.record is not None:
            self.events.put(ControlEvent(0.0, "record", 1.0, "option"))
        return Recording(self.options, self.size, self.listening, self.tell)

    def _show_changed(self, show: Show) -> None:
        """On the watcher's thread: check the mapping, then hand the new show over."""
        mapping = self.bindings.of(show)
        self.hands.map(mapping)
        self.listening.show.put(show)
        self._prepare = True

    def run(self) -> None:
        """Play until the time is up, the song ends, the window is closed or a key says so."""
        self.window.on_key(self._key)
        self.watcher.start()
        self.desk.start()
        start = second = monotonic()
        while not self._over(start):
            self._turn()
            if monotonic() - second >= 1.0:
                second += 1.0
                self._guarded(self._report)

    def _over(self, start: float) -> bool:
        limit = self.options.seconds
        timed_out = limit is not None and monotonic() - start >= limit
        ended = self.listening.source.finished
        return self.farewell.over or timed_out or ended or self.window.should_close

    def _key(self, name: str) -> None:
        if self.output_hands.key(name):
            return
        if name in QUIT_KEYS:
            self.farewell.ask()
        elif name == FULLSCREEN_KEY:
            self.window.toggle_fullscreen()
        for event in events_for_key(name, self.clock.now()):
            self.events.put(event)
            self.key_events += 1
        self.operator.key(name)

    def _turn(self) -> None:
        """One display frame, and how long it took from sound to light."""
        begun = monotonic()
        self._guarded(self._draw)
        self.window.swap()
        shown = self.clock.now() - (monotonic() - self.window.swapped)
        waits = 0.0 if self._software else self.window.presentation
        self.latency.frame(begun, self.window.swapped, shown, waits)
        self.stats.display(self.window.frame_seconds * 1000.0)
        self.window.poll()
        self.hands.pads.look()

    def _guarded(self, work: Callable[[], None]) -> None:
        """Whatever fails, the last good picture stays; it is counted, and told once."""
        try:
            work()
        except Exception as error:
            self.faults += 1
            if self.faults == 1:
                self.tell(f"going on after {type(error).__name__}: {error}")

    def _draw(self) -> None:
        for path in self._shaders.drain():
            self.compositor.reload_shader(path)
            self._prepare = True
        if self._prepare:
            self._prepare = False
            show = self.listening.show.get()
            self.compositor.look_in(shader_folders(show))
            prepare(self.compositor, show, strict=False)
            self.generator.forgive()
            self.notices.shaders(self.compositor.faults.values())
        self.compositor.prepare_next()  # In the first turns of all, while the model is loaded.
        seen = self.clock.now() + self.latency.lead
        meant = seen + self.tempo.offset_ms / 1000.0
        moment = self.listening.moment_at(meant)
        params = self.drawn = self._params(meant, moment)
        self.generator.expect(coming_models(moment, self.listening.show.get()))
        frame = self.generator.latest()
        if frame is not None and frame.number != self._shown and not params.freeze:
            self._shown = frame.number
            self.compositor.show(frame)
        if not params.freeze:
            self.sourcing.submit(self.paced, params, frame.seconds if frame else 0.0)
        self.compositor.draw(self.farewell.dim(params))
        self.output_hands.step()
        self.window.show(*self.compositor.picture)
        if self.page:
            self.page.live.step()
        self.recording.step(moment.controls.record, seen, self.compositor.read_late)

    def _params(self, time: float, moment: Moment) -> FrameParams:
        """What to draw so that it fits the sound when it is seen."""
        self._index += 1
        self.latency.known = moment.time
        dt, self._before = time - self._before, time
        return resolve(time, self._index, dt, moment, self.listening.show.get())

    def _report(self) -> None:
        """Once a second: what is new is told, and the line of --stats."""
        self.notices.second(self)
        self.listening.graph.launches.lead = self.latency.lead
        self.row = reporting.stats_row(self)
        if self.writer:
            self.writer.write(self.row)

    def summary(self) -> str:
        """One line at the end of the evening."""
        return reporting.summary(self)
