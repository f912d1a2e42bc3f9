"""Reads and writes the text file `checkpoint` of a folder, which may lie in a store."""

import os

import tensorflow as tf

from kerasrun.bridge.checkpoint_list import FILE, CheckpointState, state_of, text_of
from kerasrun.exporters.durable import write_whole


def read_state(model_dir: str) -> CheckpointState:
    """Reads the file; an absent or damaged one holds nothing."""
    try:
        with tf.io.gfile.GFile(os.path.join(model_dir, FILE), "rb") as file:
            text = file.read().decode(errors="replace")
    except tf.errors.NotFoundError:
        return CheckpointState()
    return state_of(text)


def write_state(model_dir: str, state: CheckpointState) -> None:
    """Writes the file whole, in place of the one before."""
    write_whole(os.path.join(model_dir, FILE), text_of(state))
