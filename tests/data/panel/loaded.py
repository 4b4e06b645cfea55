"""Prints the order of a loader and what a drop leaves, for a test to compare between processes."""

import itertools
import json
import sys

from nde.data import Loader, drop_observations
from tests.data.panel.made import ragged


def order() -> str:
    """Of two epochs, as text."""
    panel = ragged(series=11)
    loader = Loader(panel, 3, seed=5, buckets=2)
    batches = [batch.index.tolist() for batch in itertools.islice(loader, 2 * len(loader))]
    return json.dumps([batches, drop_observations(panel, 0.5, seed=5).ts.tolist()])


if __name__ == "__main__":
    sys.stdout.write(order())
