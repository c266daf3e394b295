"""
Listen: where a process answers, as HOST:PORT.

Comes in: text. Goes out: host and port, or what is wrong with them. Port 0 is a free one.
"""

from xl2.errors import InvalidInput


def host_and_port(listen: str) -> tuple[str, int]:
    """Parse HOST:PORT. Raises `InvalidInput`."""
    host, _, port = listen.rpartition(":")
    if not host or not port.isascii() or not port.isdigit() or int(port) >= 1 << 16:
        raise InvalidInput(
            f"{listen!r} is not HOST:PORT",
            field="listen",
            value=listen,
            remedy="Write it like 127.0.0.1:9100; port 0 is a free one.",
        )
    return host.strip("[]"), int(port)


def wrong_with(listen: str) -> str:
    """What is wrong with an address, and what to write; empty: nothing."""
    try:
        host_and_port(listen)
    except InvalidInput as wrong:
        return f"{wrong.what}; {wrong.remedy[0].lower()}{wrong.remedy[1:]}"
    return ""
