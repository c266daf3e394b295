"""
Canaries: secrets that tests plant, and the forms in which one may show.

`shown_in` tells which stand in a text: those that are planted on purpose, and the devnet's private keys, which nearly
every test signs with. They are public; whatever prints one would print a real one too.
"""

import json
import re
from base64 import b64encode
from functools import cache
from typing import Final
from urllib.parse import quote, quote_plus

from xl2_devnet.accounts import ACCOUNTS

PRIVATE_KEY: Final = "0x5ec4e7" + "c0a1fade" * 7 + "99"
KEYSTORE_KEY: Final = "0x5ec4e8" + "b0a2fade" * 7 + "98"
KEYSTORE_PASSWORD: Final = "kEystore+canary/päss word"
RPC_KEY: Final = "rpcKeyCanary0a1b2c3d"
RPC_PASSWORD: Final = "rpc-user-canary-pw"
SIGNER_PASSWORD: Final = "signer-canary-pw"
HTTP_TOKEN: Final = "http-token-canary-4711"
DATABASE_PASSWORD: Final = "database-canary%2Fpw"
PLUGIN_PIN: Final = "pin-canary-0815"

#: By name, so that whoever reads of one need not see it.
PLANTED: Final = {
    "the raw private key": PRIVATE_KEY,
    "the keystore's private key": KEYSTORE_KEY,
    "the keystore's password": KEYSTORE_PASSWORD,
    "the key in the RPC URL": RPC_KEY,
    "the password in the RPC URL": RPC_PASSWORD,
    "the remote signer's password": SIGNER_PASSWORD,
    "the HTTP token": HTTP_TOKEN,
    "the database's password": DATABASE_PASSWORD,
    "the plug-in's pin": PLUGIN_PIN,
}


def shown_in(text: str) -> list[str]:
    """Names of the secrets that a text shows, in whatever form."""
    if not _any().search(text):
        return []
    low = text.lower()
    return [name for name, secret in _all().items() if any(form.lower() in low for form in _forms(secret))]


def _all() -> dict[str, str]:
    return PLANTED | {f"the devnet's key of {known.role}": known.private_key for known in ACCOUNTS}


@cache
def _any() -> re.Pattern[str]:
    return re.compile("|".join(re.escape(form) for secret in _all().values() for form in _forms(secret)), re.IGNORECASE)


@cache
def _forms(secret: str) -> tuple[str, ...]:
    """Written apart from `xl2.mask` on purpose: what one forgets the other finds."""
    bare = secret.removeprefix("0x")
    forms = {bare, quote(bare), quote(bare, safe=""), quote_plus(bare), json.dumps(bare)[1:-1], repr(bare)[1:-1]}
    forms |= {b64encode(bare.encode()).decode().rstrip("="), bare.replace("%2F", "/")}
    if secret.startswith("0x"):
        raw = bytes.fromhex(bare)
        forms |= {str(int(bare, 16)), b64encode(raw).decode().rstrip("="), repr(raw)[2:-1]}
    return tuple(forms)
