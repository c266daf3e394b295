"""Why a connection failed is told in words of the system or of TLS, and never in those of a URL."""

import errno
import ssl

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


def refused_hello() -> ssl.SSLError:
    """What TLS makes of a server that answers in plain HTTP."""
    received, sent = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = ssl.create_default_context().wrap_bio(received, sent, server_hostname="secret.example")
    received.write(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    with pytest.raises(ssl.SSLError) as refused:
        client.do_handshake()
    return refused.value


def wrong_certificate() -> ssl.SSLCertVerificationError:
    wrong = ssl.SSLCertVerificationError(1, "[SSL: CERTIFICATE_VERIFY_FAILED] no certificate of secret.example")
    wrong.reason = "CERTIFICATE_VERIFY_FAILED"
    return wrong


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (aiohttp.ClientConnectorSSLError(_KEY, refused_hello()), "TLS: wrong version number"),
        (aiohttp.ClientConnectorCertificateError(_KEY, wrong_certificate()), "TLS: certificate verify failed"),
        (aiohttp.ClientConnectorSSLError(_KEY, ssl.SSLError(1, "secret.example")), "ClientConnectorSSLError"),
    ],
)
def test_why_tls_failed_is_said_in_its_own_words_and_without_a_name(error: Exception, said: str) -> None:
    assert why(error) == said
