"""The facts that conditions may name: `item.<fact>` of one goods item, `declaration.<fact>` of the whole.

Masses are in kilograms, amounts in the home currency. Each fact names the schema paths it is computed from, so that a
profile is refused if its agency may not see them. Facts are read only from the agency's own tree, so never from more
than its entitlement.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, cast

from singlewindow.declarations.model import Tree, decimal_of, text_of
from singlewindow.risk.fact_readers import (
    Fact,
    Value,
    amount,
    code,
    derived,
    digits,
    mass,
    nodes,
    number,
    rate_deviation,
    text,
    texts,
    total,
    under,
    units_of,
)
from singlewindow.risk.terms import Terms
from singlewindow.risk.word_form import disguised_words, word_form

ITEM_PATH: Final = "Declaration/GoodsShipment/GovernmentAgencyGoodsItem"
_SHIPMENT, _CARRIAGE = "GoodsShipment", "GoodsShipment/Consignment"
_ITEM = "GoodsShipment/GovernmentAgencyGoodsItem"
_CLASSIFICATION = ("Commodity/Classification/ID", "Commodity/Classification/IdentificationTypeCode")
_ADDITIONS = frozenset({"TRA", "TRC", "GN"})
"""Schemes of additions to the tariff code, of up to four characters (UN/EDIFACT 7143 and the national ones)."""
_NET_MASS, _GROSS_MASS = "Commodity/GoodsMeasure/NetNetWeightMeasure", "Commodity/GoodsMeasure/GrossMassMeasure"
_PRICE, _STATISTICAL_VALUE = "Commodity/InvoiceLine/ItemChargeAmount", "StatisticalValueAmount"
_EXCHANGE = ("CurrencyExchange/CurrencyTypeCode", "CurrencyExchange/RateNumeric")
_VALUES = (_PRICE, _STATISTICAL_VALUE)
_PROCEDURE = ("GovernmentProcedure/CurrentCode", "GovernmentProcedure/PreviousCode")


def _leaf(node: Tree, name: str) -> str:
    return code(text_of(node.get(name)) or "")


def _classifications(item: Tree) -> list[tuple[str, str]]:
    """Scheme and digits of each classification of an item."""
    found = nodes(item, "Commodity/Classification")
    return [(_leaf(node, "IdentificationTypeCode"), digits(text_of(node.get("ID")) or "")) for node in found]


def _commodity_code(item: Tree, terms: Terms) -> str:
    """The tariff code, "" if there is none or more than one: exemptions depend on it, so it is never guessed."""
    tariff = {number for scheme, number in _classifications(item) if scheme == terms.tariff_scheme}
    return tariff.pop() if len(tariff) == 1 else ""


def _commodity_codes(item: Tree, _: Terms) -> list[str]:
    """Every code that classifies the goods, whatever its scheme; only additions to a code are left out."""
    found = _classifications(item)
    whole = (number for scheme, number in found if number and not (scheme in _ADDITIONS and len(number) <= 4))
    return list(dict.fromkeys(whole))


def _irregular_code(item: Tree, terms: Terms) -> bool:
    number = _commodity_code(item, terms)
    return bool(number and terms.tariff_length) and len(number) != terms.tariff_length


def _disguised(*paths: str) -> Fact:
    def read(tree: Tree, _: Terms) -> list[str]:
        found = (text_of(node) or "" for path in paths for node in nodes(tree, path))
        return list(dict.fromkeys(word for text in found for word in disguised_words(text)))

    return derived("texts", paths, read, alternatives=True)


def _procedure(item: Tree, _: Terms) -> str:
    pairs = (_leaf(node, "CurrentCode") + _leaf(node, "PreviousCode") for node in nodes(item, "GovernmentProcedure"))
    return next((pair for pair in pairs if len(pair) == 4), "")


def _additional_procedures(item: Tree, _: Terms) -> list[str]:
    found = (node for node in nodes(item, "GovernmentProcedure") if not _leaf(node, "PreviousCode"))
    return list(dict.fromkeys(value for node in found if (value := _leaf(node, "CurrentCode"))))


def _document_codes(node: Tree, _: Terms) -> list[str]:
    pairs = (_leaf(each, "CategoryCode") + _leaf(each, "TypeCode") for each in nodes(node, "AdditionalDocument"))
    return list(dict.fromkeys(pair for pair in pairs if pair))


def _value_per_kg(item: Tree, terms: Terms) -> float:
    kilograms = cast(float, _MASS.read(item, terms))
    return cast(float, _AMOUNT.read(item, terms)) / kilograms if kilograms > 0 else 0.0


def _exchange_rate_deviation(declaration: Tree, terms: Terms) -> float:
    return max((_deviation(node, terms) for node in nodes(declaration, "CurrencyExchange")), default=0.0)


def _deviation(exchange: Tree, terms: Terms) -> float:
    declared = decimal_of(exchange.get("RateNumeric"))
    return 0.0 if declared is None else rate_deviation(declared, units_of(_leaf(exchange, "CurrencyTypeCode"), terms))


def _value_declared(item: Tree, _: Terms) -> bool:
    """Whether there is an amount above zero, in whatever currency."""
    return any(float(text_of(node) or 0) > 0 for path in _VALUES for node in nodes(item, path))


def _direction(declaration: Tree, _: Terms) -> str:
    kind = _leaf(declaration, "TypeCode")[:2]
    return {"": "", "IM": "import", "EX": "export"}.get(kind, "other")


def _containerised(declaration: Tree, terms: Terms) -> bool:
    flagged = any(text_of(node) == "1" for node in nodes(declaration, f"{_CARRIAGE}/ContainerCode"))
    return flagged or bool(_CONTAINERS.read(declaration, terms))


def _item_count(declaration: Tree, _: Terms) -> int:
    declared = text_of(declaration.get("GoodsItemQuantity")) or "0"
    return max(int(float(declared)), len(nodes(declaration, _ITEM)))


def _documents(prefix: str = "AdditionalDocument") -> Fact:
    return derived("texts", (f"{prefix}/CategoryCode", f"{prefix}/TypeCode"), _document_codes)


def _party(role: str, *classes: str) -> dict[str, Fact]:
    """Name, identifier, country, city and postcode of a party, from any of `classes`."""
    return {
        f"{role}_name": text(*(f"{place}/Name" for place in classes), clean=word_form),
        f"{role}_names": texts(*(f"{place}/Name" for place in classes), clean=word_form),
        f"{role}_id": text(*(f"{place}/ID" for place in classes)),
        f"{role}_country": text(*(f"{place}/Address/CountryCode" for place in classes)),
        f"{role}_city": text(*(f"{place}/Address/CityName" for place in classes), clean=word_form),
        f"{role}_postcode": text(*(f"{place}/Address/PostcodeID" for place in classes)),
    }


_PARTIES = (
    "Declarant",
    "Agent",
    "Exporter",
    "Consignment/Carrier",
    "Consignment/Consignor",
    f"{_SHIPMENT}/Importer",
    *(f"{place}/{role}" for place in (_SHIPMENT, _ITEM) for role in ("Buyer", "Consignee", "Consignor", "Seller")),
)
_MASS, _AMOUNT = mass(_NET_MASS, otherwise=_GROSS_MASS), amount(_PRICE, otherwise=_STATISTICAL_VALUE)
_CONTAINERS = texts(f"{_CARRIAGE}/TransportEquipment/ID", f"{_ITEM}/Commodity/TransportEquipment/ID")

ITEM_FACTS: Final[Mapping[str, Fact]] = under(
    ITEM_PATH,
    {
        "sequence": text("SequenceNumeric"),
        "commodity_code": derived("text", _CLASSIFICATION, _commodity_code),
        "commodity_codes": derived("texts", _CLASSIFICATION, _commodity_codes),
        "commodity_code_irregular": derived("flag", _CLASSIFICATION, _irregular_code),
        "description": text("Commodity/Description", clean=word_form),
        "disguised_words": _disguised("Commodity/Description", "AdditionalInformation/StatementDescription"),
        "dangerous_goods": texts("Commodity/DangerousGoods/UNDGID"),
        "origin_countries": texts("Origin/CountryCode"),
        "export_country": text("ExportCountry/ID"),
        "destination_country": text("Destination/CountryCode"),
        "procedure": derived("text", _PROCEDURE, _procedure),
        "additional_procedures": derived("texts", _PROCEDURE, _additional_procedures),
        "preference": text("Commodity/DutyTaxFee/DutyRegimeCode"),
        "quota_ids": texts("Commodity/DutyTaxFee/QuotaOrderID"),
        "document_codes": _documents(),
        "document_ids": texts("AdditionalDocument/ID"),
        "document_exemptions": texts("AdditionalDocument/LPCOExemptionCode"),
        "previous_document_types": texts("PreviousDocument/TypeCode"),
        "statement_codes": texts("AdditionalInformation/StatementCode"),
        "statement_texts": texts("AdditionalInformation/StatementDescription", clean=word_form),
        "net_mass_kg": _MASS,
        "gross_mass_kg": mass(_GROSS_MASS),
        "supplementary_quantity": number("Commodity/GoodsMeasure/TariffQuantity"),
        "value": _AMOUNT,
        "value_per_kg": derived("number", (*_AMOUNT.paths, *_MASS.paths), _value_per_kg, rated=True),
        "value_declared": derived("flag", _VALUES, _value_declared),
        "valuation_method": text("CustomsValuation/MethodCode"),
        "currency": text(f"{_PRICE}/@currencyID"),
        "statistical_value": amount(_STATISTICAL_VALUE),
        "package_types": texts("Packaging/TypeCode"),
        "package_count": total("Packaging/QuantityQuantity"),
        "marks": texts("Packaging/MarksNumbersID", clean=word_form),
        "container_ids": texts("Commodity/TransportEquipment/ID"),
        "ucr": text("UCR/TraderAssignedReferenceID", "UCR/ID"),
        **_party("consignee", "Consignee"),
        **_party("consignor", "Consignor"),
        **_party("seller", "Seller"),
        **_party("buyer", "Buyer"),
    },
)

DECLARATION_FACTS: Final[Mapping[str, Fact]] = under(
    "Declaration",
    {
        "type": text("TypeCode"),
        "direction": derived("text", ("TypeCode",), _direction),
        "function_code": text("FunctionCode"),
        "special_circumstances": text("SpecificCircumstancesCodeCode"),
        "export_country": text(f"{_SHIPMENT}/ExportCountry/ID", f"{_ITEM}/ExportCountry/ID"),
        "export_countries": texts(f"{_SHIPMENT}/ExportCountry/ID", f"{_ITEM}/ExportCountry/ID"),
        "destination_countries": texts(f"{_SHIPMENT}/Destination/CountryCode", f"{_ITEM}/Destination/CountryCode"),
        "itinerary_countries": texts("Consignment/Itinerary/RoutingCountryCode"),
        "transport_mode_border": text("BorderTransportMeans/ModeCode"),
        "transport_modes_inland": texts(
            f"{_CARRIAGE}/ArrivalTransportMeans/ModeCode", f"{_CARRIAGE}/DepartureTransportMeans/ModeCode"
        ),
        "transport_nationality": text("BorderTransportMeans/RegistrationNationalityCode"),
        "transport_id": text(
            "BorderTransportMeans/ID",
            f"{_CARRIAGE}/ArrivalTransportMeans/ID",
            f"{_CARRIAGE}/DepartureTransportMeans/ID",
        ),
        "container_ids": _CONTAINERS,
        "containerised": derived(
            "flag", (f"{_CARRIAGE}/ContainerCode", *_CONTAINERS.paths), _containerised, alternatives=True
        ),
        "seal_ids": texts(f"{_CARRIAGE}/TransportEquipment/Seal/ID"),
        "freight_payment": text("Consignment/Freight/PaymentMethodCode"),
        "exit_office": text("ExitOffice/ID"),
        "lodgement_office": text("DeclarationOfficeID"),
        "presentation_office": text("PresentationOffice/ID"),
        "supervising_office": text("SupervisingOffice/ID"),
        "location_name": text(f"{_CARRIAGE}/GoodsLocation/Name"),
        "location_type": text(f"{_CARRIAGE}/GoodsLocation/TypeCode"),
        "location_country": text(f"{_CARRIAGE}/GoodsLocation/Address/CountryCode"),
        "loading_location": text(f"{_CARRIAGE}/LoadingLocation/ID"),
        "warehouse_id": text(f"{_SHIPMENT}/Warehouse/ID"),
        "warehouse_type": text(f"{_SHIPMENT}/Warehouse/TypeCode"),
        "delivery_terms": text(f"{_SHIPMENT}/TradeTerms/ConditionCode"),
        **_party("importer", f"{_SHIPMENT}/Importer"),
        **_party("exporter", "Exporter"),
        **_party("consignee", f"{_SHIPMENT}/Consignee", f"{_ITEM}/Consignee"),
        **_party("consignor", "Consignment/Consignor", f"{_SHIPMENT}/Consignor", f"{_ITEM}/Consignor"),
        **_party("carrier", "Consignment/Carrier"),
        **_party("buyer", f"{_SHIPMENT}/Buyer", f"{_ITEM}/Buyer"),
        **_party("seller", f"{_SHIPMENT}/Seller", f"{_ITEM}/Seller"),
        "declarant_id": text("Declarant/ID"),
        "agent_id": text("Agent/ID"),
        "representation": text("Agent/FunctionCode"),
        "authorisation_types": texts("AuthorisationHolder/CategoryCode"),
        "authorisation_holders": texts("AuthorisationHolder/ID"),
        "trusted_party_roles": texts(
            f"{_SHIPMENT}/AEOMutualRecognitionParty/RoleCode", f"{_ITEM}/AEOMutualRecognitionParty/RoleCode"
        ),
        "item_count": derived(
            "count", ("GoodsItemQuantity", f"{_ITEM}/SequenceNumeric"), _item_count, alternatives=True
        ),
        "package_total": total("TotalPackageQuantity", f"{_ITEM}/Packaging/QuantityQuantity"),
        "gross_mass_kg": mass("TotalGrossMassMeasure", f"{_ITEM}/Commodity/GoodsMeasure/GrossMassMeasure"),
        "invoice_amount": amount("InvoiceAmount"),
        "invoice_currency": text("InvoiceAmount/@currencyID"),
        "exchange_rate_deviation": derived("number", _EXCHANGE, _exchange_rate_deviation, rated=True),
        "statement_codes": texts("AdditionalInformation/StatementCode"),
        "statement_texts": texts("AdditionalInformation/StatementDescription", clean=word_form),
        "document_codes": _documents(),
        "previous_document_types": texts(
            f"{_SHIPMENT}/PreviousDocument/TypeCode", f"{_ITEM}/PreviousDocument/TypeCode"
        ),
        "ucr": text(f"{_SHIPMENT}/UCR/TraderAssignedReferenceID", f"{_SHIPMENT}/UCR/ID"),
        "disguised_names": _disguised(*(f"{place}/Name" for place in _PARTIES)),
    },
)


class Facts(dict[str, Value]):
    """The facts of one goods item or one declaration, by name; each is read when first needed, and kept."""

    __slots__ = ("_known", "_terms", "_tree")

    def __init__(self, known: Mapping[str, Fact], tree: Tree, terms: Terms) -> None:
        super().__init__()
        self._known, self._tree, self._terms = known, tree, terms

    def __missing__(self, name: str) -> Value:
        value = self[name] = self._known[name].read(self._tree, self._terms)
        return value


def goods_items(declaration: Tree) -> list[Tree]:
    """The goods items of a declaration or of a view, in document order."""
    return [item for item in nodes(declaration, _ITEM) if isinstance(item, dict)]
