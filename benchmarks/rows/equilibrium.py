"""A deep equilibrium model: a training step with as many iterations on both sides."""

from benchmarks.equilibrium import Equilibrium
from benchmarks.peers.equilibrium import OUR_EQUILIBRIUM
from benchmarks.peers.torchdeq import TORCHDEQ
from benchmarks.row import Row


def rows() -> list[Row]:
    """The sizes of the experiment on digits, and a wide state."""
    problems = [Equilibrium(128, 64, state, 10, evaluations=12) for state in (67, 512)]
    return [
        Row(
            f"Deep equilibrium {p.batch} × {p.features}, state {p.state}, {p.evaluations} iterations, training step",
            p,
            OUR_EQUILIBRIUM,
            {TORCHDEQ: 2.0},
            reference=lambda p=p: p.losses,
        )
        for p in problems
    ]
