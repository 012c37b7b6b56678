"""What detection proposes, as a person reads it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from devkeel.text.clean import clean
from devkeel_cli.answers.output import paint_diff
from devkeel_words import detection_lines

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.detection.detect import Proposal
    from devkeel.detection.usage import Usage

__all__ = ["proposal", "usage"]


def proposal(found: Proposal) -> Iterable[str]:
    """Yield the edits with their reasons, where files disagree, the diff, and what comes next."""
    yield click.style(clean(detection_lines.headline(found)), bold=True)
    yield from map(clean, detection_lines.proposal(found))
    if found.change is not None and found.change.diff:
        yield paint_diff(found.change.diff)
    yield from map(clean, detection_lines.remarks(found))
    yield f"next: {clean(found.next)}"


def usage(found: Usage) -> Iterable[str]:
    """Yield what is unused and what is missing, and what was not looked at."""
    yield click.style(clean(detection_lines.usage_headline(found)), bold=True)
    yield from map(clean, detection_lines.usage(found))
    yield from map(clean, detection_lines.usage_remarks(found))
