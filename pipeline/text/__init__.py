"""How are values and tables written as text? Equally in terminals, papers and pages."""
