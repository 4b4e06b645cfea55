"""Small blocks of which vector fields are made."""

from nde.nn.matrix_mlp import MatrixMLP

__all__ = ["MatrixMLP"]
