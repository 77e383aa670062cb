"""Agency folders written for a test: one small agency, with the parts the test is about replaced."""

from __future__ import annotations

from pathlib import Path

from singlewindow.agencies.agency import Agency
from singlewindow.agencies.loading import load_agencies

ITEM = "Declaration/GoodsShipment/GovernmentAgencyGoodsItem"
AGENCY = """
code = "firearms"
name = "Firearms authority"
deadline_seconds = 20
adapter = "profiles"

[[routing]]
id = "FA-R1"
reason = "the goods are arms"
legal_basis = "clause 9.2.4"
scope = "item"
when = "item.commodity_code.startsWith('93')"
"""
CUSTOMS = AGENCY.replace("firearms", "customs").replace("[[routing]]", "always = true\n[[routing]]")
ELEMENTS = {
    f"{ITEM}/SequenceNumeric": "minimum",
    f"{ITEM}/Commodity/Classification/ID": "minimum",
    f"{ITEM}/Commodity/Classification/IdentificationTypeCode": "minimum",
    f"{ITEM}/Commodity/Description": "maximum",
    f"{ITEM}/Commodity/GoodsMeasure/NetNetWeightMeasure": "maximum",
    f"{ITEM}/Commodity/GoodsMeasure/NetNetWeightMeasure/@unitCode": "maximum",
    f"{ITEM}/Commodity/InvoiceLine/ItemChargeAmount": "maximum",
    f"{ITEM}/Commodity/InvoiceLine/ItemChargeAmount/@currencyID": "maximum",
    "Declaration/TypeCode": "maximum",
    "Declaration/FunctionalReferenceID": "maximum",
}


def entitlement(elements: dict[str, str] | None = None) -> str:
    """An `entitlement.toml`."""
    tables = [
        f'[[element]]\npath = "{path}"\nneed = "{need}"\nbasis = "clause 1"'
        for path, need in (ELEMENTS if elements is None else elements).items()
    ]
    return 'legal_basis = "an act"\n' + "\n".join(tables)


def profile(identifier: str = "FA-001", **changes: str) -> str:
    """One [[profile]]; `changes` are TOML values by key, an empty one leaves the key out."""
    keys = {
        "id": f'"{identifier}"',
        "title": '"Arms"',
        "legal_basis": '"clause 9.2.4"',
        "valid_from": "2026-01-01",
        "mode": '"live"',
        "scope": '"item"',
        "when": "\"item.commodity_code.startsWith('93')\"",
        "weight": "50",
        "officer": '"look at the receivers"',
        "trader": '"a licence is needed"',
    } | changes
    return "[[profile]]\n" + "\n".join(f"{key} = {value}" for key, value in keys.items() if value)


def write(root: Path, *, agency: str = AGENCY, elements: str | None = None, profiles: str | None = None) -> Path:
    """Write one agency folder below `root`/agencies, named by its code, and give that directory."""
    code = agency.split('code = "')[1].split('"', maxsplit=1)[0]
    folder = root / "agencies" / code
    folder.mkdir(parents=True)
    (folder / "agency.toml").write_text(agency)
    (folder / "entitlement.toml").write_text(entitlement() if elements is None else elements)
    (folder / "profiles.toml").write_text(profile() if profiles is None else profiles)
    return root / "agencies"


def one(root: Path, *profiles: str) -> Agency:
    """The small agency with these profiles, loaded."""
    return load_agencies(write(root, profiles="\n".join(profiles) or None))["firearms"]


def remote_toml(address: str, **changes: str) -> str:
    """The small agency as one that is asked over HTTP; `changes` are TOML values of [remote], empty ones left out."""
    keys = {"url": f'"{address}"', "key_env": '"FIREARMS_KEY"', "allow_http": "true"} | changes
    table = "\n".join(f"{key} = {value}" for key, value in keys.items() if value)
    return AGENCY.replace('"profiles"', '"remote"') + f"\n[remote]\n{table}\n"


def remote(root: Path, url: str, **changes: str) -> Agency:
    """The small agency, asked over HTTP, loaded."""
    return load_agencies(write(root, agency=remote_toml(url, **changes), profiles=""))["firearms"]
