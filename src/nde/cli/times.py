"""Times on the command line."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from nde.data import Clock, DataError, ReadOptions
from nde.data.files.read_options import NUMBER
from nde.data.numbers import is_number
from nde.data.panel.clock import UNITS
from nde.data.times.time_column import times_of_cells


def elapsed_times(clock: Clock, texts: Sequence[str], reading: ReadOptions) -> list[Float[np.ndarray, " _"]]:
    """Times of the command line as each series of a clock counts them.

    Args:
        clock: The clock.
        texts: The times, of the kind that the file of the clock has.
        reading: The format of dates, if it is given.

    Raises:
        DataError: If there are none, or they are of another kind.
    """
    import pandas as pd  # noqa: PLC0415 (takes long to import)

    if not texts:
        raise DataError("--times is empty; give times separated by commas, for example --times 5,6,7.")
    form = NUMBER if clock.unit is None and all(map(is_number, texts)) else reading.date_format
    found = times_of_cells(pd.Series(list(texts), dtype=object), "--times", ReadOptions(date_format=form))
    times, kind = found.values, clock.origins.dtype.kind
    if times.dtype.kind != kind:
        wanted = {"M": "dates", "m": "durations such as 00:01:30"}.get(kind, "numbers")
        raise DataError(f"Got {texts[0]} among --times; the times of the data are {wanted}.")
    if clock.unit is None:
        return [times - float(origin) for origin in clock.origins]
    if clock.zone is not None and found.zone is None:
        times = clock.zone.to_utc(times)
    return [(times - origin) / UNITS[clock.unit] for origin in clock.origins]
