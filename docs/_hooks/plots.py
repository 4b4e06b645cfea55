"""Runs the pages that save plots, and puts the plots beside the pages."""

import functools
import logging
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path, PurePosixPath

from blocks import plots_of
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError
from mkdocs.structure.files import File, Files

RUN = Path(__file__).with_name("run_page.py")
EXPERIMENTS = Path(__file__).parents[2] / "experiments" / "results"
log = logging.getLogger("mkdocs.hooks.plots")


def on_files(files: Files, *, config: MkDocsConfig) -> Files:
    """Called once the pages are known."""
    for plot in sorted(EXPERIMENTS.glob("*.png")):
        files.append(File.generated(config, f"experiments/{plot.name}", content=plot.read_bytes()))
    pages = [file for file in files.documentation_pages() if plots_of(file.content_string)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        plots_of_pages = list(pool.map(lambda page: _plots(page.abs_src_path, page.content_string), pages))
    for page, plots in zip(pages, plots_of_pages, strict=True):
        for name, content in plots.items():
            place = PurePosixPath(page.src_uri).with_name(name)
            files.append(File.generated(config, str(place), content=content))
    return files


@functools.cache
def _plots(page: str, text: str) -> dict[str, bytes]:
    """The plots that a page saves, by name; the cache is for `mkdocs serve`, which builds again at every change."""
    log.info("Running %s", page)
    with tempfile.TemporaryDirectory() as folder:
        run = subprocess.run([sys.executable, RUN, page], cwd=folder, capture_output=True, text=True, check=False)
        if run.returncode:
            raise PluginError(f"The python blocks of {page} failed:\n{run.stderr}")
        return {name: (Path(folder) / name).read_bytes() for name in plots_of(text)}
