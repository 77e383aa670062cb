"""What is packed and how it is installed: nothing is looked for beside the package, and the locks agree."""

from __future__ import annotations

import ast
import re
import runpy
import zipfile
from pathlib import Path

import pytest

from singlewindow.shipped import CONFIG, EXAMPLES, SCHEMAS, package_folder
from tests.places import REPOSITORY

REQUIREMENTS = REPOSITORY / "requirements"


def names(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}


def test_no_module_of_the_product_looks_for_files_beside_itself() -> None:
    modules = [path for name in ("singlewindow", "adapters", "workers") for path in (REPOSITORY / name).rglob("*.py")]
    assert [path for path in modules if "__file__" in names(path)] == []


def test_what_is_shipped_is_what_people_see_at_the_top_of_the_tree() -> None:
    assert {CONFIG, SCHEMAS, EXAMPLES} == {REPOSITORY / name for name in ("config", "schemas", "examples")}
    links = {path.name for path in (REPOSITORY / "singlewindow" / "shipped").iterdir() if path.is_symlink()}
    assert links == {"config", "schemas", "examples"}


def test_a_package_in_an_archive_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with zipfile.ZipFile(tmp_path / "packed.zip", "w") as archive:
        archive.writestr("packed_here/__init__.py", "")
        archive.writestr("packed_here/config/a", "")
    monkeypatch.syspath_prepend(str(tmp_path / "packed.zip"))
    with pytest.raises(RuntimeError, match=r"packed_here is in an archive .* Install it with pip"):
        package_folder("packed_here", "config")


def locked(name: str) -> dict[str, str]:
    """The versions that a file locks, by package."""
    text = (REQUIREMENTS / name).read_text(encoding="utf-8")
    return dict(re.findall(r"(?m)^([a-z][\w.-]*)(?:\[\w+\])?==(\S+)", text))


def test_what_runs_and_what_builds_is_what_was_tested() -> None:
    development = locked("development.txt")
    assert locked("runtime.txt").items() < development.items()
    assert locked("build.txt") == {"setuptools": development["setuptools"]}


def test_installing_says_how_far_it_is_and_fails_as_pip_does(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    install = runpy.run_path(str(REQUIREMENTS / "install.py"))["install"]
    file = tmp_path / "locked.txt"
    file.write_text(
        "a==1 \\\n    --hash=sha256:1\nb==2 ; python_version < '3' \\\nc==3 \\\nd==4 \\\n", encoding="utf-8"
    )
    said = (
        "Ignoring b: markers",
        "Collecting a==1 (from -r x)",
        "  Downloading a",
        "Requirement already satisfied: c==3",
        "Processing /cache/d-4-py3-none-any.whl",
        "Installing collected packages: a, d",
    )
    install.__globals__["PIP"] = ("-c", f"import sys; print(*{said!r}, sep=chr(10)); sys.exit(3)")
    assert install(file) == 3
    assert capfd.readouterr().out.splitlines() == [
        "  2 of 4: a==1",
        "  4 of 4: d-4-py3-none-any.whl",
        "  all are here; writing them to the environment takes up to a minute",
    ]


def test_parts_whole_services_and_the_package_are_tested_before_a_change_lands() -> None:
    gate = (REPOSITORY / ".ci" / "run").read_text(encoding="utf-8").splitlines()
    assert {"make test", "make test-service", "make test-wheel"} <= {*gate}
