"""Rows of panels from arrays."""

from collections.abc import Hashable, Iterable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from nde.data.panel.rows import Rows, check_count, concatenate_times, no_static
from nde.data.plural import pluralize
from nde.data.table import DataError


def rows_of_arrays(
    values: Iterable[Any],
    ts: Any = None,
    *,
    ids: Sequence[Hashable] | None = None,
    channels: Sequence[str] | None = None,
    static: Any = None,
    static_names: Sequence[str] | None = None,
    targets: Any = None,
) -> Rows:
    """Convert arrays to rows; see `TimeSeries.from_arrays`.

    Raises:
        DataError: If shapes do not match, or values are not numeric.
    """
    series = [_series(place, each) for place, each in enumerate(values)]
    if not series:
        raise DataError("Got a panel without series; expected at least one.")
    _check_channels(series)
    lengths = np.array([len(each) for each in series])
    names = _names("x", series[0].shape[1], channels, "channel")
    features = no_static(len(series)) if static is None else _numbers("Static features", static)
    features = features[:, None] if features.ndim == 1 else features
    check_count("rows of static features", len(features), len(series))
    names_of_series = tuple(range(len(series))) if ids is None else tuple(ids)
    check_count("ids", len(names_of_series), len(series))
    labels = None if targets is None else np.asarray(targets)
    check_count("targets", len(series) if labels is None else len(labels), len(series))
    return Rows(
        ids=names_of_series,
        lengths=lengths,
        times=_times(ts, lengths, names_of_series),
        ys=np.concatenate(series),
        channels=names,
        static=features,
        static_names=_names("static", features.shape[1], static_names, "static feature"),
        targets=labels,
    )


def _series(place: int, values: Any) -> Float[np.ndarray, "length channels"]:
    array = _numbers(f"Series number {place}", values)
    if array.ndim not in {1, 2}:
        raise DataError(f"Series number {place} has shape {array.shape}; expected (length, channels) or (length,).")
    return array[:, None] if array.ndim == 1 else array


def _numbers(what: str, values: Any) -> Float[np.ndarray, "..."]:
    try:
        array = np.asarray(values)
    except ValueError:
        raise DataError(f"{what} is ragged; all rows must have the same length.") from None
    if array.dtype.kind not in "fiub":
        raise DataError(f"{what} has dtype {array.dtype}; expected real numbers, with nan for missing values.")
    return array.astype(np.float64)


def _check_channels(series: Sequence[Float[np.ndarray, "_ _"]]) -> None:
    wide = series[0].shape[1]
    for place, each in enumerate(series):
        if each.shape[1] != wide:
            raise DataError(
                f"Series number {place} has {pluralize(each.shape[1], 'channel')} and the first has {wide}; all must "
                "have the same. Fill unobserved channels with nan; if time is the second axis, transpose."
            )


def _names(stem: str, count: int, given: Sequence[str] | None, what: str) -> tuple[str, ...]:
    if given is None:
        return tuple(f"{stem}{i}" for i in range(count))
    names = (given,) if isinstance(given, str) else tuple(given)
    if len(names) != count:
        raise DataError(f"Got {pluralize(len(names), 'name')} for {pluralize(count, what)}; expected one for each.")
    return names


def _times(ts: Any, lengths: np.ndarray, ids: Sequence[Hashable]) -> np.ndarray:
    """The times of all series, concatenated; a single array is shared by all series."""
    if ts is None:
        return np.concatenate([np.arange(float(length)) for length in lengths])
    each = [np.asarray(times) for times in ts]
    if all(times.ndim == 0 for times in each):
        each = [np.asarray(ts)] * len(lengths)
    check_count("arrays of times", len(each), len(lengths))
    for name, times, length in zip(ids, each, lengths, strict=True):
        if times.shape != (length,):
            raise DataError(
                f"Series {name!r} has {pluralize(int(length), 'row')}, and times of shape {times.shape}; expected one "
                "time for each row."
            )
    return concatenate_times(each)
