"""What page 06 alone needs: what the nomograms are made of, figures, sentences, claims."""
