"""What verbs give back that is no table: outcomes, plans, checks, pages."""
