"""How well does a model do a task? Items read, encoded, scored, and their rows."""
