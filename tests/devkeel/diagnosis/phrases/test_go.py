"""What go prints where a module or another version of Go is missing."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read


@pytest.mark.parametrize(
    ("text", "kind", "subject", "facts"),
    [
        (
            "main.go:6:2: no required module provides package github.com/google/uuid; to add it:\n\tgo get x",
            "go_module",
            "github.com/google/uuid",
            {},
        ),
        (
            "main.go:4:2: cannot find module providing package golang.org/x/exp/slices: import lookup disabled",
            "go_module",
            "golang.org/x/exp/slices",
            {},
        ),
        ("go.sum: missing go.sum entry for module providing package a.example/b", "uninstalled", "go.sum", {}),
        ("go: updates to go.mod needed; to update it:\n\tgo mod tidy", "uninstalled", "go.mod", {}),
        ("go: inconsistent vendoring in /w:", "uninstalled", "vendor", {}),
        (
            "go: go.mod requires go >= 1.26.2 (running go 1.24.1; GOTOOLCHAIN=local)",
            "version",
            "go",
            {"since": "1.26.2", "have": "1.24.1"},
        ),
        (
            "go: errors parsing go.mod:\n/w/go.mod:3: invalid go version '1.25.0': must match format 1.23",
            "version",
            "go",
            {"since": "1.25.0"},
        ),
        (
            "main.go:5:2: package log/slog is not in GOROOT (/usr/lib/go/src/log/slog)",
            "version",
            "go",
            {"since": "1.21"},
        ),
        (
            "main.go:5:2: package testing/synctest is not in std (/usr/lib/go/src/testing)",
            "version",
            "go",
            {"since": "1.25"},
        ),
    ],
)
def test_what_go_says_is_read(text: str, kind: str, subject: str, facts: dict[str, str]) -> None:
    cause = next(item for item in read(text).causes if item.kind == kind)
    assert cause.subject == subject
    assert facts.items() <= cause.facts.items()


def test_a_package_of_nobody_is_no_module() -> None:
    assert read("main.go:4:2: package orchard/feed is not in std (/usr/lib/go/src/orchard/feed)").causes == ()
