"""Config: where chains, keys and processes are set up, read once."""

from xl2.config.chain import Chain, Verifier
from xl2.config.load import assurance, find, keys_in, load, refusal, require_key
from xl2.config.secret import Secret, secrets_in
from xl2.config.tree import Config, Relayer, Token, TokenPlace

__all__ = [
    "Chain",
    "Config",
    "Relayer",
    "Secret",
    "Token",
    "TokenPlace",
    "Verifier",
    "assurance",
    "find",
    "keys_in",
    "load",
    "refusal",
    "require_key",
    "secrets_in",
]
