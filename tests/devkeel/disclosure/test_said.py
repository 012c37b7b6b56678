"""Markers are said where the library has its sentences, and nowhere else."""

from __future__ import annotations

import pytest

from devkeel.disclosure.output import Disclosure
from devkeel.errors import Refused
from devkeel.text.actions import MARKS, do
from devkeel_words.speech import as_command

DISCLOSURE = Disclosure(None, speaker=as_command)


def test_sentences_are_said_at_any_depth() -> None:
    found = DISCLOSURE.data({"result": {"next": do("apply"), "notes": (f"See {do('job', id='a1')}.",)}})
    assert found == {"result": {"next": "`devkeel apply`", "notes": ("See `devkeel job a1`.",)}}
    assert DISCLOSURE.error(Refused("code", "No.", remedy=do("check"))).remedy == "`devkeel check`"


@pytest.mark.forged
def test_what_others_wrote_is_shown_as_it_is_without_the_marks() -> None:
    """A diff that said a forged marker would hide from the person what it is that they agree to."""
    forged = do("apply", evil="rm")
    found = DISCLOSURE.data({"diff": f"+ {forged}", "stdout": forged, "seen": forged})
    assert all("rm" in text and not {*MARKS} & {*text} for text in found.values())
