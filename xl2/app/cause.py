"""
Cause: a group of errors in, the one worth telling out.

Promise: an error of ours is told before any other; what fell with it is not worth a tree.
"""

from collections.abc import Iterator

from xl2.errors import Xl2Error


def cause_of(group: BaseExceptionGroup[BaseException]) -> BaseException:
    """The first error of ours in a group, else the first of all."""
    leaves = list(_leaves(group))
    return next((leaf for leaf in leaves if isinstance(leaf, Xl2Error)), leaves[0])


def _leaves(group: BaseExceptionGroup[BaseException]) -> Iterator[BaseException]:
    for error in group.exceptions:
        if isinstance(error, BaseExceptionGroup):
            yield from _leaves(error)
        else:
            yield error
