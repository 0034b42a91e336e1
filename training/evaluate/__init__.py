"""Ranks checkpoints: estimated rate and PSNR over the evaluation clips, against x264 measured the same way."""
