"""`tf.compat.v1.nn.rnn_cell`, which TensorFlow has lost with Keras 3."""

from kerasrun.bridge.v1_layers.rnn_cell.basic_cells import BasicRNNCell, GRUCell
from kerasrun.bridge.v1_layers.rnn_cell.cell import LSTMStateTuple, RNNCell
from kerasrun.bridge.v1_layers.rnn_cell.dropout_wrapper import DropoutWrapper
from kerasrun.bridge.v1_layers.rnn_cell.lstm_cells import BasicLSTMCell, LSTMCell
from kerasrun.bridge.v1_layers.rnn_cell.multi_rnn_cell import MultiRNNCell
from kerasrun.bridge.v1_layers.rnn_cell.wrappers import DeviceWrapper, ResidualWrapper

__all__ = [
    "BasicLSTMCell",
    "BasicRNNCell",
    "DeviceWrapper",
    "DropoutWrapper",
    "GRUCell",
    "LSTMCell",
    "LSTMStateTuple",
    "MultiRNNCell",
    "RNNCell",
    "ResidualWrapper",
]
