"""Plot of how often confident predictions are right."""

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.figure import Figure

from nde.plot.checks import check_lengths, check_some
from nde.plot.style import COLORS, FAINT, INK, stacked_figure

_MOST_GROUPS = 10
_LEAST_IN_GROUP = 5


def plot_calibration(confidence: Float[np.ndarray, " series"], correct: Bool[np.ndarray, " series"]) -> Figure:
    """Plot the share of correct predictions over their probability: a reliability diagram.

    Series are sorted by the probability of the predicted class, and divided into at most ten groups of the same size.
    Each is a point, with a bar of one standard error. On the diagonal, probabilities are what they say; below it,
    predictions are too confident.

    Args:
        confidence: Probability of the predicted class, of shape `(series,)`.
        correct: Whether the prediction is correct, of shape `(series,)`.

    Returns:
        The figure.

    Raises:
        ValueError: If lengths differ, or there are no series.

    Source: Guo, Pleiss, Sun and Weinberger, *On calibration of modern neural networks* (2017),
    doi:10.48550/arXiv.1706.04599.

    Example:
        ```python
        import numpy as np
        from nde.plot import plot_calibration

        random = np.random.default_rng(0)
        confidence = random.uniform(0.5, 1.0, 200)
        plot_calibration(confidence, random.random(200) < confidence).savefig("calibration.png")
        ```
    """
    check_lengths(confidence=confidence, correct=correct)
    check_some("series", confidence)
    x, y, error = calibration_groups(confidence, correct)
    figure, (panel,) = stacked_figure(5.4, 5.0)
    panel.plot((0.0, 1.0), (0.0, 1.0), color=FAINT, linewidth=1.4, zorder=1)
    panel.errorbar(x, y, yerr=error, fmt="o", color=COLORS[0], markersize=4.5, elinewidth=1.2, zorder=2)
    panel.set(xlim=(0.0, 1.02), ylim=(0.0, 1.02), aspect="equal")
    panel.set_xlabel("probability of the predicted class", color=INK)
    panel.set_ylabel("share of correct predictions", color=INK)
    return figure


def calibration_groups(
    confidence: Float[np.ndarray, " series"], correct: Bool[np.ndarray, " series"]
) -> tuple[Float[np.ndarray, " groups"], Float[np.ndarray, " groups"], Float[np.ndarray, " groups"]]:
    """The mean probability, the share of correct predictions, and its standard error, of each group of series."""
    count = min(_MOST_GROUPS, max(1, len(confidence) // _LEAST_IN_GROUP))
    groups = np.array_split(np.argsort(confidence, kind="stable"), count)
    x = np.array([confidence[group].mean() for group in groups])
    y = np.array([correct[group].mean() for group in groups])
    return x, y, np.array([np.sqrt(p * (1 - p) / len(group)) for p, group in zip(y, groups, strict=True)])
