"""Addresses of servers taken apart: SCHEME://[CREDENTIALS@]HOST[,HOST...]/PATH[?QUERY].

Not by `urllib.parse.urlsplit`: some versions of Python take several hosts, of which a later one is [IPv6], for no URL.
"""

from __future__ import annotations

from typing import NamedTuple


class Address(NamedTuple):
    """The parts as they are written, nothing of them decoded; empty where they are not there."""

    scheme: str
    credentials: str
    hosts: str
    path: str
    query: str


def take_apart(url: str) -> Address:
    """The parts of an address; whatever else a text is, it comes out as parts, too."""
    scheme, _, rest = url.partition("#")[0].partition("://")
    place, _, query = rest.partition("?")
    authority, _, path = place.partition("/")
    credentials, _, hosts = authority.rpartition("@")
    return Address(scheme.lower(), credentials, hosts, path, query)
