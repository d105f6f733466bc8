"""Every model against every other: figures, printed p-values, predictions, sentences of page 07."""
