"""Experiments of papers that fit on a small machine: a command, a table and a picture each."""
