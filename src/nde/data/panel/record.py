"""One series of a panel."""

import dataclasses
from collections.abc import Hashable
from typing import Any

import numpy as np
from jaxtyping import Float


@dataclasses.dataclass(frozen=True, eq=False)
class Record:
    """One series of a `nde.TimeSeries` panel.

    Attributes:
        id: Id of the series.
        ts: Times, of shape `(length,)`, increasing.
        ys: Values of the channels, of shape `(length, channels)`; `nan` for missing values.
        static: Static features, of shape `(features,)`.
        target: Target or label, or `None`.
        channels: Names of the channels; there may be none.
        static_names: Names of the static features; there may be none.

    Example:
        ```python
        import numpy as np
        import nde

        print(nde.TimeSeries.from_arrays([np.arange(3.0), np.arange(5.0)])[1].ts)
        ```
    """

    id: Hashable
    ts: Float[np.ndarray, " length"]
    ys: Float[np.ndarray, "length channels"]
    static: Float[np.ndarray, " features"]
    target: Any = None
    channels: tuple[str, ...] = ()
    static_names: tuple[str, ...] = ()
