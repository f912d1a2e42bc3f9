"""Verdicts on `tf.contrib.*`: it ended with TensorFlow 1, so each name needs an edit at least.

What the official migration named as a replacement is named here, where it works today.
"""

from kerasrun.runs.old_programs.contrib_layers_names import LAYERS, LAYERS_GONE
from kerasrun.runs.old_programs.contrib_learn_names import LEARN, LEARN_GONE
from kerasrun.runs.old_programs.verdict import Verdict, edit, unsupported

_EDITS = {
    # tpu and its companions
    "tpu.RunConfig": "tf.estimator.RunConfig, without tpu_config=, cluster= and master=",
    "tpu.TPUEstimator": "tf.estimator.Estimator; the batch size comes from params= or the input_fn",
    "tpu.TPUEstimatorSpec": "tf.estimator.EstimatorSpec, with eval_metric_ops= for eval_metrics=",
    "tpu.TPUConfig": "leave it out, with tf.estimator.RunConfig",
    "tpu.InputPipelineConfig": "leave it out, with tf.estimator.RunConfig",
    "tpu.CrossShardOptimizer": "the optimizer itself, without it",
    "tpu.AsyncCheckpointSaverHook": "tf.estimator.CheckpointSaverHook",
    "tpu.bfloat16_scope": "leave it out",
    "tpu.cross_replica_sum": "leave it out",
    "cluster_resolver.TPUClusterResolver": "leave it out, with tf.estimator.Estimator",
    # training
    "training.HParams": "types.SimpleNamespace(...), or a dict for params=",
    "training.checkpoints_iterator": "tf.train.checkpoints_iterator",
    "training.create_train_op": "optimizer.minimize(loss, global_step=tf.compat.v1.train."
    "get_global_step())",
    "training.add_gradients_summaries": "tf.compat.v1.summary.histogram, for each gradient",
    "training.clip_gradient_norms": "tf.clip_by_norm, for each gradient",
    "training.evaluate_once": "tf.estimator.Estimator.evaluate",
    "training.evaluate_repeatedly": "tf.estimator.train_and_evaluate",
    "training.wait_for_new_checkpoint": "tf.train.checkpoints_iterator",
    "training.batch_sequences_with_states": "tf.data.Dataset.padded_batch",
    "training.bucket_by_sequence_length": "tf.data.Dataset.bucket_by_sequence_length",
    "predictor.from_saved_model": 'tf.saved_model.load(folder).signatures["serving_default"]',
    "predictor.from_estimator": "estimator.predict(input_fn)",
    "predictor.from_contrib_estimator": "estimator.predict(input_fn)",
    # data
    "data.AUTOTUNE": "tf.data.AUTOTUNE",
    "data.batch_and_drop_remainder": "dataset.batch(size, drop_remainder=True)",
    "data.padded_batch_and_drop_remainder": "dataset.padded_batch(..., drop_remainder=True)",
    "data.sloppy_interleave": "dataset.interleave(..., deterministic=False)",
    "data.Dataset": "tf.data.Dataset",
    "data.Iterator": "tf.compat.v1.data.Iterator",
    "data.TextLineDataset": "tf.data.TextLineDataset",
    "data.TFRecordDataset": "tf.data.TFRecordDataset",
    "data.read_batch_features": "tf.data.experimental.make_batched_features_dataset",
    "data.reduce_dataset": "dataset.reduce",
    "data.sliding_window_batch": "dataset.window",
    # tables
    "lookup.index_table_from_file": "tf.lookup.StaticVocabularyTable(tf.lookup."
    "TextFileInitializer(file, tf.string, tf.lookup.TextFileIndex.WHOLE_LINE, tf.int64, "
    "tf.lookup.TextFileIndex.LINE_NUMBER), num_oov_buckets)",
    "lookup.index_table_from_tensor": "tf.lookup.StaticVocabularyTable(tf.lookup."
    "KeyValueTensorInitializer(words, range_of_int64), num_oov_buckets)",
    "lookup.index_to_string_table_from_file": "tf.lookup.StaticHashTable(tf.lookup."
    "TextFileInitializer(file, tf.int64, tf.lookup.TextFileIndex.LINE_NUMBER, tf.string, "
    'tf.lookup.TextFileIndex.WHOLE_LINE), "UNK")',
    "lookup.index_to_string_table_from_tensor": "tf.lookup.StaticHashTable(tf.lookup."
    'KeyValueTensorInitializer(range_of_int64, words), "UNK")',
    "lookup.HashTable": "tf.lookup.StaticHashTable",
    "lookup.MutableHashTable": "tf.lookup.experimental.MutableHashTable",
    "lookup.MutableDenseHashTable": "tf.lookup.experimental.DenseHashTable",
    "lookup.IdTableWithHashBuckets": "tf.lookup.StaticVocabularyTable",
    "lookup.string_to_index": "tf.lookup.StaticVocabularyTable",
    # estimator, beyond the heads and hooks
    "estimator.clip_gradients_by_norm": "tf.clip_by_global_norm, before apply_gradients",
    "estimator.export_all_saved_models": "estimator.experimental_export_all_saved_models",
    "estimator.export_saved_model_for_mode": "estimator.experimental_export_all_saved_models",
    "estimator.LinearEstimator": "tf.estimator.LinearEstimator",
    "estimator.SavedModelEstimator": "tf.estimator.WarmStartSettings, or tf.saved_model.load",
    "estimator.DNNClassifierWithLayerAnnotations": "tf.estimator.DNNClassifier",
    # framework
    "framework.arg_scope": "tf_slim.arg_scope (pip install tf-slim)",
    "framework.add_arg_scope": "tf_slim.add_arg_scope (pip install tf-slim)",
    "framework.get_variables": "tf.compat.v1.get_collection(tf.compat.v1.GraphKeys."
    "GLOBAL_VARIABLES)",
    "framework.get_trainable_variables": "tf.compat.v1.trainable_variables()",
    "framework.get_variables_to_restore": "tf.compat.v1.global_variables()",
    "framework.assign_from_checkpoint_fn": "tf.compat.v1.train.init_from_checkpoint",
    "framework.assign_from_checkpoint": "tf.compat.v1.train.init_from_checkpoint",
    "framework.model_variable": "tf.compat.v1.get_variable",
    "framework.variable": "tf.compat.v1.get_variable",
    "framework.is_tensor": "tf.is_tensor",
    "framework.load_embedding_initializer": "tf.compat.v1.train.init_from_checkpoint",
    # the rest
    "eager.Iterator": "iter(dataset)",
    "eager.Variable": "tf.Variable",
    "eager.GradientTape": "tf.GradientTape",
    "eager.defun": "tf.function",
    "eager.Saver": "tf.train.Checkpoint",
    "eager.metrics": "tf.keras.metrics",
    "saved_model.save_keras_model": "model.export(folder)",
    "saved_model.load_keras_model": "tf.saved_model.load(folder)",
    "util.constant_value": "tf.get_static_value",
    "util.make_tensor_proto": "tf.make_tensor_proto",
    "summary.scalar": "tf.summary.scalar",
    "summary.create_file_writer": "tf.summary.create_file_writer",
    "summary.always_record_summaries": "tf.summary.record_if(True)",
    "tensorboard.plugins.projector": "tensorboard.plugins.projector",
    **{
        f"rnn.{name}": f"tf.compat.v1.nn.rnn_cell.{name}"
        for name in (
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
        )
    },
    "opt.AdamWOptimizer": "tf.keras.optimizers.AdamW",
    "opt.LazyAdamOptimizer": "tf.compat.v1.train.AdamOptimizer",
    "opt.NadamOptimizer": "tf.keras.optimizers.Nadam",
    "opt.AdaMaxOptimizer": "tf.keras.optimizers.Adamax",
    **{
        f"metrics.streaming_{name}": f"tf.compat.v1.metrics.{name}(labels, predictions)"
        for name in (
            "accuracy",
            "auc",
            "mean_absolute_error",
            "mean_iou",
            "mean_squared_error",
            "precision",
            "recall",
            "root_mean_squared_error",
        )
    },
    "metrics.streaming_mean": "tf.compat.v1.metrics.mean",
    "metrics.aggregate_metric_map": "a dict of names and the pairs that metrics return",
    "eager.list_devices": "tf.config.list_logical_devices",
    "metrics.f1_score": "tf.keras.metrics.F1Score",
    "cudnn_rnn": "tf.keras.layers.LSTM or GRU",
    "slim": "tf_slim (pip install tf-slim)",
    "slim.batch_norm": "tf.compat.v1.layers.batch_normalization",
}

