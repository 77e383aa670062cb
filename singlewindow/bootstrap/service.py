"""Builds what one web process needs beyond the context; a module of its own, because workers load none of this."""

from __future__ import annotations

import os
import threading
from dataclasses import replace

from singlewindow.access.keyring import Keyring
from singlewindow.access.keys import PREFIX, SIMULATOR_PREFIX
from singlewindow.access.quota import Quotas
from singlewindow.access.tokens import Tokens
from singlewindow.bootstrap.documents import build_reception
from singlewindow.clearance.context import ClearanceContext
from singlewindow.clearance.life.amend import Amender
from singlewindow.clearance.lodging.group_commit import GroupCommit
from singlewindow.clearance.lodging.lodge import Lodging
from singlewindow.clearance.lodging.preparation import Rules
from singlewindow.clearance.lodging.sandboxed_reader import Configuration, SandboxedReader
from singlewindow.declarations.reading.message import Limits
from singlewindow.deliveries.receivers import read_allowed
from singlewindow.http.limits import RateLimits
from singlewindow.http.service import Service
from singlewindow.settings import Settings

BATCHES = 2
"""How many batches of declarations one web process accepts at once: each keeps a thread busy as long as it lasts."""


def build_service(context: ClearanceContext, simulator: ClearanceContext | None = None) -> Service:
    """The service of one web process, and what answers its simulator's keys, if it has one.

    It reads nothing from the record and starts no other process until needed.
    """
    service = _build_window(context)
    return service if simulator is None else replace(service, simulator=_build_window(simulator, beside=service))


def _build_window(context: ClearanceContext, beside: Service | None = None) -> Service:
    """A service, or the simulator `beside` one: both have one reader of large messages and one count of requests."""
    settings = context.settings
    tokens = Tokens(settings.sw_token_key) if settings.sw_token_key else None
    keyring = Keyring(context.engine, tokens=tokens, prefix=SIMULATOR_PREFIX if beside else PREFIX)
    lodging = build_lodging(context, keyring, beside.lodging.sandbox if beside else None)
    return Service(
        context=context,
        keyring=keyring,
        lodging=lodging,
        amender=Amender(context, lodging),
        receivers=read_allowed(settings.sw_receiver_ports, settings.sw_private_receivers),
        rate_limits=beside.rate_limits if beside else RateLimits(settings.sw_rate, settings.sw_wrong_keys),
        waiters=threading.BoundedSemaphore(settings.sw_waiters),
        batches=threading.BoundedSemaphore(BATCHES),
        reception=build_reception(context),
        rehearses=beside is not None,
    )


def build_lodging(context: ClearanceContext, keyring: Keyring, sandbox: SandboxedReader | None = None) -> Lodging:
    """The way from bytes to a stored declaration, for one process; `keyring` knows the parties and their mandates.

    `sandbox` reads large messages; a new one does, if none is given.
    """
    settings, engine, agencies = context.settings, context.engine, context.agencies
    limits = Limits(body_bytes=settings.sw_body_limit, items=settings.sw_item_limit)
    return Lodging(
        engine=engine,
        rules=Rules(context.rulebooks, agencies, limits),
        sandbox=sandbox or _build_sandbox(settings),
        register=keyring,
        quotas=Quotas(engine, settings.sw_open_limit),
        writer=GroupCommit(engine, agencies),
    )


def _build_sandbox(settings: Settings) -> SandboxedReader:
    """A reader of large messages on half of the processors; at most half of the web's threads wait for it."""
    processors = frozenset(os.sched_getaffinity(0))
    configuration = Configuration(
        config=settings.sw_config,
        country=settings.sw_country,
        customs=settings.sw_customs,
        others=settings.other_countries,
        body_bytes=settings.sw_body_limit,
        items=settings.sw_item_limit,
        memory=settings.sw_reading_memory,
        processors=processors,
    )
    return SandboxedReader(configuration, max(1, len(processors) // 2), max(1, settings.sw_threads // 2))
