"""Why a connection failed is told in the system's words, and never in those of a URL."""

import errno

import aiohttp
import pytest
from aiohttp.client_reqrep import ConnectionKey

from xl2_adapters.unreachable import why

_KEY = ConnectionKey("secret.example", 443, True, True, None, None, None)


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            aiohttp.ClientConnectorError(_KEY, OSError(errno.ECONNREFUSED, "connect to secret.example")),
            "Connection refused",
        ),
        (aiohttp.ClientConnectorDNSError(_KEY, OSError(-2, "secret.example is not known")), "ClientConnectorDNSError"),
        (aiohttp.ClientOSError(errno.ECONNRESET, "secret.example"), "Connection reset by peer"),
        (aiohttp.ServerDisconnectedError("secret.example"), "ServerDisconnectedError"),
        (TimeoutError("secret.example"), "TimeoutError"),
    ],
)
def test_why_is_said_without_a_name(error: Exception, said: str) -> None:
    assert why(error) == said
