"""Lets a navigation entry name a folder: it stands for all pages of the folder, in the order of their names."""

from pathlib import Path
from typing import Any


def on_config(config: Any) -> Any:
    """Puts pages in place of folders; an empty folder leaves no entry."""
    docs = Path(config["docs_dir"])
    config["nav"] = [entry for entry in (_expanded(e, docs) for e in config["nav"]) if entry]
    return config


def _expanded(entry: dict[str, Any], docs: Path) -> dict[str, Any] | None:
    ((title, target),) = entry.items()
    if not (isinstance(target, str) and target.endswith("/")):
        return entry
    pages = sorted(str(page.relative_to(docs)) for page in (docs / target).glob("*.md"))
    return {title: pages} if pages else None
