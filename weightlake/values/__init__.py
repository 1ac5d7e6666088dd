"""Results of verbs other than tables: outcomes, plans, checks, pages."""
