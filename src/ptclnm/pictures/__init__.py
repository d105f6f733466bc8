"""Pictures: reading them, the same way whatever the format."""
