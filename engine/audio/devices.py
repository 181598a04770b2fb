"""PortAudio, held at arm's length: devices by name, and re-reading the list of devices.

PortAudio freezes its device list when it starts and can read it anew only with no stream open,
so open streams are counted here. Every failure becomes a DeviceError of one line. The library is
loaded at the first call; all functions may take a second: never call them on the frame path.
"""

from __future__ import annotations

import atexit
import threading

from engine.audio import jack_client
from engine.errors import DeviceError

_lock = threading.RLock()
_open_streams = 0
_lost: list = []  # streams of a JACK server that has gone
_jack: str | None = None  # PortAudio's client of a JACK server; None: PortAudio is not loaded


def portaudio():
    """The sounddevice module; DeviceError where PortAudio is not installed or does not start."""
    try:
        import sounddevice
    except OSError as error:
        raise DeviceError(
            f"sound: PortAudio cannot be loaded ({error}); Debian and Ubuntu: apt install"
            " libportaudio2"
        ) from error
    except Exception as error:  # PortAudioError while it starts
        raise DeviceError(f"sound: PortAudio does not start ({error})") from error
    with _lock:
        if _jack is None:
            _watch_over(sounddevice)
    return sounddevice


def _watch_over(sd) -> None:
    """Once: PortAudio is ended at the exit only where it can be."""
    global _jack
    _jack = jack_client.client_name(sd)
    atexit.unregister(sd._exit_handler)
    atexit.register(lambda: jack_client.is_known(_jack or "") and sd._exit_handler())


def steady():
    """The lock under which the list of devices stays as it is, so that an index means the same."""
    return _lock


def rescan() -> None:
    """Read the list of devices anew; does nothing while a stream is open.

    Raises DeviceError, also where the JACK server has gone that PortAudio was a client of: ending
    PortAudio would abort the show. The devices of before can be opened still.
    """
    global _jack
    sd = portaudio()
    with _lock:
        if _open_streams:
            return
        if not jack_client.is_known(_jack or ""):
            raise DeviceError("sound: the JACK server has gone; its inputs, and what is plugged in "
                              "now, are heard after a new start, others at once")
        try:
            sd._terminate()
            sd._initialize()
            _jack = jack_client.client_name(sd)
        except sd.PortAudioError as error:
            raise DeviceError(f"sound: PortAudio does not start again ({error})") from error


def list_inputs() -> list[str]:
    """Names of the sound inputs there are now; empty where there are none."""
    return [device["name"] for _, device in _inputs()]


def _inputs() -> list[tuple[int, dict]]:
    sd = portaudio()
    try:
        with _lock:
            devices = sd.query_devices()
    except sd.PortAudioError as error:
        raise DeviceError(f"sound: the devices cannot be listed ({error})") from error
    return [(k, d) for k, d in enumerate(devices) if d["max_input_channels"] > 0]


def find_input(name: str) -> tuple[int, dict]:
    """Index and description of the input called `name`.

    A name in full wins over a part of one, both without regard to case; "default" is the
    system's. DeviceError lists what there is.
    """
    inputs = _inputs()
    if not inputs:
        raise DeviceError(f"sound input {name!r}: this machine has no sound input")
    wanted = name.strip().lower()
    if wanted == "default":
        return _default_input(inputs)
    for matches in (lambda d: d["name"].lower() == wanted, lambda d: wanted in d["name"].lower()):
        for index, device in inputs:
            if matches(device):
                return index, device
    names = ", ".join(device["name"] for _, device in inputs)
    raise DeviceError(f"sound input {name!r}: no such device; there are: {names}")


def _default_input(inputs: list[tuple[int, dict]]) -> tuple[int, dict]:
    index = portaudio().default.device[0]
    return next(((k, d) for k, d in inputs if k == index), inputs[0])


def has_output() -> bool:
    """Whether there is a default sound output."""
    try:
        sd = portaudio()
        sd.query_devices(kind="output")
    except (DeviceError, ValueError, sd.PortAudioError):
        return False
    return True


def open_stream(kind: str, **settings):
    """Open and start an InputStream or OutputStream; DeviceError if the device refuses."""
    global _open_streams
    sd = portaudio()
    with _lock:
        try:
            stream = getattr(sd, kind)(**settings)
        except (sd.PortAudioError, ValueError) as error:
            raise DeviceError(f"sound device {settings.get('device')}: {error}") from error
        _open_streams += 1
        try:
            stream.start()
        except sd.PortAudioError as error:
            close_stream(stream)
            raise DeviceError(f"sound device {settings.get('device')}: {error}") from error
    return stream


def close_stream(stream) -> None:
    """End a stream, whatever state its device is in."""
    global _open_streams
    sd = portaudio()
    with _lock:
        try:
            if _is_lost(sd, stream):
                _lost.append(stream)
            else:
                stream.close(ignore_errors=True)
        except sd.PortAudioError:
            pass
        _open_streams -= 1


def _is_lost(sd, stream) -> bool:
    """Whether its JACK server has gone: closing it would wait for ever."""
    if not _jack:
        return False
    host = sd.query_devices(stream.device)["hostapi"]
    return sd.query_hostapis(host)["name"] == jack_client.HOST and not jack_client.is_known(_jack)
