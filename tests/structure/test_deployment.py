"""`deploy/` says only what systemd, containers and the product itself understand, and holds no secret."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest

from singlewindow.audit.checkpoint import Signer
from singlewindow.cli import group
from singlewindow.settings import Settings
from tests.deployment import (
    COMPOSE,
    DEPLOY,
    HOME,
    PRODUCT,
    PYTHON,
    UNITS,
    Start,
    compose,
    compose_start,
    image_entrypoint,
    image_steps,
    read_unit,
    services,
    unit_start,
)
from tests.places import REPOSITORY
from workers.queues import QUEUES

OURS = sorted(name for name, service in compose()["services"].items() if service["image"] == "singlewindow")
STARTS = [*map(unit_start, services()), *map(compose_start, OURS)]
SETTINGS = {name.upper() for name in Settings.__struct_fields__}


@pytest.mark.parametrize("start", STARTS, ids=lambda start: start.name)
def test_every_process_is_a_command_with_settings_that_exist(start: Start) -> None:
    name, *words = start.words
    command = group.get_command(click.Context(group), name)
    assert command is not None
    with command.make_context(name, words, resilient_parsing=False) as context:
        assert context.command is command
    named = {variable for variable in start.environment if not variable.startswith("PYTHON")}
    assert {variable.removesuffix("_FILE") for variable in named} <= SETTINGS


@pytest.mark.parametrize("kind", ["unit", "service"])
def test_every_queue_has_workers_and_all_other_processes_are_there(kind: str) -> None:
    starts = [unit_start(path) for path in services()] if kind == "unit" else [compose_start(name) for name in OURS]
    words = {" ".join(start.words[:3]) for start in starts}
    assert {f"worker --queue {queue}" for queue in QUEUES} <= words
    assert {"web", "dispatch", "deliver"} <= {start.words[0] for start in starts}


def test_systemd_understands_every_unit(tmp_path: Path) -> None:
    for path in UNITS.rglob("*.*"):
        if path.is_file():
            content = path.read_text(encoding="utf-8")
            assert all(re.match(r"$|#|\[\w+\]$|\w+=", line) for line in content.splitlines()), path.name
            copy = tmp_path / path.relative_to(UNITS)
            copy.parent.mkdir(exist_ok=True)
            content = content.replace(PYTHON, sys.executable).replace(HOME, str(REPOSITORY))
            copy.write_text(content, encoding="utf-8")
    if shutil.which("systemd-analyze"):
        units = [str(path) for path in tmp_path.iterdir() if path.is_file()]
        command = ["systemd-analyze", "verify", "--man=no", "--recursive-errors=yes", *units]
        environment = {"SYSTEMD_UNIT_PATH": f"{tmp_path}:", "PATH": "/usr/bin:/bin"}
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("path", services(), ids=lambda path: path.name)
def test_every_unit_is_confined_starts_again_and_drains(path: Path) -> None:
    unit = read_unit(path)
    confined = ("NoNewPrivileges", "DynamicUser", "PrivateTmp", "ProtectHome", "MemoryDenyWriteExecute")
    assert [unit[f"Service.{key}"] for key in confined] == [["yes"]] * len(confined)
    assert unit["Service.ProtectSystem"] == ["strict"]
    assert (unit["Service.Restart"], unit["Unit.StartLimitIntervalSec"]) == (["always"], ["0"])
    assert unit["Service.KillMode"] == ["mixed"]
    credentials = dict(entry.split(":") for entry in unit["Service.LoadCredential"])
    assert {f"%d/{name}" for name in credentials} == {
        value for name, value in unit_start(path).environment.items() if name.endswith("_FILE")
    }


@pytest.mark.parametrize("path", services(), ids=lambda path: path.name)
def test_no_unit_forbids_the_system_calls_that_the_product_needs(path: Path) -> None:
    groups = {
        "@system-service": {"prlimit64", "nice", "sched_setaffinity", "setpriority", "setrlimit", "chown"},
        "@resources": {"nice", "sched_setaffinity", "setpriority", "setrlimit"},
        "@privileged": {"chown"},
    }
    allowed: set[str] = set()
    for line in read_unit(path)["Service.SystemCallFilter"]:  # in this order, as systemd reads them
        calls = {call for word in line.removeprefix("~").split() for call in groups.get(word, {word})}
        allowed = allowed - calls if line.startswith("~") else allowed | calls
    assert allowed == {"prlimit64", "sched_setaffinity", "setpriority"}


def test_only_what_rings_and_listens_knows_the_queue_server() -> None:
    without = {start.name for start in STARTS if "REDIS_URL_FILE" not in start.environment}
    assert without == {
        "singlewindow-web@", "web", "singlewindow-deliverer", "deliverer", "singlewindow-simulator", "upgrade",
    }  # fmt: skip


def test_only_dispatchers_sign_checkpoints() -> None:
    signing = {start.name for start in STARTS if "SW_AUDIT_KEY_FILE" in start.environment}
    assert signing == {"singlewindow-dispatcher", "dispatcher"}


def test_the_compose_file_keeps_to_the_published_schema() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", "vendor.compose-spec", str(COMPOSE)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", OURS)
def test_every_container_of_the_product_is_confined(name: str) -> None:
    service = compose()["services"][name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])
    assert service["security_opt"] == ["no-new-privileges:true"]
    files = {value for variable, value in service["environment"].items() if variable.endswith("_FILE")}
    assert {f"/run/secrets/{secret}" for secret in service["secrets"]} == files


def test_servers_and_web_are_asked_whether_they_are_well_and_are_waited_for() -> None:
    described = compose()["services"]
    assert {name for name, service in described.items() if "healthcheck" in service} == {"web", "postgres", "valkey"}
    waiting = {name: service["depends_on"] for name, service in described.items() if name in {"web", "worker"}}
    assert all(entry["upgrade"]["condition"] == "service_completed_successfully" for entry in waiting.values())


def test_no_password_is_written_down_and_every_secret_is_a_file() -> None:
    described = compose()
    values = [
        str(value) for service in described["services"].values() for value in service.get("environment", {}).values()
    ]
    assert not [value for value in values if "://" in value]
    assert all(list(entry) == ["file"] for entry in described["secrets"].values())
    written = "".join(path.read_text(encoding="utf-8") for path in DEPLOY.rglob("*") if path.is_file())
    assert not re.search(r"(?i)password[=:] *['\"]?[a-z0-9]", written)


def test_the_script_makes_every_secret_once_and_no_two_are_alike(tmp_path: Path) -> None:
    folder = tmp_path / "secrets"
    first, made = made_secrets(folder)
    again, kept = made_secrets(folder)
    assert {f"secrets/{name}" for name in made} == {entry["file"] for entry in compose()["secrets"].values()}
    passwords = re.findall(r"[0-9a-f]{64}", "".join(made.values()))
    assert (len(passwords), len(set(passwords))) == (4, 2)
    assert not any(password in first + again for password in passwords)
    assert len(Signer(made["audit-key"]).public) == 64
    assert kept == made


@pytest.mark.parametrize("lost", ["audit-key", "database-url", "redis-url"])
def test_the_script_adds_what_a_folder_lacks(tmp_path: Path, lost: str) -> None:
    _, made = made_secrets(tmp_path)
    (tmp_path / lost).unlink()
    said, whole = made_secrets(tmp_path)
    assert f"made {tmp_path / lost}" in said
    assert (whole.keys(), whole | {"audit-key": ""}) == (made.keys(), made | {"audit-key": ""})


def made_secrets(folder: Path) -> tuple[str, dict[str, str]]:
    """What the script says, and all secrets that are in the folder then."""
    command = ["sh", str(DEPLOY / "secrets.sh"), str(folder)]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return said, {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()}


def test_the_image_takes_only_locked_libraries_and_does_not_run_as_root() -> None:
    content = (DEPLOY / "Containerfile").read_text(encoding="utf-8")
    assert "--require-hashes" in content
    assert image_entrypoint() == PRODUCT
    (user,) = image_steps("USER")
    assert int(user.partition(":")[0]) > 0
    (words,) = image_steps("CMD")
    assert json.loads(words)[0] == "web"


def test_the_image_is_given_everything_that_it_copies() -> None:
    let_in = (DEPLOY / "Containerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    stages = ("wheel", "environment", "")
    steps = [step for stage in stages for step in image_steps("COPY", stage) if not step.startswith("--from")]
    copied = [name for step in steps for name in step.split()[:-1]]
    assert {name.partition("/")[0] for name in copied} == {name[1:] for name in let_in if name.startswith("!")}


def test_every_library_of_the_image_is_locked_and_nothing_else_is_fetched() -> None:
    content = (DEPLOY / "Containerfile").read_text(encoding="utf-8").replace("\\\n", " ")
    fetching = re.findall(r"pip (?:install|wheel) [^&\n]*", content)
    assert len(fetching) == 4
    assert all(
        "--require-hashes" in command or ("--no-deps" in command and "--no-index" in command) for command in fetching
    )
