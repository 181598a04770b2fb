"""Importing this imports all that a worker of the generator needs, before it is forked.

Nothing flows in or out; it runs once, in the nursery, and starts no thread and no device.
"""

import transformers.models.clip.modeling_clip
import transformers.models.clip.tokenization_clip  # noqa: F401

import engine.diffusion.stream  # noqa: F401
