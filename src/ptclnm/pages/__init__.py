"""What one notebook alone needs: its figures, and its sentences with logic."""
