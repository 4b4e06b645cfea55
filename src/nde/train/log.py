"""A file of JSON lines that tells the course of a training."""

import json
import math
import time
from pathlib import Path
from typing import IO, Any

from nde.train.history import Row


class Log:
    """Writes a line for each step that is to be logged.

    The first line tells versions and settings. On resuming, lines past the step that is gone on from are cut off.

    Args:
        file: Where to.
        every: How many steps there are between two lines; a step with a validation has one, too.
        settings: What the first line tells.
        done: How many steps are done already.
        seconds: That they took.
    """

    def __init__(self, file: Path, *, every: int, settings: dict[str, Any], done: int, seconds: float) -> None:
        self._every, self._begun = every, time.perf_counter() - seconds
        kept = _kept(file, done) if done else []
        file.parent.mkdir(parents=True, exist_ok=True)
        beside = file.with_name(f"{file.name}.part")
        beside.write_text("".join(kept or [json.dumps(settings) + "\n"]), encoding="utf-8")
        beside.replace(file)
        self._file: IO[str] = file.open("a", encoding="utf-8", buffering=1)

    def put(self, row: Row) -> None:
        """Writes a step's line, if it is to have one."""
        if row["step"] % self._every == 0 or "validation" in row or row["step"] == 1:
            line = {**row, "seconds": round(time.perf_counter() - self._begun, 3)}
            told = {name: value if math.isfinite(value) else None for name, value in line.items()}
            self._file.write(json.dumps(told) + "\n")

    def close(self) -> None:
        """Closes the file."""
        self._file.close()


def _kept(file: Path, done: int) -> list[str]:
    """The lines up to a step; a last one that is not whole is none of them."""
    if not file.exists():
        return []
    kept = []
    for line in file.read_text(encoding="utf-8").splitlines(keepends=True):
        if not line.endswith("\n") or json.loads(line).get("step", 0) > done:
            break
        kept.append(line)
    return kept
