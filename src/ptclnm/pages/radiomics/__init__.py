"""What page 02 alone needs: its tables, figures, sentences and claims."""
