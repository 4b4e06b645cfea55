"""What `nde` can do without the packages of its extras: solve, differentiate, and say how to install what is missing.

Run as `python tests/bare_base.py` where they are not installed.
"""

import math
import sys

import jax
import jax.numpy as jnp
import numpy as np

import nde
from nde.cli import entry


def solve() -> None:
    """An ODE and its gradient, a CDE, an SDE, a signature, a network."""

    def end(rate):
        term = nde.ODETerm(lambda t, y, args: -args * y)
        return nde.diffeqsolve(term, nde.Tsit5(), 0.0, 1.0, 0.1, 1.0, rate).ys[0]

    value, slope = jax.value_and_grad(end)(1.0)
    assert abs(value - math.exp(-1)) < 1e-5
    assert abs(slope + math.exp(-1)) < 1e-5
    path = nde.LinearInterpolation(ts=jnp.array([0.0, 0.5, 2.0]), ys=jnp.array([[0.0], [1.0], [0.5]]))
    controlled = nde.cdeint(lambda t, y: y[:, None], path, jnp.ones(1), path.ts)
    assert np.allclose(controlled, jnp.exp(path.ys), atol=1e-3)
    noisy = nde.sdeint(lambda t, y: 0.0, lambda t, y: 1.0, 0.0, jnp.linspace(0.0, 1.0, 3), jax.random.key(0))
    assert noisy[0] == 0.0
    assert np.isfinite(noisy).all()
    assert np.allclose(nde.signature(path.ys, depth=1), [0.5])
    assert nde.nn.lipswish(0.0) == 0.0
    assert len(nde.TimeSeries.from_arrays([[1.0, 2.0], [3.0]])) == 2
    assert "tsitouras2011runge" in nde.citation(nde.Tsit5()).bibtex


def say_what_is_missing() -> None:
    """Each room that cannot be opened, a data frame, and the command line."""
    assert {"data", "losses"} <= {*dir(nde)}
    for room in ("estimators", "metrics", "models", "plot", "train"):
        assert room not in dir(nde)
        message = _message(lambda room=room: getattr(nde, room))
        assert message.startswith(f"nde.{room} needs ")
        assert message.endswith('with: pip install "nde[learn]"')
    assert "pandas" in _message(lambda: nde.data.read_panel(__file__, "series", "time"))
    assert "nde[tqdm]" in _message(nde.TqdmProgressMeter)
    assert _status("fit", "file.csv") == 2
    assert _status("--help") == 0


def _status(*arguments: str) -> int:
    """The exit status of the command line."""
    sys.argv[1:] = arguments
    try:
        entry.main()
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def _message(fn) -> str:
    try:
        fn()
    except ModuleNotFoundError as error:
        return str(error)
    return ""


if __name__ == "__main__":
    solve()
    say_what_is_missing()
