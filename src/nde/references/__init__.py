"""The literature that methods are from: what to cite."""

from nde.references._citation import Citation, citation

__all__ = ["Citation", "citation"]
