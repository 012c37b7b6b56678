"""What Nix, its module system, devenv and direnv print where they refuse a declaration.

The sentences are those of `devkeel.diagnosis.nix_messages`, which reads a whole evaluation's end; here each is looked
for by itself, in whatever else a run has printed. Nix has quoted names in three ways in its time.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import TYPE_CHECKING

from devkeel.diagnosis.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.diagnosis.cause import Kind

__all__ = ["PHRASES"]

_O, _C = "[`'\"\u2018]", "['\"\u2019]"
_X = rf"{_O}(?P<subject>[^\n`'\"\u2018\u2019]{{1,200}}){_C}"
# A package by name and version, as `stdenv.mkDerivation` puts them together.
_PACKAGE = rf"{_O}(?P<subject>[\w.+-]{{1,120}}){_C}"
_IN = r"(?: in \S{1,300})?"
_STORE = r"/nix/store/[a-z0-9]{32}-[\w.+-]{1,120}"


def _nix(
    kind: Kind,
    code: str,
    hint: str,
    pattern: str,
    *,
    part: str = "",
    window: tuple[int, int] = (1, 0),
    weight: int = 80,
    judge: Callable[[re.Match[str], str], bool] | None = None,
) -> Phrase:
    """Return a sentence that is about something of a declaration; window: how many lines from it on, and before it."""
    name = f"nix.{code}.{part}" if part else f"nix.{code}"
    facts = MappingProxyType({"code": code})
    return Phrase(name, kind, hint, pattern, *window, weight=weight, facts=facts, judge=judge)


def _by_nix(_: re.Match[str], text: str) -> bool:
    """Return whether a sentence that others print too stands in what Nix printed."""
    return "error:" in text and bool(re.search(r"\.nix\b|/nix/store|nix-shell|nix build|nix develop|devenv", text))


_TOOLS = r"(?:Node\.js|Go|OpenJDK|JDK|Python|PostgreSQL|Postgres|PHP|Ruby|LLVM|Clang|Dotnet SDK|\.NET(?: SDK)?|MariaDB)"
# nixpkgs, pkgs/stdenv/generic/check-meta.nix: `handleEvalIssue`, before 25.11 and since.
_REFUSED = rf"[Pp]ackage {_PACKAGE}{_IN}"
PHRASES = (
    _nix("declaration", "unknown_package", "missing", rf"attribute {_X} missing", judge=_by_nix),
    _nix("declaration", "undefined_variable", "undefined variable", rf"undefined variable {_X}", judge=_by_nix),
    _nix("option", "unknown_option", "does not exist", rf"[Tt]he option {_X} does not exist"),
    _nix("option", "wrong_type", "is not of type", rf"[Aa] definition for option {_X} is not of type"),
    _nix(
        "option",
        "wrong_type",
        "-entry ",
        rf"option {_O}(?P<subject>[\w.]{{1,80}})\.\"\[definition \d{{1,3}}-entry \d{{1,3}}\]\"{_C} is not of type {_O}package{_C}"
        r"[\s\S]{0,400}?: \"(?P<text>[\w.+-]{1,80})\"",
        part="entry",
        window=(3, 0),
    ),
    _nix(
        "option",
        "wrong_type",
        "rather than an attribute set",
        rf"for the option\s{{1,20}}{_X}",
        part="set",
        window=(3, 0),
    ),
    _nix(
        "option",
        "wrong_type",
        "is an attribute set of options",
        rf"[Tt]he option path {_X} is an attribute set",
        part="group",
    ),
    _nix(
        "option",
        "conflicting_definitions",
        "conflicting definition",
        rf"[Tt]he (?:unique )?option {_X} has conflicting definition",
    ),
    _nix(
        "option",
        "conflicting_definitions",
        "is defined multiple times",
        rf"[Tt]he (?:unique )?option {_X} is defined multiple times",
        part="unique",
    ),
    _nix("option", "read_only_option", "read-only", rf"[Tt]he option {_X} is read-only"),
    _nix(
        "option",
        "option_without_value",
        "but",
        rf"[Tt]he option {_X} (?:is|was) (?:used|accessed) but (?:not defined|has no value)",
    ),
    _nix(
        "option",
        "renamed_option",
        "has been renamed",
        rf"[Tt]he option {_X}[^\n]{{0,200}}? has been renamed to {_O}(?P<to>[^\n`'\"\u2018\u2019]{{1,200}}){_C}",
        weight=40,
    ),
    _nix("option", "removed_option", "can no longer be used", rf"[Tt]he option definition {_X} in {_O}"),
    _nix("declaration", "duplicate_attribute", "already defined at", rf"attribute {_X} already defined at"),
    _nix(
        "declaration",
        "unexpected_argument",
        "called with unexpected argument",
        rf"called with unexpected argument {_X}",
    ),
    _nix(
        "declaration", "missing_argument", "called without required argument", rf"called without required argument {_X}"
    ),
    _nix(
        "declaration", "syntax_error", "syntax error", r"error:? (?P<subject>syntax error), unexpected", judge=_by_nix
    ),
    _nix(
        "declaration",
        "syntax_error",
        "path has a trailing slash",
        r"(?P<subject>path has a trailing slash)",
        part="slash",
    ),
    _nix(
        "declaration",
        "failed_assertion",
        "Failed assertions",
        r"Failed assertions:\s{0,20}- (?P<subject>[^\n]{1,200})",
        window=(4, 0),
        weight=70,
    ),
    _nix(
        "declaration",
        "infinite_recursion",
        "infinite recursion",
        r"error: (?P<subject>infinite recursion encountered)",
        weight=60,
    ),
    _nix(
        "declaration",
        "evaluation_failed",
        "cannot coerce",
        r"error: (?P<subject>cannot coerce [^\n]{1,100})",
        part="coerce",
        weight=50,
    ),
    _nix(
        "declaration",
        "evaluation_failed",
        " while ",
        r"error: (?P<subject>(?:value is|expected) [^\n]{1,100} while [^\n]{1,100})",
        part="value",
        weight=50,
    ),
    _nix(
        "declaration",
        "evaluation_failed",
        "but got",
        r"error: (?P<subject>expected [^\n]{1,60} but (?:got|found) [^\n]{1,100})",
        part="but",
        weight=50,
    ),
    _nix("input", "missing_input", "run the following command", rf"To use {_X}, run the following", window=(2, 0)),
    _nix(
        "input",
        "missing_input",
        "add the following",
        rf"To use {_X}, (?:please )?add the following",
        part="add",
        window=(2, 0),
    ),
    _nix(
        "input",
        "missing_input",
        "inputs add ",
        r"devenv inputs add (?P<subject>[\w-]{1,80}) (?P<url>[\w:/.@?=&+-]{1,200})",
        part="command",
        weight=75,
    ),
    _nix(
        "input",
        "unknown_input",
        "in the flake registries",
        rf"cannot find flake {_O}(?:flake:)?(?P<subject>[\w.-]{{1,80}}){_C} in the flake registries",
    ),
    _nix("input", "input_not_locked", "cannot update unlocked", rf"cannot update unlocked flake input {_X}"),
    _nix(
        "input",
        "input_not_locked",
        "requires lock file changes",
        r"(?P<subject>\S{1,200}) requires lock file changes",
        part="changes",
    ),
    _nix("input", "hash_of_input", "NAR hash mismatch in input", rf"NAR hash mismatch in input {_X}"),
    _nix("unfree", "unfree_package", "unfree license", rf"{_REFUSED}[^\n]{{0,40}} has an unfree license"),
    _nix(
        "unfree",
        "unfree_package",
        "unfree license",
        rf"{_REFUSED}\s{{1,20}}because it has an unfree license",
        part="newer",
        window=(2, 1),
    ),
    _nix(
        "insecure",
        "insecure_package",
        "as insecure",
        rf"{_REFUSED}\s{{1,20}}(?:because it )?is marked as insecure",
        window=(2, 1),
    ),
    _nix(
        "insecure",
        "broken_package",
        "as broken",
        rf"{_REFUSED}\s{{1,20}}(?:because it )?is marked as broken",
        window=(2, 1),
    ),
    _nix(
        "insecure",
        "unsupported_package",
        "not available on the requested",
        rf"{_REFUSED}\s{{1,20}}(?:because it )?is not available on the requested",
        window=(2, 1),
    ),
    _nix(
        "declaration",
        "renamed_package",
        "renamed to/replaced by",
        rf"{_X} has been renamed to/replaced by {_O}(?P<to>[\w.+-]{{1,120}}){_C}",
        window=(2, 1),
    ),
    _nix(
        "declaration",
        "renamed_package",
        " renamed to ",
        rf"error:? {_O}?(?P<subject>[\w.+-]{{1,120}}){_C}? (?:has been|was) renamed to {_O}?(?:pkgs\.)?"
        rf"(?P<to>[\w.+-]{{1,120}}\w)",
        part="plain",
    ),
    _nix(
        "declaration",
        "renamed_package",
        "replaced by",
        rf"error:? {_O}?(?P<subject>[\w.+-]{{1,120}}){_C}? (?:has been|was|is) (?:removed[^\n]{{0,60}} and )?"
        rf"(?:replaced|superseded) by {_O}?(?:pkgs\.)?(?P<to>[\w.+-]{{1,120}}\w)",
        part="replaced",
    ),
    _nix(
        "declaration",
        "removed_package",
        "removed",
        rf"error:? {_O}?(?:[Pp]ackage )?{_O}?(?:pkgs\.)?(?P<subject>[\w.+-]{{1,120}}){_C}? (?:has been|was|is"
        rf"|have been) (?:intentionally )?(?:removed|dropped)",
        weight=78,
    ),
    _nix(
        "declaration",
        "removed_package",
        "end-of-life",
        rf"error:? {_O}?(?P<subject>[\w.+-]{{1,120}}){_C}? (?:is|has been|has reached|reached)[^\n]{{0,60}}end-of-life",
        part="eol",
        weight=78,
    ),
    # What nixpkgs says of old versions by the name of the program.
    *(
        _nix(
            "declaration",
            "removed_package",
            hint,
            rf"(?:error:|-) (?P<subject>{_TOOLS} v?\d{{1,3}}(?:\.\d{{1,3}})?)(?:\.x)?,? (?:has|is|was|reached)[^\n]{{0,80}}"
            r"(?:removed|[Ee]nd[ -][Oo]f[ -][Ll]ife|EOL)",
            part=f"tool.{number}",
        )
        for number, hint in enumerate(("removed", "nd-Of-Life", "nd-of-life", "EOL", "nd of life"))
    ),
    _nix(
        "declaration",
        "hash_mismatch",
        "got:",
        r"specified:\s{1,12}(?P<subject>\S{10,120})\n\s{0,12}got:\s{1,12}(?P<got>\S{10,120})",
        window=(1, 1),
    ),
    _nix(
        "declaration",
        "hash_mismatch",
        "hash mismatch",
        r"wanted:\s{1,12}(?P<subject>\S{10,120})\n\s{0,12}got:\s{1,12}(?P<got>\S{10,120})",
        part="older",
        window=(3, 0),
    ),
    _nix(
        "declaration",
        "collision",
        "collision between",
        rf"collision between {_O}(?P<subject>{_STORE}[^\n`'\"]{{0,200}}){_C}",
        weight=70,
    ),
    _nix(
        "declaration",
        "collision",
        "conflicting subpath",
        r"(?P<subject>two given paths contain a conflicting subpath)",
        part="subpath",
        weight=70,
    ),
    _nix(
        "declaration",
        "no_such_output",
        "does not provide attribute",
        rf"flake {_O}[^\n`'\"\u2018\u2019]{{1,300}}{_C} does not provide attribute {_O}(?P<subject>[\w.-]{{1,120}})",
        weight=70,
    ),
    # nix, src/libfetchers/git-utils.cc since 2.20, and what older ones said of the copy in the store.
    _nix("untracked", "untracked_file", "not tracked by Git", rf"[Pp]ath {_X}[^\n]{{0,300}} is not tracked by Git"),
    _nix(
        "untracked",
        "untracked_file",
        "not tracked by Git",
        rf"[Pp]ath {_X} in the repository[^\n]{{0,300}}\n?[^\n]{{0,100}}is not tracked by Git",
        part="wrapped",
        window=(2, 1),
    ),
    _nix(
        "untracked",
        "untracked_file",
        "-source/",
        rf"(?:getting status of|[Pp]ath|opening file|reading file|file) {_O}/nix/store/[a-z0-9]{{32}}-source/"
        rf"(?P<subject>[\w./@+-]{{1,200}}){_C}(?: does not exist|: No such file)",
        part="store",
    ),
    _nix(
        "untracked",
        "untracked_file",
        "does not contain a",
        rf"does not contain a {_O}/?(?P<subject>(?:[\w.-]{{1,60}}/){{0,8}}flake\.nix){_C} file",
        part="flake",
    ),
    _nix(
        "untracked",
        "untracked_file",
        "\u00bb/",
        rf"path {_O}?\u00ab[^\u00bb\n]{{1,300}}\u00bb/(?P<subject>[\w./@+-]{{1,200}}){_C}? does not exist",
        part="accessor",
    ),
    _nix(
        "untracked",
        "untracked_file",
        "/\u00bb",
        r"\u00ab[^\u00bb\n]{1,300}/(?P<subject>[\w.@+-][\w./@+-]{0,200})\u00bb' does not exist",
        part="accessor_within",
    ),
    _nix("entry", "direnv_blocked", "is blocked", r"direnv: error (?P<subject>\S{1,200}) is blocked"),
    _nix(
        "entry",
        "no_direnvrc",
        "use_devenv",
        r"(?P<subject>use_devenv)\b[^\n]{0,40}(?:not found|Unknown command)",
        weight=95,
    ),
    _nix(
        "entry",
        "no_nix_direnv",
        "use_flake",
        r"(?P<subject>use_flake)\b[^\n]{0,40}(?:not found|Unknown command)",
        weight=95,
    ),
    _nix(
        "entry",
        "no_declaration",
        "devenv.nix",
        r"(?:File )?(?P<subject>devenv\.nix) (?:does not exist|was not found|not found)|[Nn]o devenv\.nix(?: found)?",
    ),
    _nix(
        "entry",
        "processes_running",
        "rocesses already running",
        r"(?P<subject>[Pp]rocesses already running)(?: with PID (?P<pid>\d{1,10}))?",
    ),
    _nix(
        "entry",
        "not_pure",
        "not able to determine the current directory",
        r"(?P<subject>devenv) was not able to determine the current directory",
    ),
    _nix(
        "entry", "nix_feature_disabled", "experimental", rf"experimental (?:Nix )?feature {_X} is disabled", weight=70
    ),
    _nix("entry", "no_flake", "could not find a flake.nix", r"could not find a (?P<subject>flake\.nix)"),
    _nix(
        "entry",
        "nix_daemon",
        "cannot connect to",
        rf"cannot connect to (?P<subject>(?:socket|daemon) at {_O}[^\n'\"\u2019]{{0,100}})",
        weight=70,
    ),
)
