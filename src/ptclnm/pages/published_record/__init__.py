"""The published record: figures and sentences of notebook 00."""
