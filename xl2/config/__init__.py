"""Config: where chains, keys and processes are set up, read once."""

from xl2.config.load import assurance, find, load
from xl2.config.tree import Chain, Config, Relayer, Secret, Token, TokenPlace, Verifier

__all__ = ["Chain", "Config", "Relayer", "Secret", "Token", "TokenPlace", "Verifier", "assurance", "find", "load"]
