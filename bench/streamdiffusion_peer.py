"""Draws with the streamdiffusion package, in an environment of its own (see peers.py).

Run as `PYTHON streamdiffusion_peer.py FOLDER WIDTHxHEIGHT DEVICE`; imports nothing of ours. After
"ready" on standard output each line of standard input, "STEPS COUNT", is answered by a JSON list
of COUNT durations in milliseconds, uint8 picture in to uint8 picture out. On the processor the
package's CUDA events, which time nothing but its own statistics, are replaced by empty ones.
"""

import json
import sys
import time
import warnings

import numpy as np
import torch

warnings.simplefilter("ignore")
WORDS = "red and black spiral"


class NoEvent:
    """In the place of torch.cuda.Event where there is no CUDA."""

    def __init__(self, **_):
        pass

    def record(self, *_):
        pass

    def elapsed_time(self, _):
        return 0.0


def timesteps(steps):
    """Indices into 50 steps, evenly spaced from the middle down: as many UNet rows."""
    return [25 + round(24 * k / steps) for k in range(steps)]


def main(folder, size, device):
    from diffusers import StableDiffusionPipeline
    from diffusers.utils import logging
    from streamdiffusion import StreamDiffusion

    logging.set_verbosity_error()
    logging.disable_progress_bar()
    if device == "cpu":
        torch.cuda.Event, torch.cuda.synchronize = NoEvent, lambda *_: None
    width, height = (int(side) for side in size.split("x"))
    dtype = torch.float32 if device == "cpu" else torch.float16
    pipe = StableDiffusionPipeline.from_pretrained(
        folder, torch_dtype=dtype, local_files_only=True, safety_checker=None,
        low_cpu_mem_usage=False).to(device)
    pipe.set_progress_bar_config(disable=True)
    if device != "cpu":
        try:  # as its README does; slower without, and the package itself does not need it
            pipe.enable_xformers_memory_efficient_attention()
        except Exception:
            pass
    random = np.random.default_rng(1)
    picture = random.integers(0, 255, (height, width, 3), np.uint8)
    streams = {}

    def stream_of(steps):
        if steps not in streams:
            made = StreamDiffusion(pipe, timesteps(steps), torch_dtype=dtype, width=width,
                                   height=height, cfg_type="none")
            made.prepare(WORDS, num_inference_steps=50, guidance_scale=1.0)
            streams[steps] = made
        return streams[steps]

    def draw(steps):
        from PIL import Image

        stream = stream_of(steps)
        made = stream(Image.fromarray(picture))
        return stream.image_processor.postprocess(made.float(), output_type="pil")[0]

    print("ready", flush=True)
    for line in sys.stdin:
        steps, count = (int(word) for word in line.split())
        times = []
        for _ in range(count):
            start = time.perf_counter()
            draw(steps)
            times.append((time.perf_counter() - start) * 1e3)
        print(json.dumps(times), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
