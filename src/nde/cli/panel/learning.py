"""A picture of how a model learned."""

from pathlib import Path
from typing import Any

import numpy as np

from nde.plot import plot_learning

LEARNING = "learning.png"


def draw_learning(folder: Path, history: Any) -> None:
    """Draws the learning curves."""
    step, loss, validation = (np.asarray(each, float) for each in (history.step, history.loss, history.validation))
    plot_learning(step.astype(np.int64), loss, validation).savefig(folder / LEARNING)
