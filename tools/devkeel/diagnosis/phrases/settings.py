"""What programs print where a setting of the environment is missing that they look for, and nothing else is.

The subject names the setting: `remedies/proposing/settings.py` has what each of them is in devenv, and in other projects.
"""

from __future__ import annotations

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

# name, setting, hint, pattern, weight
_ROWS = (
    (
        "java.headless",
        "headful-jdk",
        "no headful library support was found",
        r"no headful library support was found",
        90,
    ),
    ("java.headless_library", "headful-jdk", "libawt_xawt.so", r"libawt_xawt\.so", 80),
)

PHRASES = tuple(
    Phrase(name, "setting", hint, pattern, weight=weight, subject=setting)
    for name, setting, hint, pattern, weight in _ROWS
)
