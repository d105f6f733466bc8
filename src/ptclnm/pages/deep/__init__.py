"""What page 03 alone needs: comparisons, figures, sentences and claims of the deep models."""
