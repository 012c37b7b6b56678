"""Where the records in `.devkeel` come from: whether this user's devkeel wrote them, here.

A key in the user's own state directory seals what is written, together with a random id of the project. What carries
no such seal came from elsewhere, as with a clone, and is not believed.
"""

from __future__ import annotations

from devkeel.state.origin import witness
from devkeel.state.origin.foreign_records import ASIDE, set_aside
from devkeel.state.origin.ownership import Ownership, begin, foreign, no_key, ownership, prepare, sealing, unkept
from devkeel.state.origin.seal import Seal, written

__all__ = [
    "ASIDE",
    "Ownership",
    "Seal",
    "begin",
    "foreign",
    "no_key",
    "ownership",
    "prepare",
    "sealing",
    "set_aside",
    "unkept",
    "witness",
    "written",
]
