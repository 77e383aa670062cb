"""The wheel, installed with its locked packages outside the checkout, does there what the checkout does."""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from tests.deployment import build_wheel
from tests.documents import DECLARANT, PLAIN
from tests.e2e.service import wait_until
from tests.places import REPOSITORY

pytestmark = pytest.mark.wheel

CODE = ("singlewindow/", "adapters/", "workers/")
SHIPPED = ("config/", "schemas/", "examples/")
PATIENCE = 120.0


class Installation:
    """An environment of its own with the wheel in it, and an empty folder to work in."""

    def __init__(self, folder: Path) -> None:
        self.bin, self.work = folder / "environment" / "bin", folder / "work"
        self.work.mkdir()
        self.environment = {
            "PATH": f"{self.bin}{os.pathsep}{os.defpath}",
            "HOME": str(self.work),
            "TMPDIR": str(folder),
        }

    def run(self, *words: object, **more: str) -> subprocess.CompletedProcess[str]:
        """Run a command of the environment in the working folder."""
        command = [str(self.bin / str(words[0])), *map(str, words[1:])]
        environment = self.environment | more
        return subprocess.run(
            command, cwd=self.work, env=environment, capture_output=True, text=True, check=False, timeout=2 * PATIENCE
        )

    def singlewindow(self, *words: object, **more: str) -> str:
        """What the command prints; it must succeed."""
        done = self.run("singlewindow", *words, **more)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @contextmanager
    def service(self, data: Path) -> Iterator[str]:
        """The whole service by `singlewindow up`; its address."""
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        url = f"http://127.0.0.1:{port}"
        command = [str(self.bin / "singlewindow"), "up", "--data", str(data), "--port", str(port)]
        log = self.work / "service.log"
        with log.open("wb") as out, subprocess.Popen(
            command, cwd=self.work, env=self.environment, stdout=out, stderr=out
        ) as process:  # fmt: skip
            try:
                wait_until(lambda: answers(url), PATIENCE, log.read_text)
                yield url
            finally:
                process.send_signal(signal.SIGTERM)


def answers(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz", timeout=2.0, trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


def files() -> list[str]:
    """What a checkout of this state would hold."""
    asked = ["git", "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(asked, cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout.splitlines()
    return [name for name in listed if (REPOSITORY / name).exists()]


@pytest.fixture(scope="session")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source tree, as a checkout would have it."""
    folder = tmp_path_factory.mktemp("source")
    for name in files():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, folder / name, follow_symlinks=False)
    return folder


@pytest.fixture(scope="session")
def wheel(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel that is built of it."""
    folder = tmp_path_factory.mktemp("wheel")
    build_wheel(source, folder)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installation(wheel: Path, source: Path, tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel installed; the tree that it was built of is gone."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", folder / "environment"], check=True)
    python = folder / "environment" / "bin" / "python"
    locked = source / "requirements"
    subprocess.run([python, locked / "install.py", locked / "runtime.txt"], check=True)
    pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-deps", "--no-index"]
    subprocess.run([python, *pip, wheel], check=True)
    shutil.rmtree(source)
    return Installation(folder)


def contents(wheel: Path) -> dict[str, int]:
    """What a wheel holds for the product, with checksums."""
    with zipfile.ZipFile(wheel) as archive:
        return {each.filename: each.CRC for each in archive.infolist() if ".dist-info/" not in each.filename}


def test_the_wheel_holds_every_file_of_the_product_and_no_other(wheel: Path) -> None:
    code = {name for name in files() if name.startswith(CODE) and not (REPOSITORY / name).is_dir()}
    shipped = {f"singlewindow/shipped/{name}" for name in files() if name.startswith(SHIPPED)}
    assert contents(wheel).keys() == code | shipped


def test_the_source_archive_builds_the_same_wheel(source: Path, wheel: Path, tmp_path: Path) -> None:
    build = f"from setuptools import build_meta; build_meta.build_sdist({str(tmp_path)!r})"
    subprocess.run([sys.executable, "-c", build], cwd=source, check=True, capture_output=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as packed:
        packed.extractall(tmp_path, filter="data")
    build_wheel(tmp_path / archive.name.removesuffix(".tar.gz"), tmp_path)
    (again,) = tmp_path.glob("*.whl")
    assert contents(again) == contents(wheel)


def test_every_module_is_imported_from_the_environment(installation: Installation) -> None:
    script = (
        "import adapters, pkgutil, importlib, singlewindow, workers\n"
        "for package in (adapters, singlewindow, workers):\n"
        "    for module in pkgutil.walk_packages(package.__path__, package.__name__ + '.'):\n"
        "        if not module.name.endswith('__main__') and '.migrations' not in module.name:\n"
        "            print(importlib.import_module(module.name).__file__)\n"
    )
    done = installation.run("python", "-W", "error", "-c", script)
    assert done.returncode == 0, done.stderr
    places = [Path(line) for line in done.stdout.splitlines()]
    assert len(places) > 200
    assert [place for place in places if not place.is_relative_to(installation.bin.parent)] == []


def test_the_demonstration_decides_every_example_and_takes_lives_to_their_ends(installation: Installation) -> None:
    said = installation.singlewindow("demo")
    assert "50 declarations decided" in said
    for state in ("released:", "released-on-arrival:", "cancelled:"):
        assert f"  Now {state}" in said
    assert "  singlewindow up " in said


def test_the_examples_are_valid_and_a_configuration_of_ones_own_is_used(installation: Installation) -> None:
    asked = "from singlewindow.shipped import EXAMPLES; print(EXAMPLES)"
    example = Path(installation.run("python", "-c", asked).stdout.strip()) / "declarations" / PLAIN
    assert f"{example}: valid" in installation.singlewindow("validate", example)
    installation.singlewindow("config", "init", "own")
    own = installation.work / "own"
    assert f"in {own}" in installation.singlewindow("config", "check", SW_CONFIG=str(own))
    (own / "countries" / "GB" / "profile.toml").unlink()
    assert installation.run("singlewindow", "validate", example, SW_CONFIG=str(own)).returncode == 1


def test_what_a_service_has_done_is_exported_and_verified(installation: Installation, tmp_path: Path) -> None:
    data, export, kept = tmp_path / "data", tmp_path / "export.jsonl", tmp_path / "checkpoints"
    public = installation.singlewindow("audit", "keygen", tmp_path / "key").strip()
    with installation.service(data) as url:
        made = installation.singlewindow("keys", "create", "--data", data, "--role", "trader", "--party", DECLARANT)
        (key,) = re.findall(r"\bsw_\S+", made)
        example = next(installation.bin.parent.rglob(f"declarations/{PLAIN}"))
        assert "release" in installation.singlewindow("lodge", example, "--url", url, SINGLEWINDOW_KEY=key)
        signed = installation.singlewindow(
            "audit", "checkpoint", "--data", data, SW_AUDIT_KEY_FILE=str(tmp_path / "key")
        )
        kept.write_text(signed, encoding="utf-8")
        installation.singlewindow("audit", "export", "--data", data, export)
    verify = ("audit", "verify", export, "--checkpoint", kept, "--key", public)
    assert installation.run("singlewindow", *verify).returncode == 0
    altered = export.read_bytes().replace(DECLARANT.encode(), b"GB000000000000")
    export.write_bytes(altered if altered != export.read_bytes() else altered[: len(altered) // 2])
    assert installation.run("singlewindow", *verify).returncode == 1
