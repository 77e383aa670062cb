"""`deploy/` as its readers see it: units with what systemd adds to them, the image's steps, the compose services."""

from __future__ import annotations

import json
import shlex
import shutil
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


def image_steps(word: str) -> list[str]:
    """What follows this instruction in the image's own stage."""
    stage = (DEPLOY / "Containerfile").read_text(encoding="utf-8").rpartition("\nFROM ")[2]
    return [line.removeprefix(word).strip() for line in stage.splitlines() if line.startswith(f"{word} ")]


def image_entrypoint() -> list[str]:
    """The words that a container's command is added to."""
    (words,) = image_steps("ENTRYPOINT")
    return list(json.loads(words))


def lay_out(folder: Path) -> None:
    """Copy into `folder` what the image has from the checkout, compiled where the checkout is."""
    for step in image_steps("COPY"):
        *sources, target = step.split()
        if sources[0].startswith("--from"):
            continue
        for source in sources:
            if (REPOSITORY / source).is_dir():
                shutil.copytree(REPOSITORY / source, folder / target)
            else:
                shutil.copy(REPOSITORY / source, folder / target)
