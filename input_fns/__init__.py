"""Where examples come from: one source, one file."""
