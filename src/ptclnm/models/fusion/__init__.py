"""Fusion: radiomics and deep features of the same images in one model, and what each adds."""
