"""`tf.compat.v1.layers`, which TensorFlow has lost with Keras 3, on `get_variable` and `tf.nn`."""

from keras import InputSpec

from kerasrun.bridge.v1_layers import experimental
from kerasrun.bridge.v1_layers.batch_normalization import BatchNormalization, batch_normalization
from kerasrun.bridge.v1_layers.convolution import Conv1D, Conv2D, Conv3D, conv1d, conv2d, conv3d
from kerasrun.bridge.v1_layers.dense import Dense, dense
from kerasrun.bridge.v1_layers.dropout import Dropout, dropout
from kerasrun.bridge.v1_layers.flatten import Flatten, flatten
from kerasrun.bridge.v1_layers.layer import Layer
from kerasrun.bridge.v1_layers.pooling import (
    AveragePooling1D,
    AveragePooling2D,
    AveragePooling3D,
    MaxPooling1D,
    MaxPooling2D,
    MaxPooling3D,
    average_pooling1d,
    average_pooling2d,
    average_pooling3d,
    max_pooling1d,
    max_pooling2d,
    max_pooling3d,
)
from kerasrun.bridge.v1_layers.separable_convolution import (
    SeparableConv1D,
    SeparableConv2D,
    separable_conv1d,
    separable_conv2d,
)
from kerasrun.bridge.v1_layers.transposed_convolution import (
    Conv2DTranspose,
    Conv3DTranspose,
    conv2d_transpose,
    conv3d_transpose,
)

__all__ = [
    "AveragePooling1D",
    "AveragePooling2D",
    "AveragePooling3D",
    "BatchNormalization",
    "Conv1D",
    "Conv2D",
    "Conv2DTranspose",
    "Conv3D",
    "Conv3DTranspose",
    "Dense",
    "Dropout",
    "Flatten",
    "InputSpec",
    "Layer",
    "MaxPooling1D",
    "MaxPooling2D",
    "MaxPooling3D",
    "SeparableConv1D",
    "SeparableConv2D",
    "average_pooling1d",
    "average_pooling2d",
    "average_pooling3d",
    "batch_normalization",
    "conv1d",
    "conv2d",
    "conv2d_transpose",
    "conv3d",
    "conv3d_transpose",
    "dense",
    "dropout",
    "experimental",
    "flatten",
    "max_pooling1d",
    "max_pooling2d",
    "max_pooling3d",
    "separable_conv1d",
    "separable_conv2d",
]
