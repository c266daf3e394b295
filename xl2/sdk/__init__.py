"""
SDK: the front door for programs.

Read `client`, then `send`, `status`, `follow`, `relay`; `canonical_client` for bridges.
"""

from xl2.sdk.client import AsyncClient
from xl2.sdk.follow import Until
from xl2.sdk.parts import Parts
from xl2.sdk.relay import Goal
from xl2.sdk.sync import Client
from xl2.sdk.values import Act, Advanced, Explanation, Journey, Relayed, Sent, Status, Step

__all__ = [
    "Act",
    "Advanced",
    "AsyncClient",
    "Client",
    "Explanation",
    "Goal",
    "Journey",
    "Parts",
    "Relayed",
    "Sent",
    "Status",
    "Step",
    "Until",
]
