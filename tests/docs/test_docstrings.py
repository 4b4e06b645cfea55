"""The example of every docstring runs."""

import pytest

from tests.docs.examples import Example, docstring_examples

LONG = ("LatentODEImputer", "NeuralODEForecaster")
"""Classes whose examples train for most of a minute."""


@pytest.mark.parametrize(
    "example",
    [pytest.param(e, marks=pytest.mark.slow if e.name.endswith(LONG) else ()) for e in docstring_examples()],
    ids=lambda e: e.name,
)
def test_docstring(example: Example):
    example.run()
