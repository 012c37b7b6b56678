"""What programs print where a setting of the environment is missing that they look for."""

from __future__ import annotations

from devkeel.diagnosis.phrases.settings import PHRASES


def test_each_names_a_setting_without_the_text() -> None:
    assert all(phrase.subject and phrase.kind == "setting" for phrase in PHRASES)
