"""How far a forecast is from what was measured."""

import numpy as np
from jaxtyping import Float

from nde.data import Table


def rmse(table: Table, forecast: Float[np.ndarray, "rows columns"]) -> dict[str, float]:
    """The root mean squared error of each column in its own unit, and of `all` columns together; gaps do not count.

    A column without a measurement, and all columns if none has any, come as `nan`.

    Example:
        ```python
        from nde.data import load_lynx_hare
        from nde.train import mean, rmse

        table = load_lynx_hare()
        print(rmse(table, mean(table, table.ts)))
        ```
    """
    squares = (np.asarray(forecast, np.float64) - table.ys) ** 2
    columns = {name: _root_mean(column) for name, column in zip(table.names, squares.T, strict=True)}
    return {**columns, "all": _root_mean(squares)}


def _root_mean(squares: Float[np.ndarray, "..."]) -> float:
    known = squares[~np.isnan(squares)]
    return float(np.sqrt(known.mean())) if known.size else float("nan")
