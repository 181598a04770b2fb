"""Settings as Deforum writes them: its own defaults, and ten films of our making.

Keys and default values are those of args.py and default_settings.txt of
github.com/deforum-art/sd-webui-deforum (DeforumArgs, DeforumAnimArgs, ParseqArgs, LoopArgs,
DeforumOutputArgs); the prompts are ours, of the same make.
"""

import json

_FRUIT = (
    "(wide valley:1.0), (apple:`where(cos(6.28*t/10)>0, 1.8*cos(6.28*t/10), 0.001)`), "
    "(lemon:`where(cos(6.28*t/10)<0, -1.8*cos(6.28*t/10), 0.001)`), snow, oil painting "
    "--neg (apple:`where(cos(6.28*t/10)<0, -1.8*cos(6.28*t/10), 0.001)`), blurry"
)
PROMPTS = {"0": _FRUIT, "60": "a beautiful (((banana))), studio photo",
           "80": "a glass jellyfish --neg photo, realistic",
           "100": "a stone arch at dusk"}  # fmt: skip

OLD_DEFAULTS = {
    "W": 512, "H": 512, "tiling": False, "restore_faces": False, "seed_enable_extras": False,
    "subseed": -1, "subseed_strength": 0, "seed_resize_from_w": 0, "seed_resize_from_h": 0,
    "seed": -1, "sampler": "euler_ancestral", "steps": 25, "scale": 7, "ddim_eta": 0.0,
    "dynamic_threshold": None, "static_threshold": None, "save_samples": True,
    "save_settings": True, "display_samples": True, "save_sample_per_step": False,
    "show_sample_per_step": False, "prompt_weighting": False, "normalize_prompt_weights": True,
    "log_weighted_subprompts": False, "n_batch": 1, "batch_name": "Deforum",
    "filename_format": "{timestring}_{index}_{prompt}.png", "seed_behavior": "iter",
    "seed_iter_N": 1, "outdir": "", "use_init": False, "strength": 0.0,
    "strength_0_no_init": True, "init_image": "kaba.png", "use_mask": False,
    "use_alpha_as_mask": False, "mask_file": "mask.jpg", "invert_mask": False,
    "mask_contrast_adjust": 1.0, "mask_brightness_adjust": 1.0, "overlay_mask": True,
    "mask_overlay_blur": 5, "fill": 1, "full_res_mask": True, "full_res_mask_padding": 4,
    "reroll_blank_frames": "reroll", "n_samples": 1, "precision": "autocast", "C": 4, "f": 8,
    "prompt": "", "timestring": "", "init_latent": None, "init_sample": None, "init_c": None,
    "mask_image": None, "noise_mask": None, "seed_internal": 0, "prompts": PROMPTS,
    "animation_mode": "2D", "max_frames": 120, "border": "replicate", "angle": "0:(0)",
    "zoom": "0:(1.02+0.02*sin(2*3.14*t/20))", "translation_x": "0:(0)", "translation_y": "0:(0)",
    "translation_z": "0:(10)", "rotation_3d_x": "0:(0)", "rotation_3d_y": "0:(0)",
    "rotation_3d_z": "0:(0)", "enable_perspective_flip": False, "perspective_flip_theta": "0:(0)",
    "perspective_flip_phi": "0:(t%15)", "perspective_flip_gamma": "0:(0)",
    "perspective_flip_fv": "0:(53)", "noise_schedule": "0: (0.065)",
    "strength_schedule": "0: (0.65)", "contrast_schedule": "0: (1.0)",
    "cfg_scale_schedule": "0: (7)", "enable_steps_scheduling": False, "steps_schedule": "0: (25)",
    "fov_schedule": "0: (70)", "near_schedule": "0: (200)", "far_schedule": "0: (10000)",
    "seed_schedule": "0:(5), 1:(-1), 219:(-1), 220:(5)", "enable_sampler_scheduling": False,
    "sampler_schedule": '0: ("Euler a")', "use_noise_mask": False,
    "mask_schedule": '0: ("!({everywhere}^({init_mask}|{video_mask}) ) ")',
    "noise_mask_schedule": '0: ("!({everywhere}^({init_mask}|{video_mask}) ) ")',
    "enable_checkpoint_scheduling": False,
    "checkpoint_schedule": '0: ("model1.ckpt"), 100: ("model2.ckpt")',
    "enable_clipskip_scheduling": False, "clipskip_schedule": "0: (2)",
    "kernel_schedule": "0: (5)", "sigma_schedule": "0: (1.0)", "amount_schedule": "0: (0.1)",
    "threshold_schedule": "0: (0.0)", "hybrid_comp_alpha_schedule": "0:(1)",
    "hybrid_comp_mask_blend_alpha_schedule": "0:(0.5)",
    "hybrid_comp_mask_contrast_schedule": "0:(1)",
    "hybrid_comp_mask_auto_contrast_cutoff_high_schedule": "0:(100)",
    "hybrid_comp_mask_auto_contrast_cutoff_low_schedule": "0:(0)",
    "color_coherence": "Match Frame 0 LAB", "color_coherence_video_every_N_frames": 1,
    "color_force_grayscale": False, "diffusion_cadence": "1", "noise_type": "perlin",
    "perlin_w": 8, "perlin_h": 8, "perlin_octaves": 4, "perlin_persistence": 0.5,
    "use_depth_warping": True, "midas_weight": 0.3, "padding_mode": "border",
    "sampling_mode": "bicubic", "save_depth_maps": False, "video_init_path": "vid.mp4",
    "extract_nth_frame": 1, "extract_from_frame": 0, "extract_to_frame": -1,
    "overwrite_extracted_frames": True, "use_mask_video": False, "video_mask_path": "video_in.mp4",
    "hybrid_generate_inputframes": False, "hybrid_generate_human_masks": "None",
    "hybrid_use_first_frame_as_init_image": True, "hybrid_motion": "None",
    "hybrid_motion_use_prev_img": False, "hybrid_flow_method": "Farneback",
    "hybrid_composite": False, "hybrid_comp_mask_type": "None", "hybrid_comp_mask_inverse": False,
    "hybrid_comp_mask_equalize": "None", "hybrid_comp_mask_auto_contrast": False,
    "hybrid_comp_save_extra_frames": False, "resume_from_timestring": False,
    "resume_timestring": "20220829210106", "parseq_manifest": None, "parseq_use_deltas": True,
    "use_looper": False, "init_images": '{"0": "a.png", "50": "b.png"}',
    "image_strength_schedule": "0:(0.6)", "blendFactorMax": "0:(0.6)",
    "blendFactorSlope": "0:(0.25)", "tweening_frames_schedule": "0:(0.25)",
    "color_correction_factor": "0:(0.075)", "skip_video_for_run_all": False, "fps": 15,
    "image_path": "20230124234916_%05d.png", "mp4_path": "testvidmanualsettings.mp4",
    "ffmpeg_location": "ffmpeg", "ffmpeg_crf": "17", "ffmpeg_preset": "slow",
    "add_soundtrack": "None", "soundtrack_path": "sound.mp3", "render_steps": False,
    "path_name_modifier": "x0_pred", "store_frames_in_ram": False,
    "frame_interpolation_engine": "RIFE v4.6", "frame_interpolation_x_amount": "Disabled",
    "frame_interpolation_slow_mo_amount": "Disabled", "frame_interpolation_keep_imgs": False,
}  # fmt: skip
"""The defaults of the first public versions: 2D, all of args.py."""

