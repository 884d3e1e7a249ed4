"""Sharing of room among parts: by what each needs, wants, and may grow."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def between(parts: Sequence[Any]) -> int:
    """Return how many gaps lie between *parts*."""
    return max(0, len(parts) - 1)


def between_both(least: Sequence[int], wanted: Sequence[int], room: int) -> list[int]:
    """Return sizes that sum up to *room*, each as near to *least* as the others."""
    low, high = sum(least), sum(wanted)
    ratio = min(1.0, max(0.0, (room - low) / max(1, high - low)))
    return [a + int((b - a) * ratio) for a, b in zip(least, wanted, strict=True)]


def spread(grow: Sequence[int], sizes: Sequence[int], most: Sequence[int], room: int) -> list[int]:
    """Return *sizes*, larger by shares of the *room* that is left, none above *most* (0: any)."""
    grown = list(sizes)
    open_ = {n for n, share in enumerate(grow) if share}
    while open_:
        left, weight = room - sum(grown), sum(grow[n] for n in open_)
        full = {n for n in open_ if most[n] and grown[n] + left * grow[n] // weight >= most[n]}
        for n in full or open_:
            grown[n] = max(sizes[n], most[n] if full else grown[n] + left * grow[n] // weight)
        if not full:
            break
        open_ -= full
    return grown


def shares(grow: Sequence[int], least: Sequence[int], fixed: Sequence[int], room: int) -> list[int]:
    """Return widths: *fixed* for those that do not grow, shares of the rest for the others."""
    widths = list(fixed)
    open_ = {n for n, share in enumerate(grow) if share}
    rest = room - sum(fixed)
    while open_:
        weight = sum(grow[n] for n in open_)
        short = {n for n in open_ if rest * grow[n] / weight < least[n]}
        if not short:
            for n in open_:
                widths[n] = int(rest * grow[n] / weight)
            break
        for n in short:
            widths[n] = least[n]
            rest -= least[n]
        open_ -= short
    return widths
