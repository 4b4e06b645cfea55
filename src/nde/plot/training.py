"""Plot of the training losses of several models."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.plot.checks import check_some
from nde.plot.style import COLORS, INK, stacked_figure


def plot_training(losses: Mapping[str, Float[np.ndarray, " steps"]]) -> Figure:
    """Plot the training loss of each model; upward jumps are rows added by the curriculum.

    Args:
        losses: For each model, the loss of each training step.

    Returns:
        The figure.

    Raises:
        ValueError: If there are no losses.

    Example:
        ```python
        import numpy as np
        from nde.plot import plot_training

        plot_training({"model": np.exp(-np.arange(10.0))}).savefig("training.png")
        ```
    """
    check_some("losses", losses)
    figure, (panel,) = stacked_figure(8.0, 3.2)
    for i, (model, values) in enumerate(losses.items()):
        panel.semilogy(values, color=COLORS[i % len(COLORS)], linewidth=1.2, label=model)
    panel.set_xlabel("training step", color=INK)
    panel.set_ylabel("loss on the current rows", color=INK)
    panel.legend(frameon=False, fontsize=8.5)
    return figure
