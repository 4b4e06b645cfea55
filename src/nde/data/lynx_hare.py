"""The lynx and hare data set.

Source: Hudson's Bay Company records of pelts, as tabulated by the USAF Academy's mathematics course material and used
in the Stan case study on Lotka-Volterra.
"""

from importlib import resources

from nde.data.csv import read_csv
from nde.data.table import Table

LYNX_HARE_SOURCE = (
    "Pelts of Canadian lynx and snowshoe hare, in thousands, 1900 to 1920: Hudson's Bay Company records, as tabulated "
    "by the USAF Academy's mathematics course material and used in the Stan case study on Lotka-Volterra."
)


def load_lynx_hare() -> Table:
    """Load the lynx and hare data set: pelts of hare (prey) and lynx (predator), yearly from 1900 to 1920.

    Returns:
        A table with the columns `hare` and `lynx`, in thousands of pelts.

    Source:
        Hudson's Bay Company records, see `LYNX_HARE_SOURCE`.

    Example:
        ```python
        from nde.data import load_lynx_hare

        print(load_lynx_hare().ys.shape)
        ```
    """
    with resources.as_file(resources.files("nde.data") / "lynx_hare.csv") as path:
        return read_csv(path, time="year", states=["hare", "lynx"])
