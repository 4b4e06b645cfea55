"""A file of many series for the command line."""

from pathlib import Path

import numpy as np

HEAD = "who,t,x,y,kind,speed,part,age"


def lines(series: int = 24, seed: int = 0, lengths: tuple[int, int] = (6, 12)) -> list[str]:
    """Slow and fast sines with gaps and irregular times; a row for each, without the header."""
    random, found = np.random.default_rng(seed), []
    for place in range(series):
        speed, part = round(random.uniform(1, 3), 3), "test" if place % 4 == 3 else "train"
        for t in np.sort(random.uniform(0, 3, random.integers(*lengths))):
            x, y = np.sin(speed * t) + speed, "" if random.random() < 0.3 else f"{np.cos(speed * t):.5f}"
            kind = "fast" if speed > 2 else "slow"
            found.append(f"s{place},{t:.5f},{x:.5f},{y},{kind},{speed},{part},{30 + place}")
    return found


def written(folder: Path, rows: list[str] | None = None, head: str = HEAD) -> Path:
    """The file."""
    path = folder / "waves.csv"
    path.write_text("\n".join([head, *(lines() if rows is None else rows)]) + "\n")
    return path
