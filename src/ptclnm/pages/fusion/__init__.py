"""What page 05 alone needs: figures, habitats, sentences, claims."""
