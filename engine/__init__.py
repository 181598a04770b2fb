"""Liquidlight: a live VJ engine. Importing this package loads no torch, GL or device library."""

__version__ = "0.1.0"
