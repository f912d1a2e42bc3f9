"""Runs sent elsewhere: to an MLflow tracking server, or as folders to another store."""
