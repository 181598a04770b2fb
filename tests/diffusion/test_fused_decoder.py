"""The fused coder and decoder draw what the real ones draw."""

import torch
from diffusers import AutoencoderTiny

from engine.diffusion.fused import fuse_decoder, fuse_encoder


@torch.inference_mode()
def test_equal_but_for_the_outermost_pixels(ours_model):
    fused = fuse_decoder(ours_model.vae)
    latents = torch.randn(1, 4, 8, 12, generator=torch.Generator().manual_seed(1))
    expected = ours_model.vae.decode(latents).sample / 2 + 0.5
    difference = (fused(latents) - expected).abs()
    assert difference[..., 1:-1, 1:-1].max() < 1e-5
    assert difference.mean() < 0.05 * expected.std()


@torch.inference_mode()
def test_encoder_equal_to_the_edge(ours_model):
    fused = fuse_encoder(ours_model.vae)
    picture = torch.rand(1, 3, 64, 96, generator=torch.Generator().manual_seed(2))
    expected = ours_model.vae.encode(picture * 2 - 1).latents
    assert (fused(picture) - expected).abs().max() < 1e-5


def test_other_layouts_keep_their_own_layers(turbo_model):
    assert fuse_decoder(turbo_model.vae) is None and fuse_encoder(turbo_model.vae) is None
    blocks_at_full_size = AutoencoderTiny(
        encoder_block_out_channels=(8,) * 4, decoder_block_out_channels=(8,) * 4,
        num_encoder_blocks=(1, 1, 1, 1), num_decoder_blocks=(1, 1, 1, 1))
    assert fuse_decoder(blocks_at_full_size) is None
    assert fuse_encoder(blocks_at_full_size) is None
