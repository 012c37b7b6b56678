"""What go prints where a module or another version of Go is missing."""

from __future__ import annotations

from types import MappingProxyType

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

_PATH = r"(?P<subject>[A-Za-z0-9][\w.-]{0,60}\.[a-z]{2,20}(?:/[\w.~-]{1,100}){0,12})"
_VERSION = r"\d{1,2}\.\d{1,3}(?:\.\d{1,3})?(?:rc\d{1,2})?"
# Packages of the standard library by the version that brought them (go.dev/doc/devel/release).
_STANDARD = (
    ("1.16", "embed|io/fs"),
    ("1.18", "net/netip|debug/buildinfo"),
    ("1.21", "slices|maps|cmp|log/slog|testing/slogtest"),
    ("1.22", "math/rand/v2|go/version"),
    ("1.23", "iter|unique|structs"),
    ("1.24", "weak|crypto/mlkem|crypto/hkdf|crypto/pbkdf2|crypto/sha3"),
    ("1.25", "testing/synctest"),
)

PHRASES = (
    # cmd/go/internal/modload/import.go
    Phrase(
        "go.no_module",
        "go_module",
        "no required module provides package",
        rf"no required module provides package {_PATH}",
        weight=90,
    ),
    Phrase(
        "go.cannot_find",
        "go_module",
        "cannot find module providing package",
        rf"cannot find module providing package {_PATH}",
        weight=90,
    ),
    Phrase(
        "go.cannot_find_package",
        "go_module",
        "cannot find package",
        rf"cannot find package \"?{_PATH}\"? in any of",
        weight=85,
    ),
    Phrase(
        "go.get",
        "go_module",
        "to add it",
        rf"to add it:\s*\n?\s*go get {_PATH}",
        lines=2,
        weight=90,
    ),
    Phrase(
        "go.sum",
        "uninstalled",
        "missing go.sum entry",
        r"missing go\.sum entry",
        subject="go.sum",
        weight=88,
        facts=MappingProxyType({"do": "go-tidy"}),
    ),
    Phrase(
        "go.updates",
        "uninstalled",
        "updates to go.mod needed",
        r"updates to go\.mod needed",
        subject="go.mod",
        weight=88,
        facts=MappingProxyType({"do": "go-tidy"}),
    ),
    Phrase(
        "go.vendor",
        "uninstalled",
        "inconsistent vendoring",
        r"inconsistent vendoring",
        subject="vendor",
        weight=90,
        facts=MappingProxyType({"do": "go-vendor"}),
    ),
    # cgo was off when it was built: by CGO_ENABLED, or because there was no C compiler.
    *(
        Phrase(f"go.cgo.{number}", "compiler", hint, pattern, subject="C", weight=88)
        for number, (hint, pattern) in enumerate(
            (
                ("CGO_ENABLED=0", r"[Bb]inary was compiled with 'CGO_ENABLED=0', [\w./-]{1,80} requires cgo"),
                ("requires cgo", r"go: -(?:race|msan|asan) requires cgo"),
                ("CGO_ENABLED=1", r"requires? CGO_ENABLED=1"),
            )
        )
    ),
    # cmd/go/internal/gover and modfile: what go.mod asks for of Go itself
    Phrase(
        "go.requires",
        "version",
        "requires go",
        rf"requires go ?>= ?(?P<since>{_VERSION})(?:[^\n]{{0,40}}running go ?(?P<have>{_VERSION}))?",
        subject="go",
        weight=90,
    ),
    Phrase(
        "go.note",
        "version",
        "module requires Go",
        rf"note: module requires Go (?P<since>{_VERSION})",
        subject="go",
        weight=90,
    ),
    Phrase(
        "go.language",
        "version",
        "requires go",
        rf"requires go(?P<since>{_VERSION}) or later",
        subject="go",
        weight=85,
        # of the language version that go.mod states: the program may be new enough
        facts=MappingProxyType({"project": "go.mod"}),
    ),
    Phrase(
        "go.toolchain",
        "version",
        "toolchain not available",
        rf"download go(?P<since>{_VERSION}) for [\w/]{{1,30}}: toolchain not available",
        subject="go",
        weight=90,
    ),
    Phrase(
        "go.invalid",
        "version",
        "invalid go version",
        rf"invalid go version '(?P<since>{_VERSION})': must match format",
        subject="go",
        weight=90,
    ),
    Phrase(
        "go.directive",
        "version",
        "unknown directive: toolchain",
        r"unknown directive: toolchain",
        subject="go",
        weight=90,
        facts=MappingProxyType({"since": "1.21"}),
    ),
    Phrase(
        "go.directive_tool",
        "version",
        "unknown directive: tool",
        r"unknown directive: tool$",
        subject="go",
        weight=90,
        facts=MappingProxyType({"since": "1.24"}),
    ),
    *(
        Phrase(
            f"go.standard_{since}",
            "version",
            "package ",
            rf"package (?P<name>{names}) is not in (?:std|GOROOT)",
            subject="go",
            weight=90,
            facts=MappingProxyType({"since": since}),
        )
        for since, names in _STANDARD
    ),
    Phrase(
        "golangci.version",
        "version",
        "used to build golangci-lint is lower",
        rf"Go language version \(go(?P<have>{_VERSION})\) used to build golangci-lint is lower than the "
        rf"targeted Go version \((?P<since>{_VERSION})\)",
        subject="golangci-lint",
        weight=90,
    ),
)
