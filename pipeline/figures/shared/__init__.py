"""What pictures share: style, labels, and frames shaped for drawing."""
