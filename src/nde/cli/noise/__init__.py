"""The main job for equations with noise."""

from nde.cli.noise.job import Job
from nde.cli.noise.run import run

__all__ = ["Job", "run"]
