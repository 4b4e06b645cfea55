"""The yearly sunspot data set."""

from importlib import resources

from nde.data.csv import read_csv
from nde.data.table import Table

SUNSPOTS_SOURCE = (
    "Yearly mean sunspot numbers, 1700 to 2008, before the revision of 2015: World Data Center SILSO, Royal "
    "Observatory of Belgium, by the National Geophysical Data Center; as distributed with statsmodels, public domain."
)


def load_sunspots() -> Table:
    """Load the sunspot data set: yearly mean sunspot numbers from 1700 to 2008.

    Returns:
        A table with the column `sunspots`.

    Source:
        World Data Center SILSO, see `SUNSPOTS_SOURCE`.

    Example:
        ```python
        from nde.data import load_sunspots

        print(load_sunspots().ys.max())
        ```
    """
    with resources.as_file(resources.files("nde.data") / "sunspots.csv") as path:
        return read_csv(path, time="year", states=["sunspots"])
