"""What an officer sees of a request that waits: what the amendment would change, as far as the agency may see it."""

from __future__ import annotations

from typing import Any, NamedTuple, cast

from singlewindow.agencies.agency import Agency
from singlewindow.clearance.life.amend import Amender
from singlewindow.clearance.life.requests import Kind
from singlewindow.clearance.lodging.store import Message
from singlewindow.declarations.amending.changes import child_of, numbered
from singlewindow.declarations.amending.differences import changes_between
from singlewindow.declarations.amending.pointing import DECLARATION
from singlewindow.declarations.canonical import decode_canonical
from singlewindow.declarations.faults import Path
from singlewindow.declarations.model import Tree
from singlewindow.declarations.projection import project
from singlewindow.declarations.reading.message import media_of
from singlewindow.storage import declarations, requests
from singlewindow.storage.engine.connect import reading
from singlewindow.storage.requests import Request


class ShownChange(NamedTuple):
    """One element that changes: its path, and what stood there and would stand there; None where there is nothing."""

    path: str
    before: Any
    after: Any


class ShownRequest(NamedTuple):
    """A request with what it would change, and how many changes the agency may not see."""

    request: Request
    changes: tuple[ShownChange, ...] = ()
    hidden: int = 0


def show_request(amender: Amender, agency: Agency, mrn: str, request_id: int) -> ShownRequest | None:
    """A request about a declaration, answered or not; None if there is none of this id.

    Raises `Refused` or `NotAdmitted` if the amendment does not fit the newest version any more.
    """
    with reading(amender.context.engine) as connection:
        newest = declarations.newest_version(connection, mrn, None)
        found = [] if newest is None else requests.requests_of(connection, newest.summary.declaration_id)
    request = next((each for each in found if each.id == request_id), None)
    if request is None or newest is None:
        return None
    if request.kind != Kind.AMENDMENT or request.answered_at is not None:
        return ShownRequest(request)
    message = Message(request.received, media_of(request.media))
    composed = amender.compose(newest.summary.version_id, message, None)
    new = decode_canonical(composed.examined.prepared.form)
    before, after = (project(tree, agency.entitlement, ()) for tree in (composed.old, new))
    changes = tuple(
        ShownChange(_written(each.path), value_at(before, each.path), value_at(after, each.path))
        for each in changes_between(before, after)
    )
    return ShownRequest(request, changes, max(0, len(changes_between(composed.old, new)) - len(changes)))


def _written(path: Path) -> str:
    return "/".join(step.name if step.index is None else f"{step.name}[{step.index}]" for step in path)


def value_at(tree: Tree, path: Path) -> Any:
    """What stands at a path whose steps name entries as changes do; None if there is nothing."""
    element, node = DECLARATION, cast(Any, tree)
    for step in path[1:]:
        if not isinstance(node, dict) or step.name not in node:
            return None
        element, node = child_of(element, step.name), node[step.name]
        if step.index is not None:
            node = numbered(element, node).get(step.index)
    return node
