"""Answers the clients of TensorFlow Serving from SavedModels, over REST and gRPC.

`ModelStore` (`store.py`) holds the versions that are on disk as `Servable`s (`servable.py`);
`Batcher` (`batching.py`) runs requests on them, several at once.
"""
