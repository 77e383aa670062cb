"""What a document may be bound to: a line, a goods item, a query, or an agency's own question or finding."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from sqlalchemy import Connection

from singlewindow.access.keys import Caller, Role
from singlewindow.agencies.document_access import Binding
from singlewindow.agencies.question_names import read_question_name
from singlewindow.agencies.routing import items_of
from singlewindow.declarations.canonical import decode_canonical
from singlewindow.declarations.faults import Refused
from singlewindow.declarations.model import Declaration, text_of
from singlewindow.declarations.mrn import is_mrn
from singlewindow.storage import assessments, declarations, queries
from singlewindow.storage.documents import files


class Target(NamedTuple):
    """A declaration about which the caller may give documents, and its newest version (and number) that it knows.

    `agency` is that of an officer, "" for the party; `items` are those that concern it, none for all of them.
    """

    declaration_id: int
    version_id: int
    number: int
    agency: str = ""
    items: Collection[str] = ()


class Bound(NamedTuple):
    """What a document is about, and the agency that asked for it, "" if none did."""

    binding: Binding
    for_agency: str = ""


def find_target(connection: Connection, caller: Caller, mrn: str) -> Target | None:
    """The declaration; None if there is none of the caller's party, or none about which its agency was asked."""
    if not is_mrn(mrn):
        return None
    if caller.role is Role.AGENCY:
        agency = caller.agency or ""
        asked = files.newest_asked(connection, mrn, agency)
        if asked is None:
            return None
        return Target(*asked[:3], agency, items_of(asked.routing, agency))
    found = declarations.newest_version(connection, mrn, caller.party)
    if found is None:
        return None
    return Target(found.summary.declaration_id, found.summary.version_id, found.summary.number)


def bind(connection: Connection, target: Target, wish: Binding) -> Bound:
    """What the document is about; raises `Refused` if there is no such thing for the giver.

    In a declaration of one item, what names no item is about that one.
    """
    items = _lines(connection, target)
    header = items.pop("")
    if not (wish.item or wish.line or wish.query) and len(items) == 1:
        wish = wish._replace(item=next(iter(items)))
    if wish.item and (wish.item not in items or (target.items and wish.item not in target.items)):
        raise _unknown(f"goods item {wish.item}")
    if wish.line > (items[wish.item] if wish.item else header):
        raise _unknown(f"additional document {wish.line} in {f'item {wish.item}' if wish.item else 'the header'}")
    return Bound(wish, _asking_agency(connection, target, wish))


def _lines(connection: Connection, target: Target) -> dict[str, int]:
    """How many additional documents each goods item has, by its number, and the header under no number."""
    content = declarations.contents_of(connection, [target.version_id])[target.version_id]
    declaration = Declaration(decode_canonical(content.canonical))
    header = {"": len(declaration.tree.get("AdditionalDocument", ()))}
    return header | {
        text_of(item.get("SequenceNumeric")) or "": len(item.get("AdditionalDocument", ()))
        for item in declaration.items
    }


def _asking_agency(connection: Connection, target: Target, wish: Binding) -> str:
    versions = declarations.versions_of(connection, target.declaration_id)
    if wish.query:
        query = queries.find_query(connection, wish.query)
        if query is None or query.version_id not in versions:
            raise _unknown("query of this reference")
        return query.agency
    if wish.question:
        named = read_question_name(wish.question)
        if named is None or named.version_id not in versions:
            raise _unknown("such question to your agency")
        if declarations.routing_of(connection, named.version_id, target.agency, named.round) is None:
            raise _unknown("such question to your agency")
    if wish.finding:
        answers = (assessments.newest_answers(connection, each).get(target.agency) for each in versions)
        found = {each.profile for closed in answers if closed is not None for each in closed.assessment.findings}
        if wish.finding not in found:
            raise _unknown("such finding of your agency")
    return ""


def _unknown(what: str) -> Refused:
    return Refused("DOCUMENT_PLACE_UNKNOWN", f"There is no {what}. Name another, or leave it out.")
