"""Hooks: what users hang into the loop, step by step or every so many steps."""
