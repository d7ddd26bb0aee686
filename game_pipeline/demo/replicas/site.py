"""What a replica is: a name, hosts, and a pure function from the world and a request to a reply."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from .days import World
from .reply import Reply, Target

__all__ = ["Site"]


@dataclass(frozen=True, slots=True)
class Site:
    """`name`: that of its source. `hosts`: the host names that it answers to. `answer`: the reply to a request.
    `holds`: the identities of the records that it has on a day. `redesigns`: whether it knows the switch `layout`.
    `crowds`: whether it knows the switch `crowd`, with which its feed is full of other things than new games."""

    name: str
    hosts: tuple[str, ...]
    answer: Callable[[World, Target], Reply]
    holds: Callable[[World], Iterable[str]]
    redesigns: bool = False
    crowds: bool = False
