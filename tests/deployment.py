"""`deploy/` as its readers see it: units with what systemd adds to them, the image's steps, the compose services."""

from __future__ import annotations

import json
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, Final, NamedTuple

from ruamel.yaml import YAML

from tests.places import REPOSITORY

DEPLOY: Final = REPOSITORY / "deploy"
UNITS: Final = DEPLOY / "systemd"
COMPOSE: Final = DEPLOY / "compose.yaml"
HOME: Final = "/opt/singlewindow"
PYTHON: Final = f"{HOME}/.venv/bin/python"
PRODUCT: Final = [PYTHON, "-m", "singlewindow"]
CREDENTIALS: Final = "%d"
INSTANCE: Final = "%i"

Unit = dict[str, list[str]]


class Start(NamedTuple):
    """How one process is started: its name, the words after `python -m singlewindow`, and its environment."""

    name: str
    words: list[str]
    environment: dict[str, str]


def read_unit(path: Path) -> Unit:
    """Every `Section.Key` with its values in order, the common ones of all our services included."""
    common = [UNITS / "singlewindow-.service.d" / "common.conf"] if path.suffix == ".service" else []
    settings: Unit = {}
    for file in (path, *common):
        section = ""
        for line in file.read_text(encoding="utf-8").splitlines():
            if line.startswith("["):
                section = line.strip("[]")
            elif line and not line.startswith("#"):
                key, _, value = line.partition("=")
                settings.setdefault(f"{section}.{key}", []).append(value)
    return settings


def services() -> list[Path]:
    """The units that run a process."""
    return sorted(UNITS.glob("*.service"))


def unit_start(path: Path) -> Start:
    """What a unit runs, its credentials in the folder `CREDENTIALS`; of a template the first instance."""
    unit = read_unit(path)
    (command,) = unit["Service.ExecStart"]
    words = shlex.split(command)
    assert words[: len(PRODUCT)] == PRODUCT
    pairs = [pair for line in unit["Service.Environment"] for pair in shlex.split(line)]
    environment = {name: value.replace(INSTANCE, "1") for name, _, value in (pair.partition("=") for pair in pairs)}
    return Start(path.stem, words[len(PRODUCT) :], environment)


def compose() -> dict[str, Any]:
    """The compose file, its anchors resolved."""
    content: dict[str, Any] = YAML(typ="safe").load(COMPOSE)
    return content


def compose_start(name: str) -> Start:
    """What a service of the compose file runs."""
    service = compose()["services"][name]
    return Start(name, service["command"], dict(service["environment"]))


def image_steps(word: str, stage: str = "") -> list[str]:
    """What follows this instruction in a stage of the image by its name, or in the last one, which is the image."""
    stages = (DEPLOY / "Containerfile").read_text(encoding="utf-8").split("\nFROM ")[1:]
    (chosen,) = [text for text in stages if f" AS {stage}\n" in text] if stage else stages[-1:]
    return [line.removeprefix(word).strip() for line in chosen.splitlines() if line.startswith(f"{word} ")]


def image_entrypoint() -> list[str]:
    """The words that a container's command is added to."""
    (words,) = image_steps("ENTRYPOINT")
    return list(json.loads(words))


def lay_out(folder: Path, source: Path) -> None:
    """Install into `folder` the wheel of the image, built from what the image's stage copies (here into `source`)."""
    for step in image_steps("COPY", "wheel"):
        *names, target = step.split()
        for name in names:
            place = source / target if target != "./" else source / name
            place.parent.mkdir(parents=True, exist_ok=True)
            if (REPOSITORY / name).is_dir():
                shutil.copytree(REPOSITORY / name, place, symlinks=True)
            else:
                shutil.copy(REPOSITORY / name, place)
    build_wheel(source, source / "wheel")
    pip("install", "--no-deps", "--no-index", "--target", folder, *(source / "wheel").glob("*.whl"))


def build_wheel(source: Path, folder: Path) -> None:
    """Build the wheel of a source tree into `folder`."""
    pip("wheel", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", folder, source)


def pip(*words: str | Path) -> None:
    """Run the pip of this Python; what it says is shown only where it fails."""
    command = [sys.executable, "-m", "pip", "--disable-pip-version-check", *map(str, words)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
