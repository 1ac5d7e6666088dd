"""Pictures as files: SVG, PNG, PDF, PGF, HTML."""
