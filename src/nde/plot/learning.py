"""How a loss falls on what trains, and on what does not."""

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from nde.plot.look import COLORS, FAINT, INK, figure

_SPAN = 0.02
"""How long the mean is that smooths, in shares of all steps."""


def plot_learning(
    step: np.ndarray,
    loss: Float[np.ndarray, " steps"],
    validation: Float[np.ndarray, " steps"] | None = None,
    *,
    best: int | None = None,
    what: str = "loss",
) -> Figure:
    """The loss of each batch, its running mean, and that of the validation data.

    Args:
        step: The numbers of the steps.
        loss: Of the batch of each step.
        validation: Of the validation data after the step; `nan` where it was not looked at.
        best: After which step the model was kept.
        what: What the loss is.

    Example:
        ```python
        import numpy as np
        from nde.plot import plot_learning

        step = np.arange(1, 201)
        validation = np.where(step % 20 == 0, 0.1 + np.exp(-step / 40), np.nan)
        plot_learning(step, np.exp(-step / 40), validation, best=200).savefig("learning.png")
        ```
    """
    made, (panel,) = figure(8.0, 3.4)
    positive = bool((loss[np.isfinite(loss)] > 0).all())
    draw = panel.semilogy if positive else panel.plot
    draw(step, loss, color=FAINT, linewidth=0.8, label="of each batch")
    draw(step, _smooth(loss), color=COLORS[0], linewidth=1.8, label="training, running mean")
    seen = np.isfinite(validation) if validation is not None else np.zeros(len(step), bool)
    if validation is not None and seen.any():
        draw(step[seen], validation[seen], "o-", color=COLORS[1], markersize=3, linewidth=1.2, label="validation")
    if best is not None:
        panel.axvline(best, color=INK, linewidth=0.8, linestyle=":", label=f"kept: after step {best}")
    if not positive:
        # Else the height from which it falls would hide the rest.
        panel.set_yscale("symlog", linthresh=float(np.nanmedian(np.abs(loss))) or 1.0)
    panel.set_xlabel("step of descent", color=INK)
    panel.set_ylabel(what, color=INK)
    panel.legend(frameon=False, fontsize=8.5, ncols=4, loc="lower left", bbox_to_anchor=(0.0, 1.0), borderaxespad=0.2)
    return made


def _smooth(loss: Float[np.ndarray, " steps"]) -> Float[np.ndarray, " steps"]:
    """The mean of the last steps; of fewer in the beginning."""
    span = max(1, round(_SPAN * len(loss)))
    known = np.isfinite(loss)
    sums = np.cumsum(np.where(known, loss, 0.0))
    counts = np.cumsum(known)
    sums[span:], counts[span:] = sums[span:] - sums[:-span], counts[span:] - counts[:-span]
    return sums / np.maximum(counts, 1)
