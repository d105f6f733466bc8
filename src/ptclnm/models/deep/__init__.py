"""Deep models: networks trained on the nodule's rectangle, their features, their heatmaps."""
