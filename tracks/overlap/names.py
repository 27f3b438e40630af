"""Which byte may come next in a path that can exist, and which of several reads best.

No component is empty, `.`, `..` or, in any case, `.git`.
"""

from __future__ import annotations

from functools import lru_cache

from tracks.wildmatch.brackets import DIGITS, GRAPH, LOWER, UPPER, set_of
from tracks.wildmatch.tokens import SLASH

# How far the current component has come: towards a name that cannot be, or past all of them.
OPEN, DOT, DOTS, DOT_G, DOT_GI, DOT_GIT, SAFE = range(7)
ENDABLE = frozenset({DOT_G, DOT_GI, SAFE})
LEADS = {
    OPEN: {b".": DOT},
    DOT: {b".": DOTS, b"gG": DOT_G},
    DOT_G: {b"iI": DOT_GI},
    DOT_GI: {b"tT": DOT_GIT},
}
PLAIN = LOWER + DIGITS + UPPER
READING = bytes(dict.fromkeys([*PLAIN, *b"_-.", *GRAPH, *b" ", *range(128, 256), *range(1, 128)]))
PRICES = dict.fromkeys(GRAPH, 2) | dict.fromkeys(PLAIN, 1)
ODD = 9  # what a byte costs that is not plain printable text
LEADING_DOT = 3

RISKS = {name: [(set_of(text), after) for text, after in leads.items()] for name, leads in LEADS.items()}


@lru_cache(maxsize=4096)
def steps(name: int, taken: int) -> tuple[tuple[int, int, int], ...]:
    """For the best bytes of a set: byte, price, and how far the component is after it.

    One that makes the component safe is worth all others of the set: whatever can follow them can follow it.
    """
    rest = taken & ~SLASH
    risky: list[tuple[int, int, int]] = []
    for text, after in RISKS.get(name, ()):
        if rest & text:
            byte = best_of(rest & text)
            risky.append((byte, PRICES.get(byte, ODD) + LEADING_DOT * (name == OPEN), after))
        rest &= ~text
    if rest:
        byte = best_of(rest)
        return ((byte, PRICES.get(byte, ODD), SAFE),)
    return tuple(risky)


def best_of(taken: int) -> int:
    """The byte of a set that reads best."""
    return next(byte for byte in READING if taken >> byte & 1)
