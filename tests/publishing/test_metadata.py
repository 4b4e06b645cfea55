"""The package, its citation file, its workflows and its README on PyPI say the same."""

import re
import tomllib

import pytest

import nde
from nde.core.extras import COMMAND_LINE, ROOMS, advice
from tests.docs.examples import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
CITATION = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
README = (ROOT / "README.md").read_text(encoding="utf-8")


def names(requirements: list[str]) -> set[str]:
    """The packages that are required."""
    return {re.match(r"[\w-]+", requirement)[0] for requirement in requirements}


def test_the_citation_file_is_of_this_version_and_names_the_thesis():
    assert f"\nversion: {nde.__version__}\n" in CITATION
    assert f"\nlicense: {PROJECT['project']['license']}\n" in CITATION
    assert f"  - name: {PROJECT['project']['authors'][0]['name']}\n" in CITATION
    assert "doi: 10.48550/arXiv.2202.02435\n" in CITATION


def test_the_base_is_the_solver():
    assert names(PROJECT["project"]["dependencies"]) == {"equinox", "jax", "jaxtyping", "lineax", "numpy"}


@pytest.mark.parametrize("package", ["equinox", "jax"])
def test_packages_of_which_private_parts_are_in_use_have_an_upper_bound(package: str):
    (requirement,) = [each for each in PROJECT["project"]["dependencies"] if re.match(rf"{package}\b", each)]
    assert re.search(r",<\d+\.\d+$", requirement)


@pytest.mark.parametrize("module", sorted({*COMMAND_LINE, *(module for needed in ROOMS.values() for module in needed)}))
def test_the_extra_that_a_message_names_has_the_package(module: str):
    package, extra = re.search(r"needs (\S+); .*nde\[(\w+)\]", advice("Something", [module])).groups()
    assert package in names(PROJECT["project"]["optional-dependencies"][extra])


@pytest.mark.parametrize("extra", ["bench", "docs", "experiments", "test"])
def test_extras_for_work_on_the_package_include_what_learning_needs(extra: str):
    assert PROJECT["project"]["optional-dependencies"][extra][0].startswith("nde[learn")


def test_the_command_is_there():
    module, _, function = PROJECT["project"]["scripts"]["nde"].partition(":")
    assert callable(getattr(__import__(module, fromlist=[function]), function))


def test_the_workflow_tests_the_pythons_that_the_package_is_for():
    workflow = (ROOT / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")
    tested = re.findall(r'"(3\.\d+)"', re.search(r"python: \[(.*)\]", workflow)[1])
    said = [each.rpartition(" ")[2] for each in PROJECT["project"]["classifiers"] if "Python :: 3." in each]
    assert tested == said


def test_the_readme_on_pypi_has_no_relative_link():
    text = README
    for each in PROJECT["tool"]["hatch"]["metadata"]["hooks"]["fancy-pypi-readme"]["substitutions"]:
        text = re.sub(each["pattern"], each["replacement"], text)
    links = re.findall(r"\]\(([^)]*)\)", text)
    assert links
    assert all(link.startswith("https://") for link in links)
    assert re.findall(r"\]\((https:[^)]*)\)", README) == links
