"""
Complaint: what is wrong with a value, and where it stands; rules that several tables share.

Pure. Comes in: values of the tree. Goes out: paths of keys, each with a sentence. Promise: no sentence repeats a URL.
"""

from collections.abc import Iterator, Sequence

#: Names and numbers that lead to a value in the file.
Path = tuple[str | int, ...]
#: The path of a key in the file, and a sentence about its value.
Complaints = Iterator[tuple[Path, str]]


def endpoint_complaints(urls: Sequence[str], places: Sequence[Path]) -> Complaints:
    """What is wrong with endpoints of one chain. `places`: where each of them stands."""
    for number, (url, place) in enumerate(zip(urls, places, strict=True)):
        if not url.startswith(("http://", "https://")):
            yield place, "an RPC URL begins with http:// or https:// (its value is not shown here)"
        if url in urls[:number]:
            yield place, "this endpoint is named already: the same word twice is no agreement"
