"""
Complaint: what is wrong with a value, and where it stands; rules that several tables share.

Pure. Comes in: values of the tree. Goes out: paths of keys, each with a sentence. Promise: no sentence repeats a URL.
"""

from collections.abc import Collection, Iterator, Sequence
from urllib.parse import urlsplit

#: Names and numbers that lead to a value in the file.
Path = tuple[str | int, ...]
#: The path of a key in the file, and a sentence about its value.
Complaints = Iterator[tuple[Path, str]]


def has_host(url: str) -> bool:
    """Whether a URL is absolute, and http or https."""
    try:
        parts = urlsplit(url)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number, or an address of IPv6 that is none
        return False


def no_chain(name: str, chains: Collection[str]) -> str:
    """The sentence about a chain that the file does not define."""
    return f"there is no chain {name!r}; defined are: {', '.join(chains) or 'none'}"


def endpoint_complaints(urls: Sequence[str], places: Sequence[Path]) -> Complaints:
    """What is wrong with endpoints of one chain. `places`: where each of them stands."""
    for number, (url, place) in enumerate(zip(urls, places, strict=True)):
        if not has_host(url):
            yield place, "an RPC URL begins with http:// or https://, and names a host (its value is not shown here)"
        if url in urls[:number]:
            yield place, "this endpoint is named already: the same word twice is no agreement"
