"""What the Makefile runs. Not part of the distribution; nothing in the four packages imports it."""
