"""What rustc, cargo and rustup print where a crate, a target or another toolchain is missing."""

from __future__ import annotations

import re
from types import MappingProxyType

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

_CRATE = r"(?P<subject>[A-Za-z][\w-]{0,60})"
_VERSION = r"\d{1,2}\.\d{1,3}(?:\.\d{1,3})?"
_TRIPLE = r"(?P<subject>[a-z0-9_]{2,20}(?:-[a-z0-9_.]{1,20}){1,3})"
_NIGHTLY = MappingProxyType({"channel": "nightly"})
_OWN = frozenset({"crate", "self", "super", "std", "core", "alloc", "proc_macro", "test"})


def _is_crate(match: re.Match[str], text: str) -> bool:
    """Return whether a path begins with a crate: not a module of the project, for which rustc has another help."""
    name = match["subject"]
    if name in _OWN or not (name[0].islower()):
        return False
    place = text.find(match[0].split("\n", 1)[0])
    near = text[place : place + 1500] if place >= 0 else text
    told = (f"cargo add {name}", f"extern crate {name}", f"you wanted to use a crate named `{name}`")
    other = re.search(
        r"help: (?:a similar path|consider importing|there is a|to make use of source file|a \w+ with a similar name)",
        near,
    )
    return any(item in near for item in told) or other is None


PHRASES = (
    # compiler/rustc_resolve/src/diagnostics.rs: E0432, E0433, E0463; the words changed in 1.86.
    Phrase(
        "rustc.unresolved",
        "crate",
        "unresolved import `",
        rf"unresolved import `{_CRATE}(?:::[^`]{{0,200}})?`",
        lines=8,
        weight=90,
        judge=lambda match, text: (
            _is_crate(match, text)
            and re.search(
                r"unlin[k]ed crate|undeclared crate|maybe a missing crate|cargo add|could not find",
                match.string[match.end() :],
            )
            is not None
            and "could not find `" not in match.string[match.end() : match.end() + 400].split("cargo add")[0]
        ),
    ),
    Phrase(
        "rustc.undeclared",
        "crate",
        "undeclared crate or module",
        rf"use of undeclared crate or module `{_CRATE}`",
        lines=3,
        weight=90,
        judge=_is_crate,
    ),
    Phrase(
        "rustc.neither",
        "crate",
        "use of unresolved module or",
        rf"use of unresolved module or unlin[k]ed crate `{_CRATE}`",
        lines=3,
        weight=90,
        judge=_is_crate,
    ),
    Phrase(
        "rustc.cargo_add",
        "crate",
        "cargo add ",
        rf"use `cargo add {_CRATE}` to add it to your `Cargo\.toml`",
        weight=90,
    ),
    Phrase(
        "rustc.maybe",
        "crate",
        "maybe a missing crate",
        rf"maybe a missing crate `{_CRATE}`",
        weight=90,
        judge=_is_crate,
    ),
    Phrase(
        "rustc.find_crate",
        "crate",
        "can't find crate for",
        rf"can't find crate for `{_CRATE}`",
        weight=88,
        judge=lambda match, _: match["subject"] not in ("std", "core", "alloc", "test", "proc_macro"),
    ),
    # cargo/core/features.rs, rustc_session: targets that have no standard library
    Phrase(
        "rustc.target",
        "target",
        "target may not be installed",
        rf"the `{_TRIPLE}` target may not be installed",
        weight=90,
    ),
    Phrase(
        "rustup.target",
        "target",
        "rustup target add",
        rf"rustup target add {_TRIPLE}",
        weight=85,
    ),
    # versions: cargo/core/compiler, cargo/ops/cargo_compile
    Phrase(
        "cargo.rust_version",
        "version",
        "requires rustc",
        rf"requires rustc (?P<since>{_VERSION})(?: or newer)?(?:, while the currently active rustc version is "
        rf"(?P<have>{_VERSION}))?",
        subject="rust",
        weight=90,
    ),
    Phrase(
        "cargo.not_supported",
        "version",
        "is not supported by the following package",
        rf"rustc (?P<have>{_VERSION}) is not supported by the following packages?:\s*\n[^\n]{{0,200}}requires "
        rf"rustc (?P<since>{_VERSION})",
        lines=3,
        subject="rust",
        weight=91,
    ),
    Phrase(
        "cargo.edition",
        "version",
        "edition2024",
        r"feature `edition2024` is required",
        subject="rust",
        weight=90,
        facts=MappingProxyType({"since": "1.85"}),
    ),
    Phrase(
        "cargo.older",
        "version",
        "edition",
        r"this version of Cargo is older than the `(?P<edition>2021|2024)` edition",
        subject="rust",
        weight=90,
        facts=MappingProxyType({"since": "1.85"}),
    ),
    Phrase(
        "cargo.lock_version",
        "version",
        "lock file version",
        r"lock file version `?4`? (?:was found, but this version of Cargo does not understand|requires "
        r"`-Znext-lockfile-bump`)",
        subject="rust",
        weight=90,
        facts=MappingProxyType({"since": "1.78"}),
    ),
    Phrase(
        "rustc.unstable",
        "version",
        "may not be used on the stable release channel",
        r"`?#!\[feature\]`? may not be used on the stable release channel",
        subject="rust",
        weight=90,
        facts=_NIGHTLY,
    ),
    Phrase(
        "rustc.nightly_option",
        "version",
        "only accepted on the nightly",
        r"the option `[^`]{1,40}` is only accepted on the nightly",
        subject="rust",
        weight=90,
        facts=_NIGHTLY,
    ),
    Phrase(
        "cargo.nightly_flag",
        "version",
        "nightly",
        r"(?:flag|option)[^\n]{0,60} (?:is|are) unstable(?:, and)?[^\n]{0,80}(?:only available|pass|nightly)"
        r"[^\n]{0,60}nightly",
        subject="rust",
        weight=90,
        facts=_NIGHTLY,
    ),
    Phrase(
        "cargo.unstable_feature",
        "version",
        "not stabilized in this version of Cargo",
        r"is not stabilized in this version of Cargo",
        subject="rust",
        weight=85,
        facts=_NIGHTLY,
        judge=lambda _, text: "edition2024" not in text,
    ),
    Phrase(
        "rustup.toolchain",
        "version",
        "is not installed",
        r"toolchain '(?P<channel>nightly|beta|stable)[\w-]{0,60}' is not installed",
        subject="rust",
        weight=85,
    ),
)
