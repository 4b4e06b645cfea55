"""Fails the build if a public name lacks its signature, its parameters or its example in the built reference."""

from pathlib import Path

from built_reference import faults_of, public_objects
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.exceptions import PluginError


def on_post_build(*, config: MkDocsConfig) -> None:
    """Called once the site is written."""
    pages = [page.read_text(encoding="utf-8") for page in sorted(Path(config.site_dir, "api").rglob("*.html"))]
    faults = faults_of(pages, public_objects())
    if faults:
        raise PluginError("The built reference is not whole:\n" + "\n".join(faults))
