"""The page `RESULTS.md`: one day's table, with everything needed to read it."""

from collections.abc import Mapping, Sequence

from benchmarks.row import Line
from benchmarks.table import table

HOW_TO_READ = """\
## How to read it

- All sides of a row run in one process and take turns (A B A B). Before each timed run its side rests for 10 ms and
  runs untimed for 10 ms, so that nobody pays for threads or caches that another side has left behind. Times are
  medians; *runs* says of how many runs, ours and the peer's. JAX sides run under one outer `jax.jit`, compiled before.
- *ratio* is the peer's time over ours; *at least* is the ratio that was set as a target (1: not slower).
- Errors are Euclidean and relative, against SciPy's DOP853 at 1e-13 (values of one solve) or Diffrax in float64 at
  1e-12 (gradients, and solves under `vmap`). Lorenz at t = 10 multiplies rounding errors: float32 ends near 1e-5.
  Controlled equations: Diffrax in float64 with two steps from knot to knot.
- All JAX sides use Tsit5 and the same tolerances, first step and `max_steps`: Lorenz 1e-6, 0.01 and 4,096; 1,024
  Lorenz 1e-8, 0.001 and 4,096; networks 1e-5, 0.1 and 256. Gradients are to the initial state and all parameters.
- *Diffrax* is Diffrax at its defaults; *Diffrax tuned* is the fastest here of several settings, the one in brackets,
  always with `throw=False`.
- torchdiffeq (which has no Tsit5, and solves a batch as one system) and SciPy (always float64) run at the loosest
  tolerance that is as exact as we are, give or take half, or as their rounding allows: the number in brackets.
  Gradients through torchdiffeq are PyTorch's, through the solve. Slow sides may have made few
  runs: 5 and more, 3 along controlled equations and of SciPy's splines, one of torchcde's splines.
- *Compile* is trace, lowering and compilation with emptied caches, nothing run.
- With noise all sides take the same number of constant steps over the unit interval, with diagonal noise of float32:
  `dy = a (b - y) dt + s y dW` without networks. Their noise differs, so no errors are compared. Adaptive rows share
  tolerance (1e-2), coefficients of the controller and method. *Diffrax VirtualBrownianTree* is the fastest of its
  settings, the one in brackets, with a tree as coarse as half a step (1e-3 for adaptive steps); `UnsafeBrownianPath`
  has no gradient. torchsde runs with the Brownian interval that it makes by default, and for reversible Heun with its
  own adjoint if that is faster; with steps of 0.01, whose times are rounded, it is many times slower than with as many
  of 1/128, so both are measured.
- *its normal numbers alone* is a loop that draws as many by our generator, and does nothing else: its ratio is the
  share of our time that drawing takes.
- *BrownianInterval*: sequential and doubly sequential walk along the path as a solve and its gradient do (the way
  back reads what the way there recorded), random asks for increments between any two times. Diffrax's tree is asked
  for each.
- *Neural CDE*: series × times × channels along cubic Hermite paths, `vmap` of a solve of one series; Tsit5, one step
  from knot to knot or steps that keep a tolerance. torchcde has Runge and Kutta's method for fixed steps, of which it
  takes as many as its error needs to be ours. *bare scan* is the arithmetic of Tsit5 for the whole batch and nothing
  else, its gradient JAX's own.
- *Neural CDE classifier*: loss, gradient and Adam for series × times × channels along straight lines, each series at
  times of its own; Heun, one step from knot to knot. We run the step that `nde.train.fit` repeats. Errors are those of
  the first three losses, against a scan in float64; a side further off than 1e-4 is refused. That is why Diffrax solves
  the control term itself: at a knot its `to_ode` takes the derivative of the interval before, and so another loss.
  torchcde has its knots at 0, 1, 2, … for the whole batch, which leaves the loss as it is, and takes as many threads as
  are faster: all or one. *bare scan* is the arithmetic for the whole batch alone. A first step is all from the model to
  the first loss, with emptied caches.
- *Splines* and *filling*: series × times × channels, at random times. We run under `vmap` over the series. torchcde
  goes through gaps channel by channel, and would take minutes for 1,000 series: it is measured at a tenth, as we are
  beside it. SciPy and NumPy are called for the observations of each series and channel, and make no coefficients at the
  missing knots.
- Log-signatures are the coefficients of Lyndon words, in float32; gradients are those of the sum of
  their squares to the series.
- *bare loop* is a loop of as many vector-field calls as our solve makes, and nothing else.
"""


def report(facts: Mapping[str, str], lines: Sequence[Line]) -> str:
    """The whole page."""
    head = "\n".join(f"- {name}: {fact}" for name, fact in facts.items())
    return f"# Benchmarks\n\nMade by `make bench`.\n\n{head}\n\n{summary(lines)}\n\n{table(lines)}\n\n{HOW_TO_READ}"


def summary(lines: Sequence[Line]) -> str:
    """The number of targets reached."""
    judged = [line.reached for line in lines if line.reached is not None]
    return f"{sum(judged)} of {len(judged)} targets reached."
