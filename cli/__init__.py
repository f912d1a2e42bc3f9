"""The command: one command, one file."""
