"""Which addresses may be called: those of the public internet, so that no subscriber reaches what only we can reach.

A URL is read by one strict form, and not by a parser that could read it otherwise than the HTTP client does. The
addresses of its host are checked against a closed list (from the IANA special-purpose registries), each time that
something is sent: `ipaddress.is_global` calls translated and multicast addresses public, too.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterable
from typing import Final, NamedTuple

LONGEST_URL: Final = 500
HTTPS_PORT: Final = 443
_LONGEST_HOST: Final = 253
_LABEL: Final = "[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_HOST: Final = re.compile(rf"{_LABEL}(\.{_LABEL})*")
_ENDS_IN_A_NUMBER: Final = re.compile(r"(.*\.)?(0x[0-9a-f]*|[0-9]+)")
"""How the standard for URLs recognises an IPv4 address, whatever its notation."""
_TARGET: Final = re.compile(r"(/([A-Za-z0-9._~!$&'()*+,;=:@/?-]|%(?![01]|7[fF])[0-9A-Fa-f]{2})*)?")
_URL: Final = re.compile(r"(?P<scheme>[A-Za-z][A-Za-z0-9+.-]*):(//(?P<authority>[^/?#\\]*)(?P<target>.*))?", re.DOTALL)

_UNICAST: Final = tuple(map(ipaddress.ip_network, ("0.0.0.0/1", "128.0.0.0/2", "192.0.0.0/3", "2000::/3")))
_SPECIAL: Final = tuple(map(ipaddress.ip_network, (
    "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16", "172.16.0.0/12", "192.0.0.0/24",
    "192.0.2.0/24", "192.31.196.0/24", "192.52.193.0/24", "192.88.99.0/24", "192.168.0.0/16", "192.175.48.0/24",
    "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24",
    "168.63.129.16/32",  # a public address that a large cloud answers itself, with its machines' secrets
    "2001::/23", "2001:db8::/32", "2002::/16", "2620:4f:8000::/48", "3ffe::/16", "3fff::/20",
)))  # fmt: skip


class NotCallable(ValueError):  # noqa: N818 - an answer to the subscriber
    """A URL that is not called; the text says why, and nothing of what its host's name leads to."""


class Allowed(NamedTuple):
    """What the operator allows: ports, and private hosts of its own network, each with its port."""

    ports: frozenset[int] = frozenset({HTTPS_PORT})
    private: frozenset[tuple[str, int]] = frozenset()


class Receiver(NamedTuple):
    """Where something is sent: host, port and the rest of the URL; a private one was named by the operator."""

    host: str
    port: int
    target: str
    private: bool = False

    @property
    def authority(self) -> str:
        """The value of the header Host."""
        return self.host if self.port == HTTPS_PORT else f"{self.host}:{self.port}"


def read_allowed(ports: str, private: str) -> Allowed:
    """What two settings allow, written `443,8443` and `host:port,host:port`; raises ValueError saying what is wrong."""
    return Allowed(
        frozenset(_port("SW_RECEIVER_PORTS", word) for word in _words(ports)),
        frozenset(map(_private_host, _words(private))),
    )


def _words(text: str) -> list[str]:
    return text.replace(",", " ").split()


def _private_host(word: str) -> tuple[str, int]:
    host, _, port = word.lower().rpartition(":")
    if not _HOST.fullmatch(host):
        raise ValueError(f"SW_PRIVATE_RECEIVERS names {word!a}. Write a host and its port, such as hooks.internal:8443")
    return host, _port("SW_PRIVATE_RECEIVERS", port)


def _port(setting: str, word: str) -> int:
    if not (word.isascii() and word.isdigit() and 0 < int(word) < 65_536):
        raise ValueError(f"{setting} names the port {word!a}. Ports are whole numbers from 1 to 65535")
    return int(word)


def read_url(url: str, allowed: Allowed) -> Receiver:
    """The receiver that a URL names; raises NotCallable, without asking what its host's name leads to."""
    if len(url) > LONGEST_URL:
        raise NotCallable(f"The URL is longer than {LONGEST_URL} characters")
    parts = _URL.fullmatch(url)
    if parts is None or parts["scheme"].lower() != "https" or not parts["authority"]:
        raise NotCallable("The URL must begin with https:// and a host")
    host, colon, port = parts["authority"].lower().partition(":")
    if "@" in parts["authority"]:
        raise NotCallable("The URL must not contain a user or a password")
    if not _TARGET.fullmatch(parts["target"]):
        raise NotCallable("What follows the host has characters that are not allowed there; leave out a fragment (#)")
    if colon and not (port.isascii() and port.isdigit() and len(port) <= 5):
        raise NotCallable("The port must be a number, and the host a name: addresses are not called")
    return _receiver(host, int(port) if colon else HTTPS_PORT, parts["target"] or "/", allowed)


def _receiver(host: str, port: int, target: str, allowed: Allowed) -> Receiver:
    if (host, port) in allowed.private:
        return Receiver(host, port, target, private=True)
    if _ENDS_IN_A_NUMBER.fullmatch(host) or not (_HOST.fullmatch(host) and len(host) <= _LONGEST_HOST):
        raise NotCallable("The host must be a name in letters a-z, digits and hyphens, not an address. Write other"
                          " letters in their xn-- form")  # fmt: skip
    if "." not in host:
        raise NotCallable("The host must be a full name with a dot in it")
    if port not in allowed.ports:
        listed = ", ".join(map(str, sorted(allowed.ports)))
        raise NotCallable(f"The port {port} is not called here. Use one of: {listed}")
    return Receiver(host, port, target)


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet; anything else, and what is no address, is not."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return False
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.scope_id is not None:
        return False
    return any(parsed in network for network in _UNICAST) and not any(parsed in network for network in _SPECIAL)


def callable_addresses(receiver: Receiver, found: Iterable[str]) -> list[str]:
    """The addresses that its name led to, if every one of them may be called; raises NotCallable."""
    addresses = list(dict.fromkeys(found))
    if not addresses or not (receiver.private or all(map(is_public, addresses))):
        raise NotCallable("The host's name has no address, or one that is not public")
    return addresses


def url_of(receiver: Receiver, address: str) -> str:
    """The URL with an address in the place of the host's name."""
    shown = f"[{address}]" if ":" in address else address
    return f"https://{shown}:{receiver.port}{receiver.target}"
