"""What does a model do? Run it on a probe set and reduce what is seen on the way."""
