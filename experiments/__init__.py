"""Experiments from papers that fit on a small machine: one command, table and plot each."""
