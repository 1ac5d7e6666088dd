"""The zoo of the SQL tests, for templates to ask."""

from tests.sql.small_zoo import zoo

__all__ = ["zoo"]