# a name below the first is searched below the second
MOVED = {
    "autograph": ("autograph",),
    "checkpoint": ("train",),
    "cluster_resolver": ("distribute.cluster_resolver",),
    "data": ("data.experimental",),
    "distribute": ("distribute", "distribute.experimental"),
    "eager": ("",),
    "estimator": ("estimator", "estimator.experimental"),
    "feature_column": ("feature_column",),
    "framework": ("train", ""),
    "keras": ("keras",),
    "learn": ("estimator",),
    "lite": ("lite",),
    "lookup": ("lookup",),
    "losses": ("losses",),
    "metrics": ("metrics",),
    "rnn": ("nn",),
    "signal": ("signal",),
    "stateless": ("random",),
    "training": ("train",),
}

_GONE = {
    "": "tf.contrib ended with TensorFlow 1 and this part has no heir that works here",
    "boosted_trees": "YDF (pip install ydf) trains boosted trees",
    "crf": "it went to tensorflow_addons, which ended before Keras 3",
    "distributions": "use tensorflow_probability",
    "factorization": "use scikit-learn, or a model_fn",
    "gan": "it went to tensorflow_gan, which needs the old tf.estimator",
    "image": "it went to tensorflow_addons, which ended before Keras 3; see tf.image",
    "opt": "it went to tensorflow_addons, which ended before Keras 3; see tf.keras.optimizers",
    "rnn": "it has no heir: see tf.compat.v1.nn.rnn_cell, and tf.keras.layers.LSTM and GRU",
    "seq2seq": "it went to tensorflow_addons, which ended before Keras 3; use tf.keras.layers",
    "tensor_forest": "YDF (pip install ydf) trains random forests",
    "timeseries": "use a model_fn, or tf.keras.layers",
    "tpu": "there are no TPUs here: use tf.estimator.Estimator",
    **LAYERS_GONE,
    **LEARN_GONE,
}


def _below_contrib(name: str) -> str:
    return f"contrib.{name}".rstrip(".")


CONTRIB: dict[str, Verdict] = {
    **{_below_contrib(name): unsupported(why) for name, why in _GONE.items()},
    **{_below_contrib(name): edit(new) for name, new in {**_EDITS, **LAYERS, **LEARN}.items()},
}