NEW_DEFAULTS = {
    **OLD_DEFAULTS, "sampler": "Euler a", "strength": 0.8, "mask_overlay_blur": 4, "fill": 0,
    "reroll_blank_frames": "ignore", "reroll_patience": 10.0, "motion_preview_mode": False,
    "show_info_on_ui": True, "positive_prompts": "", "negative_prompts": "nsfw, nude",
    "animation_mode": "3D", "zoom": "0: (1.0025+0.002*sin(1.25*3.14*t/30))",
    "translation_z": "0: (1.75)", "transform_center_x": "0: (0.5)",
    "transform_center_y": "0: (0.5)", "perspective_flip_phi": "0: (0)",
    "aspect_ratio_schedule": "0: (1)", "aspect_ratio_use_old_formula": False,
    "seed_schedule": '0:(s), 1:(-1), "max_f-2":(-1), "max_f-1":(s)',
    "pix2pix_img_cfg_scale_schedule": "0:(1.5)", "enable_subseed_scheduling": False,
    "subseed_schedule": "0: (1)", "subseed_strength_schedule": "0: (0)",
    "enable_noise_multiplier_scheduling": True, "noise_multiplier_schedule": "0: (1.05)",
    "enable_ddim_eta_scheduling": False, "ddim_eta_schedule": "0: (0)",
    "enable_ancestral_eta_scheduling": False, "ancestral_eta_schedule": "0: (1)",
    "color_coherence": "LAB", "color_coherence_image_path": "", "legacy_colormatch": False,
    "diffusion_cadence": 2, "optical_flow_cadence": "None",
    "cadence_flow_factor_schedule": "0: (1)", "optical_flow_redo_generation": "None",
    "redo_flow_factor_schedule": "0: (1)", "diffusion_redo": "0",
    "depth_algorithm": "Midas-3-Hybrid", "midas_weight": 0.2, "extract_to_frame": -1,
    "hybrid_comp_alpha_schedule": "0:(0.5)", "hybrid_flow_factor_schedule": "0:(1)",
    "hybrid_flow_consistency": False, "hybrid_consistency_blur": 2, "hybrid_composite": "None",
    "hybrid_flow_method": "RAFT", "hybrid_use_init_image": False,
    "init_images": '{"0": "a.png", "max_f/4-5": "b.png", "max_f-20": "a.png"}',
    "image_strength_schedule": "0:(0.75)", "blendFactorMax": "0:(0.35)",
    "tweening_frames_schedule": "0:(20)", "skip_video_creation": False, "make_gif": False,
    "delete_imgs": False, "delete_input_frames": False, "r_upscale_video": False,
    "r_upscale_factor": "x2", "r_upscale_model": "realesr-animevideov3",
    "r_upscale_keep_imgs": True, "frame_interpolation_engine": "None",
    "frame_interpolation_x_amount": 2, "frame_interpolation_slow_mo_enabled": False,
    "frame_interpolation_slow_mo_amount": 2, "frame_interpolation_use_upscaled": False,
    "sd_model_name": "some.safetensors", "sd_model_hash": "0", "deforum_git_commit_id": "0",
    **{
        f"cn_{n}_{key}": value
        for n in range(1, 6)
        for key, value in {
            "overwrite_frames": True, "vid_path": "", "mask_vid_path": "", "enabled": False,
            "low_vram": False, "pixel_perfect": False, "module": "none", "model": "None",
            "weight": "0:(1)", "guidance_start": "0:(0.0)", "guidance_end": "0:(1.0)",
            "processor_res": 64, "threshold_a": 64, "threshold_b": 64,
            "resize_mode": "Inner Fit (Scale to Fit)", "control_mode": "Balanced",
            "loopback_mode": False,
        }.items()
    },
}  # fmt: skip
"""default_settings.txt of the last versions: 3D."""


