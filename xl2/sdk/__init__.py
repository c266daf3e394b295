"""SDK: the front door for programs. Read `client`, then `send`, `status`, `relay`."""

from xl2.sdk.client import AsyncClient, Until
from xl2.sdk.parts import Parts
from xl2.sdk.relay import Goal
from xl2.sdk.sync import Client
from xl2.sdk.values import Act, Explanation, Relayed, Sent, Status, Step

__all__ = [
    "Act",
    "AsyncClient",
    "Client",
    "Explanation",
    "Goal",
    "Parts",
    "Relayed",
    "Sent",
    "Status",
    "Step",
    "Until",
]
