"""Plots of two-dimensional densities."""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from nde.plot.checks import check_some, finite
from nde.plot.style import COLORS, INK, style_axes

_COLUMNS = 4
_SHADES = LinearSegmentedColormap.from_list("", ["white", "#9bd0e3", COLORS[0], "#04293a"])
_BRIGHTEST = 0.995
"""The share of the density's mass that the color scale covers, so that a single peak does not wash out the rest."""


@dataclasses.dataclass(frozen=True, eq=False)
class Density:
    """One panel for `plot_density`: a density on a two-dimensional grid, and optional points.

    Attributes:
        title: Title of the panel.
        x: First coordinates of the grid, increasing, of shape `(columns,)`.
        y: Second coordinates of the grid, increasing, of shape `(rows,)`.
        values: Density on the grid, of shape `(rows, columns)`.
        points: Points to draw on top, such as data, of shape `(points, 2)`.

    Raises:
        ValueError: If the shapes do not match, or the grid is empty.

    Example:
        See `plot_density`.
    """

    title: str
    x: Float[np.ndarray, " columns"]
    y: Float[np.ndarray, " rows"]
    values: Float[np.ndarray, "rows columns"]
    points: Float[np.ndarray, "points 2"] | None = None

    def __post_init__(self) -> None:
        grid = (len(self.y), len(self.x))
        if self.values.shape != grid or 0 in grid:
            raise ValueError(
                f"values must have shape (rows, columns) = {grid}, none of them 0; got {self.values.shape}."
            )
        if self.points is not None and (self.points.ndim != 2 or self.points.shape[1] != 2):
            raise ValueError(f"points must have shape (points, 2); got {self.points.shape}.")


def plot_density(densities: Sequence[Density], names: tuple[str, str] = ("", "")) -> Figure:
    """Plot two-dimensional densities, one panel each and four in a row, with points on top.

    Darker means denser. Both axes of a panel have the same scale.

    Args:
        densities: The densities.
        names: Labels of the two coordinates.

    Returns:
        The figure.

    Raises:
        ValueError: If there are no densities, or one has no finite value.

    Example:
        ```python
        import numpy as np
        from nde.plot import Density, plot_density

        x, points = np.linspace(-4.0, 4.0, 81), np.random.default_rng(0).normal(size=(200, 2))
        values = np.exp(-(x**2 + x[:, None] ** 2) / 2) / (2 * np.pi)
        plot_density([Density("normal", x, x, values, points)], ("height", "weight")).savefig("density.png")
        ```
    """
    check_some("densities", densities)
    columns = min(_COLUMNS, len(densities))
    rows = -(-len(densities) // columns)
    figure = Figure(figsize=(0.6 + 2.9 * columns, 0.4 + 2.9 * rows), layout="constrained", dpi=130)
    axes = figure.subplots(rows, columns, squeeze=False)
    for each in axes.flat[len(densities) :]:
        each.remove()
    for panel, density in zip(axes.flat, densities, strict=False):
        _draw(panel, density)
        panel.set_xlabel(names[0], color=INK, fontsize=8.5)
        panel.set_ylabel(names[1], color=INK, fontsize=8.5)
    return figure


def _draw(panel: Axes, density: Density) -> None:
    style_axes(panel)
    panel.grid(visible=False)
    panel.pcolormesh(
        density.x,
        density.y,
        density.values,
        cmap=_SHADES,
        vmin=0.0,
        vmax=_highest(density.values),
        shading="nearest",
        rasterized=True,
    )
    if density.points is not None:
        size = 2.5 if len(density.points) <= 500 else 0.8
        panel.scatter(*density.points.T, s=size, color=COLORS[1], linewidths=0, alpha=0.7)
    panel.set(xlim=(density.x[0], density.x[-1]), ylim=(density.y[0], density.y[-1]), aspect="equal")
    panel.set_title(density.title, color=INK, fontsize=9, loc="left")
    panel.tick_params(labelsize=8)


def _highest(values: Float[np.ndarray, "rows columns"]) -> float:
    """The density value below which nearly all of the mass lies."""
    ordered = np.sort(finite("values", values))
    mass = np.cumsum(ordered)
    return float(ordered[np.searchsorted(mass, _BRIGHTEST * mass[-1])]) or 1.0
