"""The model once it leaves training."""
