"""The zoo that every SQL test may ask about."""

from tests.sql.small_zoo import zoo

__all__ = ["zoo"]
