"""The model in the formats of other runtimes: TF Lite, ONNX, Core ML; each run after it is made.

Importing this package does not import TensorFlow.
"""
