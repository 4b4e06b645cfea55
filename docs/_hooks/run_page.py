"""Run the python blocks of one page in the current folder: `python run_page.py PAGE`."""

import sys
from pathlib import Path

import matplotlib as mpl
from blocks import blocks_of, run_blocks

INK = "#808890"
"""Readable on a white page and on a dark one."""

STYLE = {
    "axes.edgecolor": INK,
    "axes.labelcolor": INK,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "figure.dpi": 100,
    "grid.color": INK,
    "legend.frameon": False,
    "legend.labelcolor": INK,
    "savefig.bbox": "tight",
    "savefig.dpi": 160,
    "savefig.transparent": True,
    "text.color": INK,
    "xtick.color": INK,
    "ytick.color": INK,
}

if __name__ == "__main__":
    mpl.use("Agg")
    mpl.rcParams.update(STYLE)
    page = Path(sys.argv[1])
    run_blocks(blocks_of(page.read_text(encoding="utf-8")), str(page))
