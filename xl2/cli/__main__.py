"""`python -m xl2.cli`: the program, where its script is not on PATH."""

from xl2.cli.program import main

main()
