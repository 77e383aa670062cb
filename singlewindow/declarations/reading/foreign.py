"""Recognises messages that are not declarations of this profile: another document, a wrapper, another profile.

A sender with the wrong message, address or profile learns that first, not the many faults that follow from it.
"""

from __future__ import annotations

from collections.abc import Iterable

from lxml import etree

from singlewindow.declarations.elements import DECLARATION_NAMESPACE, ENVELOPE_NAMESPACE
from singlewindow.declarations.faults import Fault, Refused, Severity
from singlewindow.declarations.markup import DECLARATION_TAG, ENVELOPE_TAG
from singlewindow.declarations.model import ROOT
from singlewindow.declarations.values import shown

PROFILE_RULE = "SCHEMA-PROFILE"
_NAMES_SHOWN = 4
_NAMESPACE_SHOWN = 120
_MANY_UNKNOWN = 3
_FUNCTION = (ROOT.name, "FunctionCode")
_RIGHT = (
    f"Send a MetaData of the namespace {ENVELOPE_NAMESPACE} with a Declaration in it, or a Declaration of the "
    f"namespace {DECLARATION_NAMESPACE}."
)
_RIGHT_JSON = 'Send {"MetaData": {..., "Declaration": {...}}} or {"Declaration": {...}}.'


def other_document(root: etree._Element) -> Refused:
    """The refusal (UNKNOWN_DOCUMENT_TYPE) of an XML document that is neither a MetaData nor a Declaration."""
    held = next((child for child in root if etree.QName(child).localname in {"Declaration", "Response"}), None)
    if root.tag == ENVELOPE_TAG and held is not None:
        text = f"The MetaData contains {_element_name(held)}. {_RIGHT}"
        return _unknown_document(text, held.sourceline)
    inner = next((node for node in root.iter(ENVELOPE_TAG, DECLARATION_TAG) if node is not root), None)
    if inner is None:
        return _unknown_document(f"The root of the message is {_element_name(root)}. {_RIGHT}", root.sourceline)
    name = etree.QName(inner).localname
    return _unknown_document(
        f"The {name} stands inside {_element_name(root)}. {_unwrap_advice(name)}", inner.sourceline
    )


def other_object(message: dict[str, object]) -> Refused:
    """The same for a JSON object without a Declaration."""
    inner = _inner_message(message)
    if inner:
        return _unknown_document(f"The {inner} stands inside {_member_names(message)}. {_unwrap_advice(inner)}")
    return _unknown_document(f"The message contains {_member_names(message)}, but no Declaration. {_RIGHT_JSON}")


def other_profile(faults: Iterable[Fault], countries: Iterable[str], line: int | None) -> Fault | None:
    """The fault that a declaration seems to follow another country's profile of the data model; None if it does not.

    It has elements of the model that this profile lacks, many or with a FunctionCode that this profile does not use.
    """
    found = list(faults)
    unknown = list(dict.fromkeys(fault.path[-1].name for fault in found if fault.code == "UNKNOWN_FIELD"))
    function = any(tuple(step.name for step in fault.path) == _FUNCTION for fault in found)
    if not unknown or not (function or len(unknown) >= _MANY_UNKNOWN):
        return None
    names = ", ".join(shown(name) for name in unknown[:_NAMES_SHOWN])
    rest = f" and {len(unknown) - _NAMES_SHOWN} more" if len(unknown) > _NAMES_SHOWN else ""
    code = "a FunctionCode that is not used here, and " if function else ""
    text = f"This looks like another profile of the WCO Data Model: it has {code}elements unknown here ({names}{rest})."
    advice = (
        f"This service accepts declarations for {' and '.join(sorted(countries))} in the profile DEC of version 3.6 "
        f"({DECLARATION_NAMESPACE}); docs/data-elements.md lists its elements. Send that profile."
    )
    return Fault(PROFILE_RULE, "OTHER_PROFILE", Severity.HARD, text, advice, (ROOT,), line)


def _unknown_document(text: str, line: int | None = None) -> Refused:
    return Refused("UNKNOWN_DOCUMENT_TYPE", text, line)


def _unwrap_advice(name: str) -> str:
    return f"Send only the {name} inside, as a message of its own."


def _element_name(node: etree._Element) -> str:
    name = etree.QName(node)
    namespace = f"the namespace {shown(name.namespace, _NAMESPACE_SHOWN)}" if name.namespace else "no namespace"
    return f"{shown(name.localname)} in {namespace}"


def _member_names(message: dict[str, object]) -> str:
    names = [shown(name) for name in list(message)[:_NAMES_SHOWN]]
    return ", ".join(names) + (" and others" if len(message) > _NAMES_SHOWN else "") if names else "nothing"


def _inner_message(message: dict[str, object]) -> str:
    """Which of MetaData and Declaration stands somewhere inside, the outer one first; "" for none."""
    level: list[object] = list(message.values())
    while level:
        objects = [node for node in level if isinstance(node, dict)]
        for name in ("MetaData", "Declaration"):
            if any(isinstance(node.get(name), dict) for node in objects):
                return name
        level = [child for node in level for child in _child_values(node)]
    return ""


def _child_values(node: object) -> Iterable[object]:
    return node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
