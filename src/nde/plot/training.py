"""Losses while models were fitted."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.plot.look import COLORS, INK, figure


def plot_training(losses: Mapping[str, Float[np.ndarray, " steps"]]) -> Figure:
    """The loss of each step of each model; jumps up are rows that came into sight.

    Args:
        losses: For each model the loss of each step.

    Example:
        ```python
        import numpy as np
        from nde.plot import plot_training

        plot_training({"model": np.exp(-np.arange(10.0))}).savefig("training.png")
        ```
    """
    made, (panel,) = figure(8.0, 3.2)
    for i, (model, values) in enumerate(losses.items()):
        panel.semilogy(values, color=COLORS[i % len(COLORS)], linewidth=1.2, label=model)
    panel.set_xlabel("step of descent", color=INK)
    panel.set_ylabel("loss on the rows in sight", color=INK)
    panel.legend(frameon=False, fontsize=8.5)
    return made
