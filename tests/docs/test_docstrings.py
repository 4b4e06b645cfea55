"""The example of every docstring runs."""

import pytest

from tests.docs.examples import Example, docstring_examples


@pytest.mark.parametrize("example", docstring_examples(), ids=lambda e: e.name)
def test_docstring(example: Example):
    example.run()
