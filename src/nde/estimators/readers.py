"""Models that read a series, by the names that estimators give them."""

from collections.abc import Callable
from typing import Any

from nde.data import DataError
from nde.models import GRUD, ODERNN, GRUDeltaT, NeuralCDE, NeuralRDE

READERS: dict[str, Callable[..., Any]] = {
    "neural-cde": NeuralCDE,
    "neural-rde": NeuralRDE,
    "gru-dt": GRUDeltaT,
    "gru-d": GRUD,
    "ode-rnn": ODERNN,
}
"""From the name to the class."""

_WITH_WIDTH = frozenset({"neural-cde", "neural-rde", "ode-rnn"})
"""Those with a vector field."""


def make_reader(
    name: str, input_size: int, output_size: int, static_size: int, *, hidden_size: int, width: int, depth: int
) -> Callable[[Any], Any]:
    """What makes the model of a key.

    Raises:
        DataError: If there is no such model.
    """
    if name not in READERS:
        raise DataError(f"There is no model '{name}'; there are {', '.join(READERS)}.")
    sizes = {"width": width, "depth": depth} if name in _WITH_WIDTH else {}
    return lambda key: READERS[name](
        input_size=input_size,
        hidden_size=hidden_size,
        output_size=output_size,
        static_size=static_size,
        key=key,
        **sizes,
    )