def _film(**settings: object) -> dict[str, object]:
    short = {"animation_mode": "2D", "max_frames": 60, "fps": 12, "seed": 7}
    return {**short, "seed_behavior": "fixed", "prompts": {"0": "sea"}, **settings}


OWN = {
    "heartbeat": _film(zoom="0:(1.01 + 0.02*abs(sin(3.14*t/6))**8)", cfg_scale_schedule="0:(2)"),
    "steps": _film(zoom="0:(1.0), 20:(1.05), 40:(1.0)", angle="0:(-2), 30:(2), 31:(-2)"),
    "drift": _film(translation_x="0:(10*cos(t/9))", translation_y="0:(3), 59:(-3)",
                   W=768, H=432),
    "flight": _film(animation_mode="3D", translation_z="0:(2), 30:(6)", rotation_3d_y="0:(0.4)",
                    rotation_3d_z="0:(sin(t/5))", translation_x="0:(2*sin(t/7))",
                    fov_schedule="0:(60)"),
    "breath": _film(strength_schedule="0:(0.7), 30:(0.4), 31:(0.7)", noise_schedule="0:(0.02)"),
    "seeds": _film(seed_behavior="schedule",
                   seed_schedule="0:(5), 10:(5), 11:(9), 30:(-1), 50:(3)"),
    "ladder": _film(seed_behavior="ladder", zoom="0:(1.02)", diffusion_cadence=3),
    "words": _film(
        prompts={"0": "a (red:`0.5+0.5*sin(t/4)`) house", "max_f/2": "city :0.7 AND forest :0.3",
                 "40": "{neon} street <lora:x:0.8> --neg day"}),
    "strange": _film(zoom="0:(1 + 0.01*arctan2(t, 9))", angle="0:(where((t>3)&(t<9), 1, 0))",
                     translation_x="0:(1", strength_schedule="0:(nonsense(t))"),
    "late": _film(zoom="10:(1.02), 20:(max(1, 1.04 - t/1000))",
                  prompts=json.dumps({"0": "a", "30": "b"})),
}  # fmt: skip
"""Ten films: waves, joined numbers, all motions in 2D and 3D, seeds, prompts, and odd ones."""
