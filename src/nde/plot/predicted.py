"""Plot of predicted against true numbers."""

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.plot.checks import check_lengths
from nde.plot.style import COLORS, FAINT, INK, stacked_figure


def plot_predicted(
    truth: Float[np.ndarray, " series"], predicted: Float[np.ndarray, " series"], *, what: str = "target"
) -> Figure:
    """Plot predicted against true numbers, one point for each series; correct predictions lie on the diagonal.

    Series whose true or predicted number is not finite are left out.

    Args:
        truth: True numbers, of shape `(series,)`.
        predicted: Predicted numbers, of shape `(series,)`.
        what: Name of the numbers, for the axis labels.

    Returns:
        The figure.

    Raises:
        ValueError: If lengths differ, or there is no series whose numbers are both finite.

    Example:
        ```python
        import numpy as np
        from nde.plot import plot_predicted

        truth = np.linspace(0.0, 1.0, 20)
        plot_predicted(truth, truth + 0.05 * np.sin(40 * truth), what="age").savefig("predicted.png")
        ```
    """
    check_lengths(truth=truth, predicted=predicted)
    known = np.isfinite(truth) & np.isfinite(predicted)
    if not known.any():
        raise ValueError(f"truth and predicted must both be finite for some series; got none among {len(truth)}.")
    truth, predicted = truth[known], predicted[known]
    figure, (panel,) = stacked_figure(5.4, 5.0)
    low, high = (float(end) for end in (min(truth.min(), predicted.min()), max(truth.max(), predicted.max())))
    margin = 0.05 * (high - low) or 1.0
    ends = (low - margin, high + margin)
    panel.plot(ends, ends, color=FAINT, linewidth=1.4, zorder=1)
    alpha = 0.8 if len(truth) < 200 else 0.4
    panel.plot(truth, predicted, "o", color=COLORS[0], markersize=4.5, alpha=alpha, markeredgewidth=0, zorder=2)
    panel.set(xlim=ends, ylim=ends, aspect="equal")
    panel.set_xlabel(f"{what}, true", color=INK)
    panel.set_ylabel(f"{what}, predicted", color=INK)
    return figure
