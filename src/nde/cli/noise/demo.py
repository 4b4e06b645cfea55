"""What equations with noise can do, on data whose truth is known, and on the sunspots."""

from pathlib import Path

import numpy as np

from nde.cli.folder import check_new, new_folder
from nde.cli.noise.job import ALL, Job
from nde.cli.noise.run import fitted_and_judged, tell
from nde.cli.noise.write import write
from nde.data import SUNSPOTS_SOURCE, Series, load_sunspots

TRUTH = {"rate": 0.5, "mean": 3.0, "volatility": 0.8}
_SERIES, _ROWS = 20, 40


def demo(folder: Path, seed: int, steps: int) -> None:
    """Fits both, and writes both or nothing.

    Raises:
        DataError: If the folder exists.
    """
    check_new(folder)
    made = Job(
        tables=simulated_series(),
        model="sde-ou",
        transform="none",
        holdout=5,
        folder=folder / "simulated",
        source=f"{_SERIES} series of an Ornstein–Uhlenbeck process, simulated by its exact law at irregular times.",
        seed=seed,
        steps=steps,
        truth=TRUTH,
    )
    sun = Job({"": load_sunspots()}, ALL, "root", 22, folder / "sunspots", SUNSPOTS_SOURCE, seed, steps)
    done = [fitted_and_judged(job) for job in (made, sun)]
    with new_folder(folder) as draft:
        for each in done:
            (draft / each.job.folder.name).mkdir()
            write(draft / each.job.folder.name, each)
    for each in done:
        tell(each)


def simulated_series() -> dict[str, Series]:
    """Ornstein–Uhlenbeck processes by their exact law, `x(t + d)` being normal given `x(t)`, at irregular times."""
    rate, mean, volatility = TRUTH.values()
    random = np.random.default_rng(2024)
    found = {}
    for number in range(1, _SERIES + 1):
        ts = np.cumsum(random.exponential(1.0, _ROWS))
        xs = [random.normal(mean, volatility / np.sqrt(2 * rate))]
        for gap in np.diff(ts):
            kept = np.exp(-rate * gap)
            spread = volatility * np.sqrt((1 - kept**2) / (2 * rate))
            xs.append(random.normal(mean + (xs[-1] - mean) * kept, spread))
        found[f"series {number}"] = Series("t", ("x",), ts, np.array(xs)[:, None])
    return found
