"""How far one tensor moved, and in which directions."""
