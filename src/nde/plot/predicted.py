"""Predicted numbers beside true ones."""

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.plot.look import COLORS, FAINT, INK, figure


def plot_predicted(
    truth: Float[np.ndarray, " series"], said: Float[np.ndarray, " series"], *, what: str = "target"
) -> Figure:
    """A point for each series: what was predicted over what is true; on the diagonal it is right.

    Args:
        truth: The true numbers.
        said: The predicted ones.
        what: What they are called.

    Example:
        ```python
        import numpy as np
        from nde.plot import plot_predicted

        truth = np.linspace(0.0, 1.0, 20)
        plot_predicted(truth, truth + 0.05 * np.sin(40 * truth), what="age").savefig("predicted.png")
        ```
    """
    made, (panel,) = figure(5.4, 5.0)
    low, high = (float(end) for end in (min(truth.min(), said.min()), max(truth.max(), said.max())))
    margin = 0.05 * (high - low) or 1.0
    ends = (low - margin, high + margin)
    panel.plot(ends, ends, color=FAINT, linewidth=1.4, zorder=1)
    alpha = 0.8 if len(truth) < 200 else 0.4
    panel.plot(truth, said, "o", color=COLORS[0], markersize=4.5, alpha=alpha, markeredgewidth=0, zorder=2)
    panel.set(xlim=ends, ylim=ends, aspect="equal")
    panel.set_xlabel(f"{what}, true", color=INK)
    panel.set_ylabel(f"{what}, predicted", color=INK)
    return made
