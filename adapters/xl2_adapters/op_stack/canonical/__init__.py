"""The canonical bridge of the OP Stack: deposits, withdrawals through every era of the portal, replays.

Read `bridge` first.
"""
