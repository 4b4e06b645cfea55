"""Layers and vector fields for neural differential equations."""

from nde.nn._lipswish import lipswish
from nde.nn._softplus import softplus
from nde.nn.bounded_norm import BoundedNorm, bounded_norms
from nde.nn.concat_squash import ConcatSquash
from nde.nn.concat_squash_mlp import ConcatSquashMLP
from nde.nn.correction_mlp import CorrectionMLP
from nde.nn.gated import Gated
from nde.nn.last_layer import scaled_last_layer
from nde.nn.matrix_mlp import MatrixMLP
from nde.nn.orthogonal import orthogonal_layers
from nde.nn.parametrization import AbstractParametrization, with_values
from nde.nn.time_concatenated import TimeConcatenated
from nde.nn.vector_field_conv import VectorFieldConv
from nde.nn.vector_field_gru import VectorFieldGRU
from nde.nn.vector_field_mlp import VectorFieldMLP

__all__ = [
    "AbstractParametrization",
    "BoundedNorm",
    "ConcatSquash",
    "ConcatSquashMLP",
    "CorrectionMLP",
    "Gated",
    "MatrixMLP",
    "TimeConcatenated",
    "VectorFieldConv",
    "VectorFieldGRU",
    "VectorFieldMLP",
    "bounded_norms",
    "lipswish",
    "orthogonal_layers",
    "scaled_last_layer",
    "softplus",
    "with_values",
]
