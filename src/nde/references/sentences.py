"""Sentences that say which methods were used."""

from collections.abc import Sequence

from nde.references.bibliography import Entry

Source = tuple[str, str, tuple[Entry, ...]]
"""A method: its name, the module that holds it, and where it is from."""

_SENTENCES = {
    "nde.solvers": "The differential equations were solved with {}.",
    "nde.stepping": "The step sizes were chosen by {}.",
    "nde.gradients": "Gradients were computed with {}.",
    "nde.paths.brownian": "Brownian motion was sampled with {}.",
    "nde.paths": "The data were interpolated with {}.",
    "nde.signatures": "Signatures were computed with {}.",
    "nde.models": "The models use {}.",
    "nde.nn": "The neural networks use {}.",
    "nde.estimators": "The models were fitted with {}.",
    "nde.train": "The models were trained with {}.",
    "nde.losses": "The losses use {}.",
    "nde.metrics": "The results were evaluated with {}.",
    "nde": "This work uses {}.",
}
"""One for each package; the first that a module is in counts."""


def sentences_of(sources: Sequence[Source]) -> list[str]:
    """A sentence in LaTeX for each package that has some of the methods."""
    floors = {floor: [source for source in sources if _floor(source[1]) == floor] for floor in _SENTENCES}
    return [_SENTENCES[floor].format(_enumeration(methods)) for floor, methods in floors.items() if methods]


def _floor(module: str) -> str:
    return next(floor for floor in _SENTENCES if f"{module}.".startswith(f"{floor}."))


def _enumeration(sources: Sequence[Source]) -> str:
    citations = [
        rf"\texttt{{{name.replace('_', chr(92) + '_')}}}~\cite{{{','.join(entry.key for entry in entries)}}}"
        for name, _, entries in sources
    ]
    return " and ".join([", ".join(citations[:-1]), citations[-1]] if len(citations) > 1 else citations)
