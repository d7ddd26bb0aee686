"""Which network addresses may be visited: public ones, as far as the address itself can tell.

A name is looked up once and all its answers are judged; whoever connects uses the answers given here, so that a
name cannot be public when it is judged and private when it is used.
"""

from __future__ import annotations

import ipaddress
import socket
import threading
from collections.abc import Callable, Sequence

__all__ = [
    "BlockedAddressError",
    "NameLookupError",
    "Resolver",
    "is_public",
    "refuse_private",
    "resolve",
    "system_resolver",
]

Resolver = Callable[[str, int], Sequence[str]]
"""Host name and port -> IP addresses, in the order to try them. Raises OSError."""

_Network = ipaddress.IPv4Network | ipaddress.IPv6Network
_Address = ipaddress.IPv4Address | ipaddress.IPv6Address

# What `is_global` lets through although it leads to no public host, or to one written inside it. An address that
# holds an IPv4 address is refused whole: no site needs one, and each form is one more thing to decode wrongly.
_REFUSED: tuple[_Network, ...] = tuple(
    ipaddress.ip_network(text)
    for text in (
        "192.88.99.0/24",  # 6to4 relays
        "::/96",  # IPv4-compatible
        "::ffff:0:0/96",  # IPv4-mapped
        "64:ff9b::/96",  # NAT64
        "64:ff9b:1::/48",  # local NAT64
        "2001::/32",  # Teredo
        "2002::/16",  # 6to4
        "3fff::/20",  # documentation
        "fec0::/10",  # site-local
    )
)


class BlockedAddressError(Exception):
    """A host leads to an address that is not public."""

    def __init__(self, host: str, address: str) -> None:
        super().__init__(f"{host} leads to {address}, which is not a public address")


class NameLookupError(Exception):
    """A host name has no address, or the answer did not come in time."""


def is_public(address: str) -> bool:
    """Is this the address of a host on the public Internet?"""
    try:
        parsed: _Address = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return (
        parsed.is_global
        and not parsed.is_multicast
        and not parsed.is_reserved
        and not any(parsed.version == network.version and parsed in network for network in _REFUSED)
    )


def system_resolver(host: str, port: int) -> Sequence[str]:
    """What the machine's own resolver answers."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(answer[4][0]) for answer in found]


def resolve(resolver: Resolver, host: str, port: int, seconds: float | None) -> tuple[str, ...]:
    """The addresses of a host; a host that is an address is its own. Raises `NameLookupError`."""
    try:
        return (str(ipaddress.ip_address(host)),)
    except ValueError:
        pass
    answers: list[Sequence[str]] = []
    failures: list[Exception] = []

    def look_up() -> None:
        try:
            answers.append(resolver(host, port))
        except Exception as error:  # nobody else would hear of it
            failures.append(error)

    # getaddrinfo knows no timeout and cannot be interrupted; a daemon thread can be left behind.
    thread = threading.Thread(target=look_up, name=f"resolve {host}", daemon=True)
    thread.start()
    thread.join(seconds)
    if failures:
        raise NameLookupError(f"the name {host} cannot be resolved: {failures[0]}")
    if not answers:
        raise NameLookupError(f"the name {host} was not resolved within {seconds} s")
    addresses = tuple(dict.fromkeys(answers[0]))
    if not addresses:
        raise NameLookupError(f"the name {host} has no address")
    return addresses


def refuse_private(host: str, addresses: Sequence[str]) -> None:
    """Raise `BlockedAddressError` unless all addresses of a host are public.

    One private answer among public ones is an attack or a mistake, and which of them is used is luck.
    """
    for address in addresses:
        if not is_public(address):
            raise BlockedAddressError(host, address)
