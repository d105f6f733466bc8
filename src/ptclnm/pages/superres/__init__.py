"""Super-resolution: the slider, figures, tables, claims and sentences of page 04."""
