"""`python -m xl2_devnet up`: the devnet's verbs without the rest of xl2's."""

import sys

from xl2_devnet.cli import devnet

if __name__ == "__main__":
    sys.exit(devnet())
