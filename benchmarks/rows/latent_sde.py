"""A latent SDE training step at the sizes of torchsde's example."""

from benchmarks.latent_sde import LatentEquation
from benchmarks.peers.latent_sde import OUR_LATENT_EQUATION, first_loss
from benchmarks.peers.torch_latent_sde import TORCH_LATENT_EQUATION
from benchmarks.row import Row
from benchmarks.side import Side

WORK = "Latent SDE step, 1024 × 100 × 3, latent 4, hidden 128"


def rows() -> list[Row]:
    """Gradients through the solve; torchsde's stochastic adjoint takes many times as long."""
    problem = LatentEquation()
    targets: dict[Side, float | None] = {TORCH_LATENT_EQUATION: 10.0}
    return [Row(WORK, problem, OUR_LATENT_EQUATION, targets, reference=lambda: first_loss(problem))]
