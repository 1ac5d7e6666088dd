"""Which checkpoints are under study, with which settings, and how did a run end?"""
