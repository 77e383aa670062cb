"""What each audience is shown, read from the table itself: whoever is added is shown the least."""

from __future__ import annotations

import pytest

from singlewindow.access.keys import Caller, Role
from singlewindow.decisions.words import for_trader
from singlewindow.enquiries.audience import LEAST, Audience, audience_of, disclosure_to
from singlewindow.storage.trail.events import Kind


@pytest.mark.parametrize("audience", [each for each in Audience if each is not Audience.AUDITOR])
def test_only_the_auditor_is_shown_more_than_the_least(audience: Audience) -> None:
    assert disclosure_to(audience) == LEAST


def test_the_least_tells_nothing_of_agencies_and_their_reasons() -> None:
    assert LEAST[1:] == (False, False, for_trader, False)


def test_the_least_is_what_a_party_does_itself_and_what_is_decided() -> None:
    of_agencies = {
        Kind.ASSESSED, Kind.UNANSWERED, Kind.LATE, Kind.CONTRADICTED, Kind.PARKED, Kind.RETRIED, Kind.ASKED_AGAIN,
        Kind.OVERDUE, Kind.TAKEN, Kind.GIVEN_BACK, Kind.EVIDENCE, Kind.DOCUMENT_REFUSED,
        Kind.CONTROL_RECORDED, Kind.OVERRIDE_ASKED, Kind.OVERRIDE_ANSWERED,
    }  # fmt: skip
    of_the_service = {
        Kind.KEY_CREATED, Kind.KEY_ROTATED, Kind.KEY_REVOKED, Kind.MANDATE_GRANTED, Kind.MANDATE_REVOKED, Kind.READ,
        Kind.ADOPTED, Kind.SUBSCRIBED, Kind.UNSUBSCRIBED, Kind.SECRET_ROTATED, Kind.UNDELIVERABLE,
    }  # fmt: skip
    assert frozenset(Kind) - LEAST.steps == of_agencies | of_the_service


def test_the_auditor_is_shown_every_step_and_all_of_it() -> None:
    shown = disclosure_to(Audience.AUDITOR)
    assert shown.steps == frozenset(Kind)
    assert shown.events
    assert shown.agencies
    assert shown.assessment


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.AUDITOR])
def test_no_other_role_is_answered_as_the_auditor(role: Role) -> None:
    assert disclosure_to(audience_of(Caller("k", role, party="P", agency="customs"))) == LEAST


def test_a_broker_is_shown_what_the_trader_is_shown() -> None:
    assert audience_of(Caller("k", Role.BROKER)) is audience_of(Caller("k", Role.TRADER)) is Audience.TRADER
    assert audience_of(Caller("k", Role.AUDITOR)) is Audience.AUDITOR
