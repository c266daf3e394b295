"""The matrix: every L2 to every other, by every route. Read `cells` first."""
