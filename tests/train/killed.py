"""A training that a test kills: `killed FOLDER FILE` writes weights and losses when it ends."""

import sys
import time
from typing import Any

import numpy as np

from nde.train import Fit
from tests.train.small import HELD, loss, trained

STEPS = 120


def found(folder: str | None, log: str | None, *, pause: float) -> Fit:
    """The fit; slow enough to be killed in its midst."""

    def progress(done: int, steps: int, value: float) -> None:
        time.sleep(pause)

    return trained(
        loss=loss,
        steps=STEPS,
        validation=HELD,
        validate_every=7,
        average=0.9,
        checkpoint=folder,
        checkpoint_steps=5,
        log=log,
        progress=progress,
    )


def arrays(fit: Fit) -> dict[str, Any]:
    """What must be the same."""
    return {
        "slope": fit.model.slope,
        "offset": fit.model.offset,
        "loss": fit.history.loss,
        "validation": fit.history.validation,
        "best": fit.best_step,
    }


if __name__ == "__main__":
    folder, file = sys.argv[1:]
    np.savez(file, **arrays(found(folder, f"{folder}.jsonl", pause=0.01)))
