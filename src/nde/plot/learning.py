"""Plot of learning curves: training and validation loss."""

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.plot.checks import check_lengths, check_some
from nde.plot.style import COLORS, FAINT, INK, stacked_figure

_SPAN = 0.02
"""The window of the running mean, as a share of all steps."""


def plot_learning(
    step: np.ndarray,
    loss: Float[np.ndarray, " steps"],
    validation: Float[np.ndarray, " steps"] | None = None,
    *,
    best: int | None = None,
    what: str = "loss",
) -> Figure:
    """Plot learning curves: the loss of each batch, its running mean, and the validation loss.

    Args:
        step: Numbers of the training steps, of shape `(steps,)`.
        loss: Loss of the batch of each step.
        validation: Validation loss after each step; `nan` where it was not evaluated.
        best: The step after which the model was kept.
        what: Name of the loss.

    Returns:
        The figure.

    Raises:
        ValueError: If there are no steps, or lengths differ.

    Example:
        ```python
        import numpy as np
        from nde.plot import plot_learning

        step = np.arange(1, 201)
        validation = np.where(step % 20 == 0, 0.1 + np.exp(-step / 40), np.nan)
        plot_learning(step, np.exp(-step / 40), validation, best=200).savefig("learning.png")
        ```
    """
    check_some("step", step)
    check_lengths(step=step, loss=loss, validation=validation)
    figure, (panel,) = stacked_figure(8.0, 3.4)
    positive = bool((loss[np.isfinite(loss)] > 0).all())
    draw = panel.semilogy if positive else panel.plot
    draw(step, loss, color=FAINT, linewidth=0.8, label="each batch")
    draw(step, _smooth(loss), color=COLORS[0], linewidth=1.8, label="training, running mean")
    seen = np.isfinite(validation) if validation is not None else np.zeros(len(step), bool)
    if validation is not None and seen.any():
        draw(step[seen], validation[seen], "o-", color=COLORS[1], markersize=3, linewidth=1.2, label="validation")
    if best is not None:
        panel.axvline(best, color=INK, linewidth=0.8, linestyle=":", label=f"kept: after step {best}")
    if not positive:
        # A linear scale would be dominated by the first losses.
        panel.set_yscale("symlog", linthresh=float(np.nanmedian(np.abs(loss))) or 1.0)
    panel.set_xlabel("training step", color=INK)
    panel.set_ylabel(what, color=INK)
    panel.legend(frameon=False, fontsize=8.5, ncols=4, loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2)
    return figure


def _smooth(loss: Float[np.ndarray, " steps"]) -> Float[np.ndarray, " steps"]:
    """The running mean of the last steps, of fewer at the beginning; `nan` where none of them is finite."""
    span = max(1, round(_SPAN * len(loss)))
    known = np.isfinite(loss)
    sums = np.cumsum(np.where(known, loss, 0.0))
    counts = np.cumsum(known)
    sums[span:], counts[span:] = sums[span:] - sums[:-span], counts[span:] - counts[:-span]
    return np.where(counts > 0, sums, np.nan) / np.maximum(counts, 1)
