"""Habitats: parts of a nodule whose pixels look alike, in pictures and beside the truth."""
