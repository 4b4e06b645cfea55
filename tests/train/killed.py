"""A training run for a test to kill: `killed FOLDER FILE` writes weights and losses when it ends."""

import sys
import time
from typing import Any

import numpy as np

from nde.train import Fit
from tests.train.small import HOLDOUT, loss, train

STEPS = 120


def run(folder: str | None, log: str | None, *, pause: float) -> Fit:
    """Train slowly enough to be killed on the way."""

    def progress(done: int, steps: int, value: float) -> None:
        time.sleep(pause)

    return train(
        loss=loss,
        steps=STEPS,
        validation=HOLDOUT,
        validate_every=7,
        average=0.9,
        checkpoint=folder,
        checkpoint_steps=5,
        log=log,
        progress=progress,
    )


def arrays(fit: Fit) -> dict[str, Any]:
    """Return what must agree."""
    return {
        "slope": fit.model.slope,
        "offset": fit.model.offset,
        "loss": fit.history.loss,
        "validation": fit.history.validation,
        "best": fit.best_step,
    }


if __name__ == "__main__":
    folder, file = sys.argv[1:]
    np.savez(file, **arrays(run(folder, f"{folder}.jsonl", pause=0.01)))
