"""The same pictures where there is only text."""
