"""The yearly sunspot record."""

from importlib import resources

from nde.data.csv import read_csv
from nde.data.table import Table

SUNSPOTS_SOURCE = (
    "Yearly mean sunspot numbers, 1700 to 2008, before the revision of 2015: World Data Center SILSO, Royal "
    "Observatory of Belgium, by the National Geophysical Data Center; as distributed with statsmodels, public domain."
)


def load_sunspots() -> Table:
    """Mean sunspot numbers, one row a year, 1700 to 2008.

    Example:
        ```python
        from nde.data import load_sunspots

        print(load_sunspots().ys.max())
        ```
    """
    with resources.as_file(resources.files("nde.data") / "sunspots.csv") as path:
        return read_csv(path, time="year", states=["sunspots"])
