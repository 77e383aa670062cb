"""The agencies of `config/agencies/`: one folder each, checked as a whole before the service starts.

A folder holds `agency.toml` (deadline, lanes, routing), `entitlement.toml` (the minimum and maximum elements that the
law gives the agency) and `profiles.toml`, which an agency that assesses on its own does not have.
`config/thresholds.toml` holds the common lanes, which an agency may override.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from singlewindow.agencies.agency import (
    Agency,
    ElementEntry,
    Head,
    LegalBasis,
    LegalLists,
    Remote,
    RoutingRule,
)
from singlewindow.decisions.assessment import OWN_CODES
from singlewindow.declarations.elements import ELEMENTS
from singlewindow.declarations.projection import Entitlement
from singlewindow.risk.conditions import Condition
from singlewindow.risk.facts import ITEM_PATH
from singlewindow.risk.method import RiskMethod, Thresholds
from singlewindow.risk.profiles import read_condition, read_profiles
from singlewindow.risk.toml_source import ConfigError, Problem, Source

__all__ = ["Agency", "load_agencies"]

REFERENCE_PATH = "Declaration/FunctionalReferenceID"
NUMBER_PATH = f"{ITEM_PATH}/SequenceNumeric"
ON_THEIR_OWN = ("remote", "officer")
"""Adapters of agencies that assess without profiles of ours."""


def load_agencies(directory: Path, customs: str | None = None) -> dict[str, Agency]:
    """All agencies by code; raises `ConfigError` with everything that is wrong in any of their files.

    `customs` is the agency without which nothing is released; it may be left out to only look agencies up.
    """
    common = Source.read(directory.parent / "thresholds.toml", required=False)
    thresholds = _read_thresholds(common, common.tables, Thresholds(), "")
    folders = sorted(entry for entry in directory.iterdir() if entry.is_dir()) if directory.is_dir() else []
    files = [_Files.read(folder) for folder in folders]
    agencies = [_read_agency(each, thresholds, common.content) for each in files]
    _refuse_repeated_ids(files)
    _refuse_partial(customs, zip(files, agencies, strict=True))
    problems = [*common.problems, *(problem for each in files for problem in each.problems)]
    if not folders:
        problems.append(Problem(str(directory), 1, "there is no agency: add a folder for each agency"))
    elif customs is not None and customs not in {each.folder.name for each in files}:
        text = (
            f"there is no agency {customs!r}, which must answer before a release: add its folder, or correct SW_CUSTOMS"
        )
        problems.append(Problem(str(directory), 1, text))
    if problems:
        raise ConfigError(problems)
    found = (agency for agency in agencies if agency is not None)
    return {each.code: replace(each, customs=each.code == customs) for each in found}


@dataclass(frozen=True)
class _Files:
    folder: Path
    agency: Source
    entitlement: Source
    profiles: Source

    @classmethod
    def read(cls, folder: Path) -> _Files:
        agency = Source.read(folder / "agency.toml")
        own_profiles = agency.tables.get("adapter") not in ON_THEIR_OWN
        profiles = Source.read(folder / "profiles.toml", required=own_profiles)
        return cls(folder, agency, Source.read(folder / "entitlement.toml"), profiles)

    @property
    def problems(self) -> list[Problem]:
        return [*self.agency.problems, *self.entitlement.problems, *self.profiles.problems]

    def fingerprint(self, common: bytes) -> str:
        digest = hashlib.sha256()
        for content in (common, self.agency.content, self.entitlement.content, self.profiles.content):
            digest.update(len(content).to_bytes(8, "big") + content)
        return digest.hexdigest()


def _read_agency(files: _Files, common: Thresholds, common_content: bytes) -> Agency | None:
    source = files.agency
    tables = {key: value for key, value in source.tables.items() if key not in ("routing", "thresholds", "remote")}
    head = source.convert(tables, Head)
    thresholds = _read_thresholds(source, source.tables.get("thresholds", {}), common, "thresholds")
    routing = tuple(_read_routing(source))
    entitlement, legal = _read_entitlement(files.entitlement)
    profiles = tuple(read_profiles(files.profiles, entitlement.maximum))
    if head is None:
        return None
    _refuse_unused_profiles(files, head)
    remote = _read_remote(files, head)
    if head.code != files.folder.name:
        source.add_problem(source.line_of("", key="code"), f"code {head.code!r} must be the folder's name")
    if head.code in OWN_CODES:
        source.add_problem(source.line_of("", key="code"), f"code {head.code!r} is that of the service itself")
    if not head.always and not source.entries("routing"):
        source.add_problem(1, "the agency would never be asked: give it always = true or a [[routing]]")
    if head.adapter == "profiles" and not any(
        entry.get("mode") == "live" and entry.get("acts") != "after-release"
        for entry in files.profiles.entries("profile")
    ):
        files.profiles.add_problem(1, "there is no live profile before release: the agency would release everything")
    by_item = any(profile.entry.scope == "item" for profile in profiles)
    if by_item and NUMBER_PATH not in entitlement.maximum:
        files.entitlement.add_problem(1, f"profiles on items need {NUMBER_PATH}, to say which item they mean")
    if head.adapter == "sandbox" and REFERENCE_PATH not in entitlement.maximum:
        source.add_problem(source.line_of("", key="adapter"), f"a sandbox needs {REFERENCE_PATH} in its entitlement")
    fingerprint = files.fingerprint(common_content)
    method = RiskMethod(head.code, thresholds, profiles, fingerprint)
    return Agency(head, method, routing, entitlement, remote, legal)


def _refuse_unused_profiles(files: _Files, head: Head) -> None:
    if head.adapter in ON_THEIR_OWN and files.profiles.entries("profile"):
        kind = "a remote agency assesses on its own" if head.adapter == "remote" else "the agency's officers assess"
        files.profiles.add_problem(1, f"{kind}: remove its profiles, nobody would apply them")


def _read_remote(files: _Files, head: Head) -> Remote | None:
    source, table = files.agency, files.agency.tables.get("remote")
    if head.adapter != "remote":
        if table is not None:
            source.add_problem(source.line_of("remote"), 'a [remote] table is for adapter = "remote" only')
        return None
    if table is None:
        source.add_problem(
            source.line_of("", key="adapter"), "a remote agency needs a [remote] table with url and key_env"
        )
        return None
    remote = source.convert(table, Remote, "remote")
    if remote is not None and (problem := _unusable_url(remote)):
        source.add_problem(source.line_of("remote", key="url"), problem)
    return remote


def _unusable_url(remote: Remote) -> str:
    try:
        parts = urlsplit(remote.url)
        whole = bool(parts.hostname) and parts.port != 0
    except ValueError:
        return "the url is not an address"
    if not whole or not remote.url.isascii() or not remote.url.isprintable() or " " in remote.url:
        return "the url is not an address such as https://agency.example/questions"
    if parts.scheme != "https" and not (parts.scheme == "http" and remote.allow_http):
        return "the url must be https (allow_http = true permits http, for a private link that is protected otherwise)"
    if parts.username is not None or parts.query or parts.fragment:
        return "the url may have no user, query or fragment; the key comes from the environment"
    return ""


def _read_thresholds(source: Source, table: object, common: Thresholds, name: str) -> Thresholds:
    own = table if isinstance(table, dict) else {}
    merged = source.convert({**msgspec.structs.asdict(common), **own}, Thresholds, name)
    if merged is None:
        return common
    if not merged.yellow < merged.orange < merged.red:
        source.add_problem(source.line_of(name), "thresholds must ascend: yellow < orange < red")
    return merged


def _read_routing(source: Source) -> Iterator[tuple[RoutingRule, Condition]]:
    for index, raw in enumerate(source.entries("routing")):
        rule = source.convert(raw, RoutingRule, "routing", index)
        if rule is None:
            continue
        condition = read_condition(source, source.line_of("routing", index, "when"), rule)
        if condition is not None:
            yield rule, condition


def _read_entitlement(source: Source) -> tuple[Entitlement, LegalLists]:
    basis = source.convert({key: value for key, value in source.tables.items() if key != "element"}, LegalBasis)
    entries: list[ElementEntry] = []
    needs: dict[str, str] = {}
    for index, raw in enumerate(source.entries("element")):
        entry = source.convert(raw, ElementEntry, "element", index)
        if entry is None:
            continue
        line = source.line_of("element", index, "path")
        if problem := _unusable_path(entry.path) or ("is listed twice" if entry.path in needs else ""):
            source.add_problem(line, f"{entry.path} {problem}")
            continue
        needs[entry.path] = entry.need
        entries.append(entry)
    for path in needs:
        if "/@" in path and path.partition("/@")[0] not in needs:
            source.add_problem(1, f"{path} is in the entitlement, but its value is not: add the value, too")
    minimum = frozenset(path for path, need in needs.items() if need == "minimum")
    legal = LegalLists(basis.legal_basis if basis else "", tuple(entries))
    return Entitlement(minimum=minimum, maximum=frozenset(needs)), legal


def _unusable_path(path: str) -> str:
    owner, _, attribute = path.partition("/@")
    element = ELEMENTS.get(owner)
    if element is None:
        return "is not an element of the declaration"
    if element.kind == "class":
        return "is a class: list the elements below it one by one"
    if attribute and attribute not in {each.name for each in element.attributes}:
        return f"does not exist: {owner} has no such attribute"
    return ""


def _refuse_partial(customs: str | None, read: Iterable[tuple[_Files, Agency | None]]) -> None:
    """Nothing is released without customs, so it must be asked about every declaration and see every goods item."""
    for files, agency in read:
        if agency is None or agency.code != customs:
            continue
        if not agency.always:
            line = files.agency.line_of("", key="always")
            files.agency.add_problem(line, f"SW_CUSTOMS names {customs}: set always = true, or correct SW_CUSTOMS")
        if NUMBER_PATH not in agency.entitlement.maximum:
            files.entitlement.add_problem(1, f"customs assesses every goods item, so it must see {NUMBER_PATH}")


def _refuse_repeated_ids(files: Sequence[_Files]) -> None:
    seen: dict[str, str] = {}
    for each in files:
        for source, table in ((each.agency, "routing"), (each.profiles, "profile")):
            for index, entry in enumerate(source.entries(table)):
                identifier = str(entry.get("id", ""))
                if identifier in seen:
                    line = source.line_of(table, index, "id")
                    source.add_problem(line, f"the id {identifier} is already used by {seen[identifier]}")
                elif identifier:
                    seen[identifier] = each.folder.name
