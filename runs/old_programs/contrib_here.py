"""The names of `tf.contrib` that programs find when `mlrun exec` runs them."""

_NAMES = {
    "data": """
        AUTOTUNE Counter CsvDataset Dataset FixedLengthRecordDataset Iterator Optional
        RandomDataset Reducer SqlDataset TFRecordDataset TFRecordWriter TextLineDataset
        batch_and_drop_remainder bucket_by_sequence_length choose_from_datasets
        copy_to_device dense_to_sparse_batch enumerate_dataset get_next_as_optional
        get_single_element group_by_reducer group_by_window ignore_errors
        make_batched_features_dataset make_csv_dataset make_saveable_from_iterator
        map_and_batch padded_batch_and_drop_remainder parallel_interleave
        parse_example_dataset read_batch_features rejection_resample
        sample_from_datasets scan shuffle_and_repeat sloppy_interleave unbatch unique
    """,
    "eager": """
        Checkpoint GradientTape TensorSpec Variable defun enable_eager_execution
        executing_eagerly function gradients_function implicit_gradients
        implicit_value_and_gradients in_eager_mode list_devices make_template py_func
        value_and_gradients_function
    """,
    "estimator": """
        BaselineEstimator DNNEstimator DNNLinearCombinedEstimator InMemoryEvaluatorHook
        LinearEstimator add_metrics binary_classification_head
        build_raw_supervised_input_receiver_fn forward_features logistic_regression_head
        make_early_stopping_hook multi_class_head multi_head multi_label_head
        poisson_regression_head read_eval_metrics regression_head stop_if_higher_hook
        stop_if_lower_hook stop_if_no_decrease_hook stop_if_no_increase_hook
    """,
    "feature_column": """
        sequence_categorical_column_with_hash_bucket
        sequence_categorical_column_with_identity
        sequence_categorical_column_with_vocabulary_file
        sequence_categorical_column_with_vocabulary_list sequence_numeric_column
    """,
    "framework": """
        CriticalSection add_arg_scope add_model_variable arg_scope arg_scoped_arguments
        argsort assert_global_step assign_from_checkpoint assign_from_checkpoint_fn
        create_global_step filter_variables get_global_step get_local_variables
        get_model_variables get_or_create_global_step get_trainable_variables
        get_unique_variable get_variables get_variables_by_name get_variables_by_suffix
        get_variables_to_restore has_arg_scope init_from_checkpoint is_tensor
        list_variables load_checkpoint load_variable local_variable model_variable nest
        smart_cond sort variable
    """,
    "layers": """
        OPTIMIZER_CLS_NAMES OPTIMIZER_SUMMARIES apply_regularization avg_pool2d
        batch_norm bucketized_column conv2d convolution2d
        create_feature_spec_for_parsing crossed_column dropout embed_sequence
        embedding_column flatten fully_connected input_from_feature_columns
        l1_l2_regularizer l1_regularizer l2_regularizer layer_norm linear max_pool2d
        one_hot_column one_hot_encoding optimize_loss real_valued_column relu relu6
        repeat safe_embedding_lookup_sparse shared_embedding_columns softmax
        sparse_column_with_hash_bucket sparse_column_with_integerized_feature
        sparse_column_with_keys sparse_column_with_vocabulary_file stack sum_regularizer
        unit_norm variance_scaling_initializer weighted_sparse_column xavier_initializer
        xavier_initializer_conv2d
    """,
    "learn": """
        ModeKeys RunConfig io learn_io
    """,
    "lookup": """
        FastHashSpec HashTable HasherSpec IdTableWithHashBuckets
        InitializableLookupTableBase KeyValueTensorInitializer LookupInterface
        MutableDenseHashTable MutableHashTable StrongHashSpec TextFileIdTableInitializer
        TextFileIndex TextFileInitializer TextFileStringTableInitializer
        index_table_from_file index_table_from_tensor index_to_string
        index_to_string_table_from_file index_to_string_table_from_tensor
        string_to_index tables_initializer
    """,
    "losses": """
        absolute_difference add_loss compute_weighted_loss cosine_distance get_losses
        get_regularization_losses get_total_loss hinge_loss log_loss
        mean_pairwise_squared_error mean_squared_error sigmoid_cross_entropy
        softmax_cross_entropy sparse_softmax_cross_entropy
    """,
    "metrics": """
        accuracy aggregate_metric_map aggregate_metrics streaming_accuracy streaming_auc
        streaming_false_negatives streaming_false_negatives_at_thresholds
        streaming_false_positives streaming_false_positives_at_thresholds streaming_mean
        streaming_mean_absolute_error streaming_mean_cosine_distance streaming_mean_iou
        streaming_mean_relative_error streaming_mean_squared_error streaming_mean_tensor
        streaming_percentage_less streaming_precision streaming_precision_at_thresholds
        streaming_recall streaming_recall_at_thresholds
        streaming_root_mean_squared_error streaming_sensitivity_at_specificity
        streaming_sparse_average_precision_at_k streaming_sparse_precision_at_k
        streaming_sparse_recall_at_k streaming_specificity_at_sensitivity
        streaming_true_negatives streaming_true_negatives_at_thresholds
        streaming_true_positives streaming_true_positives_at_thresholds
    """,
    "predictor": """
        from_estimator from_saved_model
    """,
    "rnn": """
        BasicLSTMCell BasicRNNCell DeviceWrapper DropoutWrapper GRUCell LSTMCell
        LSTMStateTuple MultiRNNCell RNNCell ResidualWrapper
        stack_bidirectional_dynamic_rnn static_bidirectional_rnn static_rnn
        static_state_saving_rnn
    """,
    "slim": """
        add_arg_scope add_model_variable arg_scope arg_scoped_arguments
        assign_from_checkpoint assign_from_checkpoint_fn avg_pool2d batch_norm conv2d
        convolution2d create_global_step dropout filter_variables flatten
        fully_connected get_global_step get_local_variables get_model_variables
        get_or_create_global_step get_trainable_variables get_unique_variable
        get_variables get_variables_by_name get_variables_by_suffix
        get_variables_to_restore has_arg_scope l1_l2_regularizer l1_regularizer
        l2_regularizer layer_norm layers linear local_variable losses max_pool2d
        model_variable one_hot_encoding relu relu6 repeat softmax stack sum_regularizer
        unit_norm variable variance_scaling_initializer xavier_initializer
        xavier_initializer_conv2d
    """,
    "training": """
        HParams checkpoints_iterator parse_values
    """,
    "util": """
        constant_value make_ndarray make_tensor_proto nest
    """,
}
HERE = frozenset(
    f"contrib.{part}.{name}" for part, names in _NAMES.items() for name in names.split()
)
