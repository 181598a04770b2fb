"""How the small model that ships with Liquidlight was made.

Nothing here is installed with the package. `python -m training.train` goes from an empty folder to
a diffusers folder in engine/diffusion/small_model: procedural captioned pictures (pictures.py), an
autoencoder (autoencoder.py), a text encoder (words.py), a UNet (unet.py, sharpen.py) and the export
(export.py).
"""
