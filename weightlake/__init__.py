"""Per-tensor facts of many models in Parquet tables, answered in SQL."""
