"""A record of every run, as plain files."""
