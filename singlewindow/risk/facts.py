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
    amount_fact,
    code_digits,
    derived_fact,
    mass_fact,
    nodes_at,
    normal_code,
    number_fact,
    rate_deviation,
    text_fact,
    texts_fact,
    total_fact,
    units_of,
    with_prefix,
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


def _code_at(node: Tree, name: str) -> str:
    return normal_code(text_of(node.get(name)) or "")


def _classification_codes(item: Tree) -> list[tuple[str, str]]:
    """Scheme and digits of each classification of an item."""
    found = nodes_at(item, "Commodity/Classification")
    return [(_code_at(node, "IdentificationTypeCode"), code_digits(text_of(node.get("ID")) or "")) for node in found]


def _commodity_code(item: Tree, terms: Terms) -> str:
    """The tariff code, "" if there is none or more than one: exemptions depend on it, so it is never guessed."""
    tariff = {number for scheme, number in _classification_codes(item) if scheme == terms.tariff_scheme}
    return tariff.pop() if len(tariff) == 1 else ""


def _commodity_codes(item: Tree, _: Terms) -> list[str]:
    """Every code that classifies the goods, whatever its scheme; only additions to a code are left out."""
    found = _classification_codes(item)
    whole = (number for scheme, number in found if number and not (scheme in _ADDITIONS and len(number) <= 4))
    return list(dict.fromkeys(whole))


def _irregular_code(item: Tree, terms: Terms) -> bool:
    number = _commodity_code(item, terms)
    return bool(number and terms.tariff_length) and len(number) != terms.tariff_length


def _disguise_fact(*paths: str) -> Fact:
    def read(tree: Tree, _: Terms) -> list[str]:
        found = (text_of(node) or "" for path in paths for node in nodes_at(tree, path))
        return list(dict.fromkeys(word for text in found for word in disguised_words(text)))

    return derived_fact("texts", paths, read, alternatives=True)


def _procedure_pair(item: Tree, _: Terms) -> str:
    pairs = (
        _code_at(node, "CurrentCode") + _code_at(node, "PreviousCode") for node in nodes_at(item, "GovernmentProcedure")
    )
    return next((pair for pair in pairs if len(pair) == 4), "")


def _additional_procedures(item: Tree, _: Terms) -> list[str]:
    found = (node for node in nodes_at(item, "GovernmentProcedure") if not _code_at(node, "PreviousCode"))
    return list(dict.fromkeys(value for node in found if (value := _code_at(node, "CurrentCode"))))


def _document_codes(node: Tree, _: Terms) -> list[str]:
    pairs = (
        _code_at(each, "CategoryCode") + _code_at(each, "TypeCode") for each in nodes_at(node, "AdditionalDocument")
    )
    return list(dict.fromkeys(pair for pair in pairs if pair))


def _value_per_kg(item: Tree, terms: Terms) -> float:
    kilograms = cast(float, _MASS.read(item, terms))
    return cast(float, _AMOUNT.read(item, terms)) / kilograms if kilograms > 0 else 0.0


def _exchange_rate_deviation(declaration: Tree, terms: Terms) -> float:
    return max((_exchange_deviation(node, terms) for node in nodes_at(declaration, "CurrencyExchange")), default=0.0)


def _exchange_deviation(exchange: Tree, terms: Terms) -> float:
    declared = decimal_of(exchange.get("RateNumeric"))
    return (
        0.0 if declared is None else rate_deviation(declared, units_of(_code_at(exchange, "CurrencyTypeCode"), terms))
    )


def _value_declared(item: Tree, _: Terms) -> bool:
    """Whether there is an amount above zero, in whatever currency."""
    return any(float(text_of(node) or 0) > 0 for path in _VALUES for node in nodes_at(item, path))


def _trade_direction(declaration: Tree, _: Terms) -> str:
    kind = _code_at(declaration, "TypeCode")[:2]
    return {"": "", "IM": "import", "EX": "export"}.get(kind, "other")


def _is_containerised(declaration: Tree, terms: Terms) -> bool:
    flagged = any(text_of(node) == "1" for node in nodes_at(declaration, f"{_CARRIAGE}/ContainerCode"))
    return flagged or bool(_CONTAINERS.read(declaration, terms))


def _item_count(declaration: Tree, _: Terms) -> int:
    declared = text_of(declaration.get("GoodsItemQuantity")) or "0"
    return max(int(float(declared)), len(nodes_at(declaration, _ITEM)))


def _documents_fact(prefix: str = "AdditionalDocument") -> Fact:
    return derived_fact("texts", (f"{prefix}/CategoryCode", f"{prefix}/TypeCode"), _document_codes)


