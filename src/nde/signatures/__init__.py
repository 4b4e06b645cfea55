"""Signatures and log-signatures of paths, and the log-ODE method.

All names are also importable from `nde` itself.
"""

from nde.signatures._logsignature import logsignature, logsignature_of_increments
from nde.signatures._signature import signature, signature_of_increments
from nde.signatures.algebra import signature_combine, tensor_exp, tensor_log
from nde.signatures.dimension import logsignature_dimension, signature_dimension
from nde.signatures.lie_brackets import LieBrackets
from nde.signatures.lyndon import lyndon_brackets, lyndon_words
from nde.signatures.windows import logsignature_windows

__all__ = [
    "LieBrackets",
    "logsignature",
    "logsignature_dimension",
    "logsignature_of_increments",
    "logsignature_windows",
    "lyndon_brackets",
    "lyndon_words",
    "signature",
    "signature_combine",
    "signature_dimension",
    "signature_of_increments",
    "tensor_exp",
    "tensor_log",
]
