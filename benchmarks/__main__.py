"""Run the benchmarks, print one table, and save it with `--write`: `python -m benchmarks --help`."""

import argparse
import re
import sys
import time
from pathlib import Path

import jax

from benchmarks.machine import facts
from benchmarks.report import report, summary
from benchmarks.row import Line, Row
from benchmarks.rows import all_rows
from benchmarks.table import duration, table

RESULTS = Path(__file__).with_name("RESULTS.md")


def main() -> None:
    """Parse options, run rows, print the table."""
    options = _options()
    _even_ground()
    rows = _chosen(options)
    found = facts()
    lines = [line for n, row in enumerate(rows, 1) for line in _measure(row, options.runs, f"{n}/{len(rows)}")]
    print("\n".join(f"{name}: {fact}" for name, fact in found.items()))
    print(f"\n{table(lines)}\n\n{summary(lines)}")
    if options.write:
        RESULTS.write_text(report(found, lines), encoding="utf-8")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks", description="Compare the speed and error of nde with other libraries."
    )
    parser.add_argument("--only", metavar="PATTERN", default="", help="rows whose name holds this regular expression")
    parser.add_argument("--runs", type=int, default=20, metavar="N", help="runs a median is taken of, at least (20)")
    parser.add_argument("--quick", action="store_true", help="3 runs, the first peer of each row alone: a smoke test")
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}; needs the whole run")
    options = parser.parse_args()
    if options.runs < 1:
        parser.error(f"--runs must be at least 1, got {options.runs}")
    if options.write and (options.only or options.quick):
        parser.error("--write keeps a whole run: leave --only and --quick away")
    if options.quick:
        options.runs = 3
    return options


def _even_ground() -> None:
    """Disable the compilation cache on disk, and use float32 matrix products in float32 on accelerators too."""
    jax.config.update("jax_enable_compilation_cache", False)
    jax.config.update("jax_default_matmul_precision", "highest")


def _chosen(options: argparse.Namespace) -> list[Row]:
    rows = [row for row in all_rows() if re.search(options.only, row.work, re.IGNORECASE)]
    if not rows:
        sys.exit(f"no row's name holds {options.only!r}; there are:\n" + "\n".join(row.work for row in all_rows()))
    return [row.against_first_peer() for row in rows] if options.quick else rows


def _measure(row: Row, runs: int, place: str) -> list[Line]:
    """Measure one row, and print a line of progress."""
    start = time.perf_counter()
    print(f"[{place}] {row.work} … ", end="", file=sys.stderr, flush=True)
    lines = row.measure(runs)
    ratios = ", ".join(f"{line.peer.name} {line.ratio:.2f} ×" for line in lines)
    ours = f"{duration(lines[0].ours.timing.seconds)}; {ratios}" if lines else "no peer is installed"
    print(f"{ours} ({time.perf_counter() - start:.0f} s)", file=sys.stderr, flush=True)
    return lines


if __name__ == "__main__":
    main()