def _party_facts(role: str, *classes: str) -> dict[str, Fact]:
    """Name, identifier, country, city and postcode of a party, from any of `classes`."""
    return {
        f"{role}_name": text_fact(*(f"{place}/Name" for place in classes), clean=word_form),
        f"{role}_names": texts_fact(*(f"{place}/Name" for place in classes), clean=word_form),
        f"{role}_id": text_fact(*(f"{place}/ID" for place in classes)),
        f"{role}_country": text_fact(*(f"{place}/Address/CountryCode" for place in classes)),
        f"{role}_city": text_fact(*(f"{place}/Address/CityName" for place in classes), clean=word_form),
        f"{role}_postcode": text_fact(*(f"{place}/Address/PostcodeID" for place in classes)),
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
_MASS, _AMOUNT = mass_fact(_NET_MASS, otherwise=_GROSS_MASS), amount_fact(_PRICE, otherwise=_STATISTICAL_VALUE)
_CONTAINERS = texts_fact(f"{_CARRIAGE}/TransportEquipment/ID", f"{_ITEM}/Commodity/TransportEquipment/ID")

ITEM_FACTS: Final[Mapping[str, Fact]] = with_prefix(
    ITEM_PATH,
    {
        "sequence": text_fact("SequenceNumeric"),
        "commodity_code": derived_fact("text", _CLASSIFICATION, _commodity_code),
        "commodity_codes": derived_fact("texts", _CLASSIFICATION, _commodity_codes),
        "commodity_code_irregular": derived_fact("flag", _CLASSIFICATION, _irregular_code),
        "description": text_fact("Commodity/Description", clean=word_form),
        "disguised_words": _disguise_fact("Commodity/Description", "AdditionalInformation/StatementDescription"),
        "dangerous_goods": texts_fact("Commodity/DangerousGoods/UNDGID"),
        "origin_countries": texts_fact("Origin/CountryCode"),
        "export_country": text_fact("ExportCountry/ID"),
        "destination_country": text_fact("Destination/CountryCode"),
        "procedure": derived_fact("text", _PROCEDURE, _procedure_pair),
        "additional_procedures": derived_fact("texts", _PROCEDURE, _additional_procedures),
        "preference": text_fact("Commodity/DutyTaxFee/DutyRegimeCode"),
        "quota_ids": texts_fact("Commodity/DutyTaxFee/QuotaOrderID"),
        "document_codes": _documents_fact(),
        "document_ids": texts_fact("AdditionalDocument/ID"),
        "document_exemptions": texts_fact("AdditionalDocument/LPCOExemptionCode"),
        "previous_document_types": texts_fact("PreviousDocument/TypeCode"),
        "statement_codes": texts_fact("AdditionalInformation/StatementCode"),
        "statement_texts": texts_fact("AdditionalInformation/StatementDescription", clean=word_form),
        "net_mass_kg": _MASS,
        "gross_mass_kg": mass_fact(_GROSS_MASS),
        "supplementary_quantity": number_fact("Commodity/GoodsMeasure/TariffQuantity"),
        "value": _AMOUNT,
        "value_per_kg": derived_fact("number", (*_AMOUNT.paths, *_MASS.paths), _value_per_kg, rated=True),
        "value_declared": derived_fact("flag", _VALUES, _value_declared),
        "valuation_method": text_fact("CustomsValuation/MethodCode"),
        "currency": text_fact(f"{_PRICE}/@currencyID"),
        "statistical_value": amount_fact(_STATISTICAL_VALUE),
        "package_types": texts_fact("Packaging/TypeCode"),
        "package_count": total_fact("Packaging/QuantityQuantity"),
        "marks": texts_fact("Packaging/MarksNumbersID", clean=word_form),
        "container_ids": texts_fact("Commodity/TransportEquipment/ID"),
        "ucr": text_fact("UCR/TraderAssignedReferenceID", "UCR/ID"),
        **_party_facts("consignee", "Consignee"),
        **_party_facts("consignor", "Consignor"),
        **_party_facts("seller", "Seller"),
        **_party_facts("buyer", "Buyer"),
    },
)

DECLARATION_FACTS: Final[Mapping[str, Fact]] = with_prefix(
    "Declaration",
    {
        "type": text_fact("TypeCode"),
        "direction": derived_fact("text", ("TypeCode",), _trade_direction),
        "function_code": text_fact("FunctionCode"),
        "special_circumstances": text_fact("SpecificCircumstancesCodeCode"),
        "export_country": text_fact(f"{_SHIPMENT}/ExportCountry/ID", f"{_ITEM}/ExportCountry/ID"),
        "export_countries": texts_fact(f"{_SHIPMENT}/ExportCountry/ID", f"{_ITEM}/ExportCountry/ID"),
        "destination_countries": texts_fact(f"{_SHIPMENT}/Destination/CountryCode", f"{_ITEM}/Destination/CountryCode"),
        "itinerary_countries": texts_fact("Consignment/Itinerary/RoutingCountryCode"),
        "transport_mode_border": text_fact("BorderTransportMeans/ModeCode"),
        "transport_modes_inland": texts_fact(
            f"{_CARRIAGE}/ArrivalTransportMeans/ModeCode", f"{_CARRIAGE}/DepartureTransportMeans/ModeCode"
        ),
        "transport_nationality": text_fact("BorderTransportMeans/RegistrationNationalityCode"),
        "transport_id": text_fact(
            "BorderTransportMeans/ID",
            f"{_CARRIAGE}/ArrivalTransportMeans/ID",
            f"{_CARRIAGE}/DepartureTransportMeans/ID",
        ),
        "container_ids": _CONTAINERS,
        "containerised": derived_fact(
            "flag", (f"{_CARRIAGE}/ContainerCode", *_CONTAINERS.paths), _is_containerised, alternatives=True
        ),
        "seal_ids": texts_fact(f"{_CARRIAGE}/TransportEquipment/Seal/ID"),
        "freight_payment": text_fact("Consignment/Freight/PaymentMethodCode"),
        "exit_office": text_fact("ExitOffice/ID"),
        "lodgement_office": text_fact("DeclarationOfficeID"),
        "presentation_office": text_fact("PresentationOffice/ID"),
        "supervising_office": text_fact("SupervisingOffice/ID"),
        "location_name": text_fact(f"{_CARRIAGE}/GoodsLocation/Name"),
        "location_type": text_fact(f"{_CARRIAGE}/GoodsLocation/TypeCode"),
        "location_country": text_fact(f"{_CARRIAGE}/GoodsLocation/Address/CountryCode"),
        "loading_location": text_fact(f"{_CARRIAGE}/LoadingLocation/ID"),
        "warehouse_id": text_fact(f"{_SHIPMENT}/Warehouse/ID"),
        "warehouse_type": text_fact(f"{_SHIPMENT}/Warehouse/TypeCode"),
        "delivery_terms": text_fact(f"{_SHIPMENT}/TradeTerms/ConditionCode"),
        **_party_facts("importer", f"{_SHIPMENT}/Importer"),
        **_party_facts("exporter", "Exporter"),
        **_party_facts("consignee", f"{_SHIPMENT}/Consignee", f"{_ITEM}/Consignee"),
        **_party_facts("consignor", "Consignment/Consignor", f"{_SHIPMENT}/Consignor", f"{_ITEM}/Consignor"),
        **_party_facts("carrier", "Consignment/Carrier"),
        **_party_facts("buyer", f"{_SHIPMENT}/Buyer", f"{_ITEM}/Buyer"),
        **_party_facts("seller", f"{_SHIPMENT}/Seller", f"{_ITEM}/Seller"),
        "declarant_id": text_fact("Declarant/ID"),
        "agent_id": text_fact("Agent/ID"),
        "representation": text_fact("Agent/FunctionCode"),
        "authorisation_types": texts_fact("AuthorisationHolder/CategoryCode"),
        "authorisation_holders": texts_fact("AuthorisationHolder/ID"),
        "trusted_party_roles": texts_fact(
            f"{_SHIPMENT}/AEOMutualRecognitionParty/RoleCode", f"{_ITEM}/AEOMutualRecognitionParty/RoleCode"
        ),
        "item_count": derived_fact(
            "count", ("GoodsItemQuantity", f"{_ITEM}/SequenceNumeric"), _item_count, alternatives=True
        ),
        "package_total": total_fact("TotalPackageQuantity", f"{_ITEM}/Packaging/QuantityQuantity"),
        "gross_mass_kg": mass_fact("TotalGrossMassMeasure", f"{_ITEM}/Commodity/GoodsMeasure/GrossMassMeasure"),
        "invoice_amount": amount_fact("InvoiceAmount"),
        "invoice_currency": text_fact("InvoiceAmount/@currencyID"),
        "exchange_rate_deviation": derived_fact("number", _EXCHANGE, _exchange_rate_deviation, rated=True),
        "statement_codes": texts_fact("AdditionalInformation/StatementCode"),
        "statement_texts": texts_fact("AdditionalInformation/StatementDescription", clean=word_form),
        "document_codes": _documents_fact(),
        "previous_document_types": texts_fact(
            f"{_SHIPMENT}/PreviousDocument/TypeCode", f"{_ITEM}/PreviousDocument/TypeCode"
        ),
        "ucr": text_fact(f"{_SHIPMENT}/UCR/TraderAssignedReferenceID", f"{_SHIPMENT}/UCR/ID"),
        "disguised_names": _disguise_fact(*(f"{place}/Name" for place in _PARTIES)),
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
    return [item for item in nodes_at(declaration, _ITEM) if isinstance(item, dict)]
