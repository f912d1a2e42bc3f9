"""Pre-made Estimators and heads."""
