"""What one turn of a subscription sends: read from the record under a lease, and nothing that its owner may not see.

Messages of one declaration are a chain: each is sent when the one before was accepted. Chains do not wait for each
other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

from sqlalchemy import Connection, Engine

from singlewindow.access.keyring import Keyring
from singlewindow.access.keys import Caller
from singlewindow.access.permissions import Permission, is_permitted
from singlewindow.agencies.agency import Agency
from singlewindow.deliveries.messages import Message, make_challenge, make_test, read_messages
from singlewindow.enquiries.access_log import reads_its_own, record_reading
from singlewindow.storage.deliveries import waiting
from singlewindow.storage.deliveries.subscriptions import Subscription, Taken, live_secrets
from singlewindow.storage.deliveries.waiting import Waiting
from singlewindow.storage.engine.connect import reading

MOST: Final = 50
"""Most messages that one turn takes from the stream, and most that it takes of those that wait."""

Chain = Sequence[Message]


class Parcel(NamedTuple):
    """What is to be sent in one turn, signed with `secrets`; `barred` says why nothing may be sent.

    The stream was read up to `position`. `fresh` are the numbers of messages that have no row yet, and `behind` those
    fresh ones that wait for an earlier one.
    """

    position: int
    secrets: tuple[bytes, ...] = ()
    chains: tuple[Chain, ...] = ()
    fresh: frozenset[int] = frozenset()
    behind: tuple[Message, ...] = ()
    barred: str = ""


class Source(NamedTuple):
    """Where parcels come from: the record, the agencies as configured, and who may read what now."""

    engine: Engine
    agencies: Mapping[str, Agency]
    keyring: Keyring

    def next_parcel(self, taken: Taken) -> Parcel:
        """The next parcel of a subscription; what it shows of others' declarations is recorded as read."""
        subscription, now = taken.subscription, taken.now
        reader, barred = self._reader(subscription)
        if reader is None:
            return Parcel(subscription.position, barred=barred)
        with reading(self.engine, together=True) as connection:
            live = tuple(live_secrets(connection, subscription.id, now))
            if subscription.proven_at is None:
                return Parcel(subscription.position, live, ((make_challenge(subscription, live[0], now),),))
            rows = _waiting_rows(connection, subscription, now)
        parcel = self._work(subscription, rows)
        tests = ((make_test(subscription, now),),) if subscription.test_id is not None else ()
        self._record_reading(reader, subscription, parcel)
        # Those never tried go first: a receiver that refuses one message again and again may well take the others.
        chains = sorted(parcel.chains, key=lambda chain: chain[0].attempts)
        return parcel._replace(secrets=live, chains=(*tests, *chains))

    def _reader(self, subscription: Subscription) -> tuple[Caller | None, str]:
        """Who is shown what is sent, if it may still read that now; else why not."""
        holder, party = self.keyring.holder_of(subscription.key_id), subscription.party
        right = Permission.FEED if party is None else Permission.NOTICES
        if holder is None or not is_permitted(holder, right):
            return None, "The key that subscribed has expired or was revoked. Subscribe again with another key"
        if party is None:
            configured = subscription.agency in self.agencies
            return (holder, "") if configured else (None, "This agency is no longer configured")
        if not subscription.broker:
            return holder, ""
        if not self.keyring.may_act(subscription.broker, party):
            return None, "No mandate in force lets the broker act for this party"
        return holder.acting_for(party), ""

    def _work(self, subscription: Subscription, rows: Sequence[Waiting]) -> Parcel:
        """What waits and is due, and what is new; one message if the receiver has failed of late."""
        if subscription.failures == 0:
            parcel = self._fresh(subscription, MOST)
        elif rows or (subscription.blocked_at is not None and subscription.test_id is not None):
            parcel = Parcel(subscription.position)
        else:
            parcel = self._fresh(subscription, 1)
        return parcel._replace(chains=tuple(self._chains(subscription, rows)) + parcel.chains)

    def _chains(self, subscription: Subscription, rows: Sequence[Waiting]) -> Iterable[Chain]:
        """The messages of rows, each read again as its owner may see it now."""
        tried = {row.number: row.attempts for row in rows}
        messages = (
            message._replace(attempts=tried[message.number])
            for first, count in runs(sorted(tried))
            for message in read_messages(self.engine, self.agencies, subscription, first - 1, count)
        )
        return by_declaration(messages)

    def _fresh(self, subscription: Subscription, most: int) -> Parcel:
        """The following messages of the stream, without those of declarations of which one waits."""
        found = read_messages(self.engine, self.agencies, subscription, subscription.position, most)
        if not found:
            return Parcel(subscription.position)
        with reading(self.engine) as connection:
            held = waiting.waiting_declarations(connection, subscription.id, {message.mrn for message in found})
        chains = by_declaration(message for message in found if message.mrn not in held)
        behind = tuple(message for message in found if message.mrn in held)
        return Parcel(
            found[-1].number, chains=tuple(chains), fresh=frozenset(each.number for each in found), behind=behind
        )

    def _record_reading(self, reader: Caller, subscription: Subscription, parcel: Parcel) -> None:
        mrns = sorted({message.mrn for chain in parcel.chains for message in chain})
        if mrns and not (subscription.party is not None and reads_its_own(reader)):
            call = f"delivery of {subscription.stream}"
            record_reading(self.engine, reader, call, {"mrns": mrns, "subscription": str(subscription.id)})


def _waiting_rows(connection: Connection, subscription: Subscription, now: int) -> list[Waiting]:
    if subscription.blocked_at is None:
        return waiting.due_messages(connection, subscription.id, now, 1 if subscription.failures else MOST)
    head = waiting.next_head(connection, subscription.id) if subscription.test_id is None else None
    return [] if head is None else [head]


def runs(numbers: Sequence[int]) -> list[tuple[int, int]]:
    """Ascending numbers as runs of consecutive ones: the first of each, and how many there are."""
    found: list[tuple[int, int]] = []
    for number in numbers:
        first, count = found[-1] if found else (number, 0)
        if number == first + count and count:
            found[-1] = (first, count + 1)
        else:
            found.append((number, 1))
    return found


def by_declaration(messages: Iterable[Message]) -> list[Chain]:
    """Chains of the messages of each declaration, in their order."""
    chains: dict[str, list[Message]] = {}
    for message in messages:
        chains.setdefault(message.mrn, []).append(message)
    return list(chains.values())
