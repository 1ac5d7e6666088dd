"""How often is each verdict wrong, against the error that it states?"""
