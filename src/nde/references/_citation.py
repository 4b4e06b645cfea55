"""Citations for the methods that a piece of work uses."""

import dataclasses
import difflib
import functools
import importlib
import inspect
from collections.abc import Iterable
from typing import Any

import numpy as np

from nde.references.bibliography import Entry, bibliography, identifiers_of
from nde.references.parts import Method, methods_in
from nde.references.sentences import Source, sentences_of

_LIBRARY = r"This work uses nde, a library for neural differential equations~\cite{{{}}} in JAX~\cite{{{}}}."
_THESIS, _JAX = "10.48550/arXiv.2202.02435", "https://github.com/jax-ml/jax"


@dataclasses.dataclass(frozen=True, repr=False)
class Citation:
    """What to cite. `print` shows the sentences and the BibTeX entries.

    Attributes:
        sentences: Sentences in LaTeX that say which methods were used.
        bibtex: The BibTeX entries that the sentences cite, as the text of a `.bib` file in UTF-8.
        references: The same works as lines of plain text, one per work, for example for the end of a report.

    Example:
        ```python
        import nde

        cited = nde.citation(nde.Tsit5())
        assert isinstance(cited, nde.Citation)
        print(cited.references[-1])
        ```
    """

    sentences: tuple[str, ...]
    bibtex: str
    references: tuple[str, ...]

    def __str__(self) -> str:
        return "\n".join([*self.sentences, "", self.bibtex])

    __repr__ = __str__


def citation(*args: Any, **kwargs: Any) -> Citation:
    r"""Collect what to cite for the methods in use: sentences, BibTeX entries, and plain reference lines.

    A method cites the works that its docstring names by DOI. An object also cites the methods that it contains: a term
    its Brownian motion, a model its networks, a wrapped solver the solver inside. Defaults count only if you pass them.
    P. Kidger's thesis on neural differential equations and JAX are always cited. Other objects, such as your own
    functions and arrays, are ignored.

    Args:
        *args: Terms, solvers, step size controllers, adjoints, paths, models, losses, estimators; classes and
            functions, such as `nde.cdeint`; lists and dictionaries of them.
        **kwargs: More of them, by the names of arguments of the library, as in a call to `nde.diffeqsolve`.

    Returns:
        The citation. Print it, or use its attributes.

    Raises:
        TypeError: If an argument is a string, or a number that is not passed by name; or if nothing in the library has
            an argument of a name.
        RuntimeError: If Python runs with `-OO`, which removes docstrings.

    Example:
        ```python
        import nde

        term = nde.ODETerm(lambda t, y, args: -y)
        cited = nde.citation(term, nde.Tsit5(), stepsize_controller=nde.PIDController(rtol=1e-5, atol=1e-5))
        assert r"solved with \texttt{Tsit5}~\cite{tsitouras2011runge}" in str(cited)
        print(cited)
        ```
    """
    if citation.__doc__ is None:
        raise RuntimeError("The works to cite are in docstrings, which Python removes with -OO; run it without -OO.")
    _check_keywords(kwargs)
    _refuse((str, bytes), [*args, *kwargs.values()], "")
    _refuse((int, float, complex, np.generic), args, " Pass numbers that are arguments of a call by name.")
    entries = bibliography()
    library = (entries[_THESIS], entries[_JAX])
    sources = [source for method in methods_in([*args, kwargs]) if (source := _source(method)) is not None]
    works = dict.fromkeys([*library, *(entry for source in sources for entry in source[2])])
    return Citation(
        sentences=(_LIBRARY.format(*(entry.key for entry in library)), *sentences_of(list(dict.fromkeys(sources)))),
        bibtex="\n\n".join(entry.bibtex for entry in works) + "\n",
        references=tuple(entry.line for entry in works),
    )


def _refuse(kinds: tuple[type, ...], values: Iterable[Any], then: str) -> None:
    """Check that there are no strings or numbers where methods are expected.

    Raises:
        TypeError: If there are.
    """
    for each in values:
        if isinstance(each, kinds):
            raise TypeError(
                "nde.citation needs objects, classes or functions, such as nde.Tsit5() or nde.cdeint; got "
                f"{each!r}.{then}"
            )


def _check_keywords(names: Iterable[str]) -> None:
    """Check that names are those of arguments of the library.

    Raises:
        TypeError: If one is not.
    """
    for name in names:
        if name not in _keywords():
            near = difflib.get_close_matches(name, sorted(_keywords()), n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise TypeError(
                f"nde.citation got a keyword argument {name!r}, which nothing in nde takes.{hint} Pass objects without "
                "a name, or by the name that they have in a call such as nde.diffeqsolve."
            )


@functools.cache
def _keywords() -> frozenset[str]:
    """The names of all arguments of public functions and classes."""
    library = importlib.import_module("nde")
    return frozenset(name for public in library.__all__ for name in _arguments(getattr(library, public)))


def _arguments(thing: Any) -> Iterable[str]:
    # Exceptions have no signature.
    is_error = inspect.isclass(thing) and issubclass(thing, BaseException)
    return inspect.signature(thing).parameters if callable(thing) and not is_error else ()


def _source(method: Method) -> Source | None:
    """The works that a method is from; a class whose docstring names none inherits those of its base class."""
    for each in method.__mro__ if inspect.isclass(method) else (method,):
        entries = tuple(_entries(each))
        if entries:
            return each.__name__, each.__module__, entries
    return None


def _entries(method: Method) -> list[Entry]:
    """The works that a docstring of the library names, each once."""
    if not method.__module__.startswith("nde."):
        return []
    known = bibliography()
    return [known[each] for each in dict.fromkeys(identifiers_of(method.__doc__ or "")) if each in known]
