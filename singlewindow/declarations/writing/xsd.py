"""The XSDs of the declaration and the response, written from the tables of data elements.

`python -m singlewindow.declarations.writing.xsd` rewrites the files under `schemas/wco_datamodel/`. They are checked
in, and a test proves that they are what the tables yield; change the tables, never the XSDs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from xml.sax.saxutils import quoteattr

from singlewindow.declarations.elements import (
    DECLARATION_DATE_NAMESPACE,
    DECLARATION_NAMESPACE,
    DRIVER,
    ELEMENTS,
    ENVELOPE_NAMESPACE,
    HEADER,
    HEADER_LENGTH,
    RESPONSE_DATE_NAMESPACE,
    RESPONSE_NAMESPACE,
    RESPONSES,
    SCHEMAS,
    Attribute,
    Element,
)

_NOTICE = (
    "<!-- Written by singlewindow.declarations.writing.xsd from the tables of data elements."
    " Change those, not this. -->"
)
_BASES = {"text": "xs:string", "code": "xs:token", "decimal": "xs:decimal", "date": "xs:string"}
_DEC_IMPORT = (DECLARATION_NAMESPACE, "WCO_DEC.xsd")
_RES_IMPORT = (RESPONSE_NAMESPACE, "WCO_RES.xsd")


def schemas() -> dict[str, str]:
    """All XSDs, by file name."""
    return {
        "DocumentMetaData.xsd": _envelope_schema(),
        "WCO_DEC.xsd": _declaration_schema(),
        "WCO_DEC_DS.xsd": _dates_schema(DECLARATION_DATE_NAMESPACE, ELEMENTS),
        "WCO_RES.xsd": _response_schema(),
        "Response_DS.xsd": _dates_schema(RESPONSE_DATE_NAMESPACE, RESPONSES),
        DRIVER: _schema_text(
            "", {}, map(_import_line, ((ENVELOPE_NAMESPACE, "DocumentMetaData.xsd"), _DEC_IMPORT, _RES_IMPORT))
        ),
    }


def _schema_text(target: str, prefixes: Mapping[str, str], lines: Iterable[str]) -> str:
    declared = "".join(f" xmlns:{prefix}={quoteattr(uri)}" for prefix, uri in prefixes.items())
    own = f' xmlns:own="{target}" targetNamespace="{target}"' if target else ""
    head = f'<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"{declared}{own} elementFormDefault="qualified">'
    return "\n".join(('<?xml version="1.0" encoding="UTF-8"?>', _NOTICE, head, *lines, "</xs:schema>", ""))


def _import_line(imported: tuple[str, str]) -> str:
    namespace, file = imported
    return f'  <xs:import namespace="{namespace}" schemaLocation="{file}"/>'


def _envelope_schema() -> str:
    lines = [_import_line(_DEC_IMPORT), _import_line(_RES_IMPORT), '  <xs:element name="MetaData">']
    lines += ["    <xs:complexType>", "      <xs:sequence>"]
    lines += [f'        <xs:element name="{name}" type="own:Header" minOccurs="0"/>' for name in HEADER]
    lines += ["        <xs:choice>", '          <xs:element ref="dec:Declaration"/>']
    lines += ['          <xs:element ref="res:Response" maxOccurs="unbounded"/>', "        </xs:choice>"]
    lines += ["      </xs:sequence>", "    </xs:complexType>", "  </xs:element>"]
    lines += ['  <xs:simpleType name="Header">', '    <xs:restriction base="xs:token">']
    lines += [f'      <xs:maxLength value="{HEADER_LENGTH}"/>', "    </xs:restriction>", "  </xs:simpleType>"]
    return _schema_text(ENVELOPE_NAMESPACE, {"dec": DECLARATION_NAMESPACE, "res": RESPONSE_NAMESPACE}, lines)


def _declaration_schema() -> str:
    lines = [_import_line((DECLARATION_DATE_NAMESPACE, "WCO_DEC_DS.xsd"))]
    lines += _class_lines(ELEMENTS, ELEMENTS["Declaration"], 1, ())
    lines += _type_lines(element for element in ELEMENTS.values() if element.base != "date")
    return _schema_text(DECLARATION_NAMESPACE, {"ds": DECLARATION_DATE_NAMESPACE}, lines)


def _response_schema() -> str:
    # A response may end with a second Declaration, in the declaration's namespace, that holds changed values.
    changed = ('<xs:element ref="dec:Declaration" minOccurs="0"/>',)
    lines = [_import_line((RESPONSE_DATE_NAMESPACE, "Response_DS.xsd")), _import_line(_DEC_IMPORT)]
    lines += _class_lines(RESPONSES, RESPONSES["Response"], 1, changed)
    lines += _type_lines(element for element in RESPONSES.values() if element.base != "date")
    return _schema_text(RESPONSE_NAMESPACE, {"ds": RESPONSE_DATE_NAMESPACE, "dec": DECLARATION_NAMESPACE}, lines)


def _dates_schema(namespace: str, table: Mapping[str, Element]) -> str:
    date = next(element for element in table.values() if element.base == "date")
    lines = [f'  <xs:element name="{date.name}" type="own:{_type_name(date)}"/>', *_type_lines((date,))]
    return _schema_text(namespace, {}, lines)


def _class_lines(table: Mapping[str, Element], element: Element, depth: int, last: tuple[str, ...]) -> Iterator[str]:
    pad = "  " * depth
    yield f'{pad}<xs:element name="{element.name}"{_occurrence(element) if depth > 1 else ""}>'
    yield f"{pad}  <xs:complexType>"
    yield f"{pad}    <xs:sequence>"
    for name in element.children:
        child = table[f"{element.path}/{name}"]
        if child.kind == "class":
            yield from _class_lines(table, child, depth + 3, ())
        else:
            yield f"{pad}      {_leaf_line(child)}"
    yield from (f"{pad}      {line}" for line in last)
    yield f"{pad}    </xs:sequence>"
    yield f"{pad}  </xs:complexType>"
    yield f"{pad}</xs:element>"


def _leaf_line(element: Element) -> str:
    if element.base == "date":
        return f'<xs:element ref="ds:{element.name}"{_occurrence(element)}/>'
    return f'<xs:element name="{element.name}" type="own:{_type_name(element)}"{_occurrence(element)}/>'


def _occurrence(element: Element) -> str:
    least = "" if element.minimum == 1 else f' minOccurs="{element.minimum}"'
    most = "unbounded" if element.maximum is None else str(element.maximum)
    return least + ("" if most == "1" else f' maxOccurs="{most}"')


def _value_type_name(element: Element) -> str:
    form = "_".join(element.enum) or element.format.replace("..", "").replace(",", "_")
    return f"{element.base.capitalize()}_{form}"


def _type_name(element: Element) -> str:
    return "_".join((_value_type_name(element), *(attribute.name for attribute in element.attributes)))


def _type_lines(elements: Iterable[Element]) -> Iterator[str]:
    """The named types of the leaves, each once, in the order of their names."""
    found: dict[str, list[str]] = {}
    for element in elements:
        if element.kind == "leaf":
            found[_value_type_name(element)] = list(_value_type(element))
            if element.attributes:
                found[_type_name(element)] = list(_attributed_type(element))
    for name in sorted(found):
        yield from found[name]


def _value_type(element: Element) -> Iterator[str]:
    yield f'  <xs:simpleType name="{_value_type_name(element)}">'
    yield f'    <xs:restriction base="{_BASES[element.base]}">'
    yield from (f"      {facet}" for facet in _facet_lines(element))
    yield "    </xs:restriction>"
    yield "  </xs:simpleType>"


def _facet_lines(element: Element) -> Iterator[str]:
    if element.enum:
        yield from (f'<xs:enumeration value="{value}"/>' for value in element.enum)
        return
    if element.length:
        yield f'<xs:maxLength value="{element.length}"/>'
    if element.pattern:
        yield f"<xs:pattern value={quoteattr(element.pattern)}/>"
    if element.digits:
        yield f'<xs:totalDigits value="{element.digits[0]}"/>'
        yield f'<xs:fractionDigits value="{element.digits[1]}"/>'


def _attributed_type(element: Element) -> Iterator[str]:
    yield f'  <xs:complexType name="{_type_name(element)}">'
    yield "    <xs:simpleContent>"
    yield f'      <xs:extension base="own:{_value_type_name(element)}">'
    for attribute in element.attributes:
        yield from (f"        {line}" for line in _attribute_lines(attribute))
    yield "      </xs:extension>"
    yield "    </xs:simpleContent>"
    yield "  </xs:complexType>"


def _attribute_lines(attribute: Attribute) -> Iterator[str]:
    use = ' use="required"' if attribute.required else ""
    yield f'<xs:attribute name="{attribute.name}"{use}>'
    yield '  <xs:simpleType><xs:restriction base="xs:token">'
    yield f"    <xs:pattern value={quoteattr(attribute.pattern)}/>"
    yield "  </xs:restriction></xs:simpleType>"
    yield "</xs:attribute>"


def write_schemas() -> None:
    """Rewrite the XSDs beside the tables."""
    for name, text in schemas().items():
        (SCHEMAS / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write_schemas()
