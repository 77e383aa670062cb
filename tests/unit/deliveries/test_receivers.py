"""Which URLs and addresses are called: every known way to make a service call its own network is refused."""

from __future__ import annotations

import pytest

from singlewindow.deliveries.receivers import (
    Allowed,
    NotCallable,
    callable_addresses,
    is_public,
    read_allowed,
    read_url,
    url_of,
)

PUBLIC = ["93.184.215.14", "1.1.1.1", "223.255.255.254", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "2a00:1450::1"]
REFUSED_URLS = [
    "http://good.example/", "https://127.0.0.1", "https://localhost", "https://localhost.", "https://2130706433",
    "https://0x7f.1", "https://0177.0.0.1", "https://0", "https://[::1]", "https://[::ffff:127.0.0.1]",
    "https://[64:ff9b::7f00:1]", "https://[2002:7f00:1::]", "https://[fe80::1%25lo]", "https://[fd00::1]",
    "https://10.0.0.1", "https://100.64.0.1", "https://169.254.169.254/", "https://100.100.100.200",
    "https://224.0.0.1", "https://255.255.255.255", "https://user:pw@good@127.0.0.1", "https://user@good.example/",
    "https://good.example:6379", "https://good.example:0443x", "https://good.example/%0d%0aSLAVEOF",
    "https://good.example/%7f", "https://good.example/a b", "https://good.example/\r\nX: y", "https://good.example/%zz",
    "gopher://good.example/", "file:///etc/passwd", "unix:/run/x.sock", "https:good.example", "//good.example/",
    "https:///path", "https://\u24dbocalhost/", "https://\u0440\u0430ypal.example/", "https://good.example\\@127.0.0.1/",
    "https://good.example#@127.0.0.1/", "https://good.example/#part", "https://-bad.example/", "https://good..example/",
    "https://good.example./", "https://" + "a" * 64 + ".example/", "https://good.example/" + "a" * 10_240,
    "https://good.0x7f/", "https://good.1/", "https://good_example.com/", "https://a%2eb.example/", "", " ",
    "https://good.example:99999/", "https://good.example:/",
]  # fmt: skip
REFUSED_ADDRESSES = [
    "127.0.0.1", "127.255.255.254", "0.0.0.0", "10.0.0.1", "100.64.0.1", "100.100.100.200", "169.254.169.254",
    "172.16.0.1", "192.0.0.1", "192.0.2.1", "192.88.99.1", "192.168.0.1", "198.18.0.1", "198.51.100.1", "203.0.113.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16", "::", "::1", "::ffff:127.0.0.1", "::ffff:8.8.8.8",
    "64:ff9b::7f00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:7f00:1::", "3fff::1", "5f00::1",
    "fc00::1", "fd00::1", "fe80::1", "fe80::1%lo", "fec0::1", "ff02::1", "2606:4700::1%eth0", "no address", "",
]  # fmt: skip


@pytest.mark.parametrize("url", REFUSED_URLS, ids=lambda url: ascii(url)[:50])
def test_a_url_that_could_lead_elsewhere_is_refused(url: str) -> None:
    with pytest.raises(NotCallable):
        read_url(url, Allowed())


@pytest.mark.parametrize("address", REFUSED_ADDRESSES)
def test_an_address_that_is_not_of_the_public_internet_is_refused(address: str) -> None:
    receiver = read_url("https://good.example/hook", Allowed())
    for found in ([address], [PUBLIC[0], address], [address, PUBLIC[0]]):
        with pytest.raises(NotCallable, match="no address, or one that is not public"):
            callable_addresses(receiver, found)


def test_public_addresses_are_called_and_a_name_without_any_is_not() -> None:
    receiver = read_url("https://good.example/hook", Allowed())
    assert all(map(is_public, PUBLIC))
    assert callable_addresses(receiver, [*PUBLIC, PUBLIC[0]]) == PUBLIC
    with pytest.raises(NotCallable):
        callable_addresses(receiver, [])


def test_a_refusal_gives_away_no_address() -> None:
    with pytest.raises(NotCallable) as refusal:
        callable_addresses(read_url("https://good.example/", Allowed()), ["10.1.2.3"])
    assert "10.1" not in str(refusal.value)


def test_the_connection_goes_to_the_address_and_the_host_keeps_its_name() -> None:
    receiver = read_url("HTTPS://Hooks.Good.Example/a/b?c=d%20e", Allowed())
    assert (receiver.authority, receiver.target) == ("hooks.good.example", "/a/b?c=d%20e")
    assert url_of(receiver, PUBLIC[0]) == f"https://{PUBLIC[0]}:443/a/b?c=d%20e"
    assert url_of(receiver, PUBLIC[-1]) == f"https://[{PUBLIC[-1]}]:443/a/b?c=d%20e"
    assert read_url("https://good.example", Allowed()).target == "/"
    assert read_url("https://xn--bcher-kva.example/", Allowed()).host == "xn--bcher-kva.example"


def test_the_operator_may_allow_ports_and_private_hosts_of_its_own() -> None:
    allowed = read_allowed("443, 8443", "hooks.internal:9443 localhost:1234")
    assert read_url("https://good.example:8443/", allowed).authority == "good.example:8443"
    private = read_url("https://localhost:1234/x", allowed)
    assert callable_addresses(private, ["127.0.0.1"]) == ["127.0.0.1"]
    for url in ("https://localhost/", "https://hooks.internal:8443/"):
        public = [] if url == "https://localhost/" else ["10.0.0.1"]
        with pytest.raises(NotCallable):
            callable_addresses(read_url(url, allowed), public)


@pytest.mark.parametrize(("ports", "private"), [("0", ""), ("https", ""), ("70000", ""), ("", "host"), ("", "a b:1")])
def test_settings_that_cannot_be_meant_are_refused_at_the_start(ports: str, private: str) -> None:
    with pytest.raises(ValueError, match="SW_"):
        read_allowed(ports, private)
