"""Our side."""

import nde
from benchmarks.peers.jax_library import JaxLibrary

OURS = JaxLibrary("nde", nde)
