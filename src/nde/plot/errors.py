"""Plot of errors by how far ahead a forecast is."""

from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure

from nde.plot.style import COLORS, INK, stacked_figure


def plot_errors(errors: Mapping[str, Mapping[str, Sequence[float]]]) -> Figure:
    """Plot the errors of forecasts by rows ahead, one panel for each column of a table, one line for each method.

    Args:
        errors: For each column and method, the error of the first row ahead, the second, and so on, in the unit of the
            column.

    Returns:
        The figure.

    Raises:
        ValueError: If there is no column.

    Example:
        ```python
        from nde.plot import plot_errors

        errors = {"sales": {"linear SDE": [1.0, 1.2, 1.5], "last value": [1.1, 1.8, 2.4]}}
        plot_errors(errors).savefig("errors.png")
        ```
    """
    if not errors:
        raise ValueError("errors must have at least one column; got none.")
    figure, panels = stacked_figure(6.5, 1.2 + 1.9 * len(errors), rows=len(errors))
    for (name, methods), panel in zip(errors.items(), panels, strict=True):
        for place, (method, values) in enumerate(methods.items()):
            ahead = range(1, len(values) + 1)
            panel.plot(ahead, values, "o-", color=COLORS[place % len(COLORS)], markersize=3, label=method)
        panel.set_ylim(bottom=0)
        panel.set_ylabel(name, color=INK)
        panel.legend(frameon=False, fontsize=8.5)
    panels[-1].set_xlabel("rows ahead", color=INK)
    return figure
