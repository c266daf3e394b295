"""Command line of xl2."""

from xl2.cli.program import main

__all__ = ["main"]
