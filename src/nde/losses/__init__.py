"""Distances between distributions of paths, as losses for generative models."""

from nde.losses._signature_kernel import signature_kernel
from nde.losses.mmd import signature_mmd
from nde.losses.static import AbstractStaticKernel, LinearKernel, RBFKernel
from nde.losses.truncated import truncated_signature_kernel

__all__ = [
    "AbstractStaticKernel",
    "LinearKernel",
    "RBFKernel",
    "signature_kernel",
    "signature_mmd",
    "truncated_signature_kernel",
]
