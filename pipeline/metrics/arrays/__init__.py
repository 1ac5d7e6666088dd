"""Stored bytes as numbers: values in blocks of rows, dtypes decoded."""
