"""What becomes of each key of a Deforum settings file that is not a schedule of ours: one table.

A rule is a pattern of keys, when it matters, and why it cannot be kept. Keys of parts that are
switched off say nothing of the film. Names and defaults after deforum's args.py
(github.com/deforum-art/sd-webui-deforum).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_OFF = (None, "", False, 0, "0", "None", "none", "Disabled", "False", "false")


@dataclass(frozen=True, slots=True)
class Rule:
    """Keys that match `keys` and differ from `usual` are told with `why`.

    Only while one of `switches` is on (none: always); a rule without `why` is never told.
    """

    keys: str
    why: str = ""
    switches: tuple[str, ...] = ()
    usual: tuple[Any, ...] = _OFF


RULES = (
    Rule(r"cn_(\d)_.*", "ControlNet has no counterpart", ("cn_{1}_enabled",)),
    Rule(r"(enable_)?perspective_flip.*|diffusion_cadence|border|padding_mode"),
    Rule(r"use_looper|init_images|image_strength_schedule|blendFactor.*|tweening_.*|color_corr.*",
         "guided images have no counterpart", ("use_looper",)),
    Rule(r"hybrid_.*", "hybrid video has no counterpart; a [[layers]] video can lie under the "
         "picture", ("hybrid_composite", "hybrid_motion", "hybrid_generate_inputframes")),
    Rule(r"video_init_path|extract_.*|overwrite_extracted.*", "a film as input: lay it under the "
         "picture with [[layers]] video", ("=animation_mode=Video Input",)),
    Rule(r"use_mask_video|video_mask_path", "masks have no counterpart", ("use_mask_video",)),
    Rule(r"use_mask|use_alpha_as_mask|mask_file|invert_mask|mask_.*adjust|mask_overlay_blur|"
         r"overlay_mask|fill|full_res_mask.*", "masks have no counterpart", ("use_mask",)),
    Rule(r"use_noise_mask|mask_schedule|noise_mask_schedule", "masks have no counterpart",
         ("use_noise_mask",)),
    Rule(r"use_init|init_image.*|strength|strength_0_no_init", "the first picture comes from noise",
         ("use_init",)),
    Rule(r"(enable_)?checkpoint_schedul.*", "the model stays; see --model",
         ("enable_checkpoint_scheduling",)),
    Rule(r"(enable_)?sampler_schedul.*|(enable_)?scheduler_schedul.*", "a few-step model has one "
         "sampler", ("enable_sampler_scheduling", "enable_scheduler_scheduling")),
    Rule(r"(enable_)?steps_schedul.*", "a few-step model has its own steps",
         ("enable_steps_scheduling",)),
    Rule(r"(enable_)?clipskip_schedul.*", "the text encoder is used whole",
         ("enable_clipskip_scheduling",)),
    Rule(r"(enable_)?(ddim|ancestral)_eta_schedul.*|ddim_eta", "a few-step model has no eta",
         ("enable_ddim_eta_scheduling", "enable_ancestral_eta_scheduling")),
    Rule(r"(enable_)?noise_multiplier_schedul.*", "the noise is always in full",
         ("enable_noise_multiplier_scheduling",), ("0: (1)", "0: (1.0)", "0:(1)")),
    Rule(r"(enable_)?subseed_.*", "subseeds; a seed may have a fraction here: the way to the next",
         ("enable_subseed_scheduling", "seed_enable_extras")),
    Rule(r"seed_(enable_extras|resize.*)|subseed.*", "subseeds have no counterpart",
         ("seed_enable_extras",)),
    Rule(r"contrast_schedule", "the engine holds the contrast itself", (),
         ("0: (1.0)", "0:(1.0)", "0: (1)", "0:(1)")),
    Rule(r"color_coherence.*|legacy_colormatch", "the engine holds the colours itself", (),
         (*_OFF, 1)),
    Rule(r"color_force_grayscale", "put [[effects]] shader = 'colour' over it instead"),
    Rule(r"(amount|kernel|sigma|threshold)_schedule", "the engine sharpens by itself"),
    Rule(r"noise_type|perlin_.*", "noise is not shaped", (), ("uniform",)),
    Rule(r"optical_flow_redo.*|diffusion_redo|redo_flow.*", "a picture is not drawn twice",
         ("optical_flow_redo_generation", "diffusion_redo")),
    Rule(r"optical_flow_cadence|cadence_flow.*"),  # flow is there at any cadence
    Rule(r"use_depth_warping|midas_weight|depth_algorithm|near_schedule|far_schedule|fov_schedule|"
         r"aspect_ratio.*|sampling_mode", "no depth is estimated: the camera moves before a flat "
         "picture", ("=animation_mode=3D",)),
    Rule(r"transform_center_.*", "zoom and turn are about the middle", (), ("0: (0.5)", "0:(0.5)")),
    Rule(r"pix2pix_img_cfg_scale.*", "no instruct-pix2pix", ("pix2pix",)),
    Rule(r"sampler|scheduler|steps|ddim_eta|dynamic_threshold|static_threshold|restore_faces|"
         r"tiling|sd_model_.*|scale|precision|prompt_weighting|normalize_prompt_weights|"
         r"freeu.*|kohya.*", "belongs to another model", (), (*_OFF, True, 7)),
    Rule(r"add_soundtrack|soundtrack_path", "the song is given to render", ("add_soundtrack",)),
    Rule(r"resume_.*", "render --resume goes on", ("resume_from_timestring",)),
    Rule(r"frame_interpolation_.*", "pictures between are drawn by moving the last one",
         ("=frame_interpolation_engine",)),
    Rule(r"r_upscale_.*", "say --size", ("r_upscale_video",)),
    Rule(r"animation_mode", "no counterpart: read as 2D", (), ("2D", "3D", "None", None)),
    Rule(r"W|H|fps|max_frames|prompts|animation_prompts.*|positive_prompts|negative_prompts|seed|"
         r"seed_behavior|seed_iter_N|seed_schedule|parseq_.*"),
    Rule(r"batch_name|n_batch|n_samples|outdir|filename_format|save_.*|display_samples|show_.*|"
         r"show_sample.*|log_.*|motion_preview_mode|reroll_.*|skip_video.*|make_gif|delete_.*|"
         r"image_path|mp4_path|ffmpeg_.*|render_steps|path_name_modifier|store_frames.*|"
         r"timestring|C|f|prompt|mask_image|init_latent|init_sample|init_c|noise_mask|seed_internal|"
         r"deforum_git.*|max_video_frames|use_manual_settings|make_grid|grid_rows|"
         r"override_settings_.*|custom_settings_file|diffusion_cadence_.*"),
)


def not_kept(settings: Mapping[str, Any]) -> list[str]:
    """A line for each rule with what of it cannot be kept; keys nobody knows come last."""
    told: dict[str, list[str]] = {}
    unknown = []
    for key, value in settings.items():
        rule, match = _rule(key)
        if rule is None or match is None:
            unknown.append(key)
        elif rule.why and value not in rule.usual and _on(rule, match, settings):
            told.setdefault(rule.why, []).append(f"{key} = {_short(value)}")
    lines = [f"{', '.join(keys)}: {why}" for why, keys in told.items()]
    return [*lines, f"{', '.join(unknown)}: not known"] if unknown else lines


def _rule(key: str) -> tuple[Rule | None, re.Match[str] | None]:
    for rule in RULES:
        if match := re.fullmatch(rule.keys, key):
            return rule, match
    return None, None


def _on(rule: Rule, match: re.Match[str], settings: Mapping[str, Any]) -> bool:
    """`{1}` in a switch is the first group of the key, `=key=value` asks for a value."""
    if not rule.switches:
        return True
    for switch in rule.switches:
        key, _, value = switch.removeprefix("=").partition("=")
        key = key.replace("{1}", match[1]) if "{1}" in key else key
        if settings.get(key) == value if value else settings.get(key) not in _OFF:
            return True
    return False


def _short(value: Any) -> str:
    text = str(value)
    return text if len(text) <= 40 else f"{text[:37]}..."
