"""Custom Estimators: a `model_fn`, traced once for each mode, run in the compiled loop."""
