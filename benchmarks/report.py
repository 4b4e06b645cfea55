"""The page `RESULTS.md`: one day's table, with everything needed to read it."""

from collections.abc import Mapping, Sequence

from benchmarks.row import Line
from benchmarks.table import table

HOW_TO_READ = """\
## How to read it

- All sides of a row run in one process and take turns (A B A B). Before each timed run, a side sleeps for 10 ms and
  then runs untimed for 10 ms, so that it does not pay for threads or caches that another side left behind. Times are
  medians; *runs* gives the number of runs, ours and the peer's. JAX sides run under one outer `jax.jit`, compiled in
  advance.
- *ratio* is the peer's time divided by ours; *at least* is the target for the ratio (1: not slower).
- Errors are relative Euclidean errors. The reference is SciPy's DOP853 at 1e-13 for the values of a single solve, and
  Diffrax in float64 at 1e-12 for gradients and for solves under `vmap`. Lorenz amplifies rounding errors up to t =
  10: in float32 the error is about 1e-5. The reference for controlled equations is Diffrax in float64 with two steps
  between knots.
- All JAX sides use Tsit5 and the same tolerances, first step and `max_steps`: 1e-6, 0.01 and 4,096 for Lorenz; 1e-8,
  0.001 and 4,096 for 1,024 Lorenz systems; 1e-5, 0.1 and 256 for neural networks. Gradients are with respect to the
  initial state and all parameters.
- *Diffrax* uses Diffrax's defaults; *Diffrax tuned* is the fastest of several settings, named in brackets, always
  with `throw=False`.
- torchdiffeq (which has no Tsit5, and solves a batch as one system) and SciPy (always float64) use the loosest
  tolerance that is as accurate as we are, within a factor of 1.5, or as accurate as their rounding allows; it is
  given in brackets. Gradients with torchdiffeq are PyTorch's, through the solve. Slow sides may have few runs: at
  least 5, but 3 for controlled equations and SciPy's splines, and 1 for torchcde's splines.
- *Compile* is the time for tracing, lowering and compiling with empty caches, without a run.
- For SDEs, all sides take the same number of constant steps over the unit interval, with diagonal noise in float32:
  `dy = a (b - y) dt + s y dW`, without networks. Their noise differs, so errors are not compared. Adaptive rows share
  the tolerance (1e-2), the controller's coefficients and the method. *Diffrax VirtualBrownianTree* is the fastest of
  its settings, named in brackets, with a tolerance of half a step (1e-3 for adaptive steps); `UnsafeBrownianPath` has
  no gradient. torchsde uses its default Brownian interval, and for reversible Heun its own adjoint if that is faster.
  With steps of 0.01, whose times are rounded, torchsde is many times slower than with as many steps of 1/128, so both
  are measured.
- *its normal numbers alone* is a loop that only draws as many numbers with our generator: its ratio is the share of
  our time spent on drawing.
- *BrownianInterval*: sequential and doubly sequential walk along the path as a solve and its gradient do (the
  backward pass reads what the forward pass recorded); random evaluates increments between random times. Diffrax's
  tree evaluates the same increments.
- *Neural CDE*: series × times × channels along cubic Hermite paths, `vmap` of a solve for one series; Tsit5, with one
  step between knots or adaptive steps. torchcde's fixed-step method is classical Runge-Kutta, with as many steps as
  it needs for our error. *bare scan* is the arithmetic of Tsit5 for the whole batch and nothing else, differentiated
  by JAX.
- *Neural CDE classifier*: loss, gradient and Adam for series × times × channels along linear paths, each series at
  its own times; Heun, with one step between knots. We run the training step of `nde.train.fit`. Errors are those of
  the first three losses, against a scan in float64; a side with an error above 1e-4 is rejected. For this reason
  Diffrax solves the control term itself: at a knot, its `to_ode` takes the derivative of the interval before, and so
  computes another loss. torchcde has its knots at 0, 1, 2, … for the whole batch, which does not change the loss, and
  uses all threads or one, whichever is faster. *bare scan* is the arithmetic for the whole batch alone. A first step
  includes everything from the model to the first loss, with empty caches.
- *Splines* and *filling*: series × times × channels, at random times. We use `vmap` over the series. torchcde fills
  gaps channel by channel, and would take minutes for 1,000 series, so both it and we are measured on a tenth of them.
  SciPy and NumPy are called on the observations of each series and channel, and compute no coefficients at missing
  knots.
- Log-signatures are coefficients of Lyndon words, in float32; gradients are those of the sum of their squares with
  respect to the series.
- Gradients of quadratic programs are those of a weighted sum of the solutions with respect to all data but `P`, in
  float64, at each library's default tolerance. cvxpylayers is its JAX layer, which calls its solver outside `jax.jit`.
- *bare loop* is a loop with as many vector field evaluations as our solve, and nothing else.
"""


def report(facts: Mapping[str, str], lines: Sequence[Line]) -> str:
    """The whole page."""
    head = "\n".join(f"- {name}: {fact}" for name, fact in facts.items())
    return f"# Benchmarks\n\nMade by `make bench`.\n\n{head}\n\n{summary(lines)}\n\n{table(lines)}\n\n{HOW_TO_READ}"


def summary(lines: Sequence[Line]) -> str:
    """The number of targets reached."""
    judged = [line.reached for line in lines if line.reached is not None]
    return f"{sum(judged)} of {len(judged)} targets reached."
