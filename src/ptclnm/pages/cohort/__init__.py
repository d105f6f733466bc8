"""What page 01 alone needs: Table 1 with its tests, the flow, pictures, sentences."""
