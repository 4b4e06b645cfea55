"""Forecasts that any model has to beat."""

import numpy as np
from jaxtyping import Float

from nde.data import Table


def persistence(table: Table, ts: Float[np.ndarray, " times"]) -> Float[np.ndarray, "times columns"]:
    """The last value measured of each column, at all times.

    Example:
        ```python
        import numpy as np
        from nde.data import load_lynx_hare
        from nde.train import persistence

        print(persistence(load_lynx_hare(), np.array([1921.0])))
        ```
    """
    last = [column[~np.isnan(column)][-1] for column in table.ys.T]
    return np.tile(last, (len(ts), 1))


def mean(table: Table, ts: Float[np.ndarray, " times"]) -> Float[np.ndarray, "times columns"]:
    """The mean of the values measured of each column, at all times.

    Example:
        ```python
        import numpy as np
        from nde.data import load_lynx_hare
        from nde.train import mean

        print(mean(load_lynx_hare(), np.array([1921.0])))
        ```
    """
    return np.tile(np.nanmean(table.ys, axis=0), (len(ts), 1))
