"""What is fitted: feature selection, classifiers, and how both are validated by patient."""
