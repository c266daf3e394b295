"""
Networks: the public chains that xl2 knows by name.

In: files beside this module, one a chain, each value with its source and date. Out: `Network` values. Promise: what is
marked as checked is compared with the publisher's own package by a test; windows and finality are for a first idea
only, what holds is read from the contracts when a chain is connected.
"""

from xl2.networks.known import Network, Source, network, networks

__all__ = ["Network", "Source", "network", "networks"]
