"""Sweeps: many runs of one model file, whose parameters differ."""
