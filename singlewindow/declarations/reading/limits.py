"""How much one message may hold before it is refused unread, and what the reader turns away whatever it holds."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds on one message; `items` is the number of goods items allowed and scales the caps on elements.

    Real declarations are 8 deep, carry one attribute a value and stay far below the rest; the caps only have to keep a
    hostile message from costing more than a long honest one.
    """

    body_bytes: int = 4_000_000
    items: int = 999
    depth: int = 32
    attributes: int = 16
    namespaces: int = 32
    text_characters: int = 65_536
    attribute_characters: int = 1_024

    @property
    def elements(self) -> int:
        """Elements of an XML document, or members and entries of a JSON one."""
        return 200 * self.items + 2_000

    @property
    def comments(self) -> int:
        """Comments of an XML document."""
        return 20 * self.items + 1_000
