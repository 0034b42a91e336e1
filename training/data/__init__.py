"""Clips for training: made by prepare.py or pack.py, read by dataset.py."""
