"""`python -m bench`: measure, write the results, print the table."""

import asyncio

from bench.figures import GOALS, save
from bench.gas import measure_gas

if __name__ == "__main__":
    figures = asyncio.run(measure_gas())
    ordered = {key: figures[key] for key in GOALS}
    save("gas", ordered)
    for key, figure in ordered.items():
        print(f"{key:34} {figure.value:>10,.0f}  must {GOALS[key].must}  aim {GOALS[key].aim}")
