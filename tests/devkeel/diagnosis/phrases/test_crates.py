"""What rustc, cargo and rustup print where a crate, a target or another toolchain is missing."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read

UNRESOLVED = (
    "error[E0432]: unresolved import `serde_json`\n --> src/main.rs:1:5\n  |\n1 | use serde_json::Value;\n"
    "  |     ^^^^^^^^^^ use of unresolved module or unlinked crate `serde_json`\n  |\n"
    "  = help: if you wanted to use a crate named `serde_json`, use `cargo add serde_json` to add it to your "
    "`Cargo.toml`"
)


@pytest.mark.parametrize(
    ("text", "kind", "subject", "facts"),
    [
        (UNRESOLVED, "crate", "serde_json", {}),
        (
            "error[E0433]: failed to resolve: use of undeclared crate or module `tokio`\n --> src/main.rs:1:3",
            "crate",
            "tokio",
            {},
        ),
        (
            (
                "error[E0432]: unresolved import `rand`\n --> src/lib.rs:1:5\n  |\n1 | use rand::Rng;\n"
                "  |     ^^^^ maybe a missing crate `rand`?"
            ),
            "crate",
            "rand",
            {},
        ),
        ("error[E0463]: can't find crate for `bindgen`", "crate", "bindgen", {}),
        (
            (
                "error[E0463]: can't find crate for `std`\n  |\n  = note: the `wasm32-unknown-unknown` "
                "target may not be"
                " installed\n  = help: consider downloading the target with `rustup target add wasm32-unknown-unknown`"
            ),
            "target",
            "wasm32-unknown-unknown",
            {},
        ),
        (
            (
                "error: package `time v0.3.41` cannot be built because it requires rustc 1.81.0 or newer, while the"
                " currently active rustc version is 1.75.0"
            ),
            "version",
            "rust",
            {"since": "1.81.0", "have": "1.75.0"},
        ),
        (
            "error: rustc 1.80.1 is not supported by the following packages:\n  clap@4.5.40 requires rustc 1.85",
            "version",
            "rust",
            {"since": "1.85"},
        ),
        ("  feature `edition2024` is required", "version", "rust", {"since": "1.85"}),
        (
            "error[E0554]: `#![feature]` may not be used on the stable release channel",
            "version",
            "rust",
            {"channel": "nightly"},
        ),
        ("error: the option `Z` is only accepted on the nightly compiler", "version", "rust", {"channel": "nightly"}),
        (
            "  lock file version `4` was found, but this version of Cargo does not understand this lock file",
            "version",
            "rust",
            {"since": "1.78"},
        ),
    ],
)
def test_what_rust_says_is_read(text: str, kind: str, subject: str, facts: dict[str, str]) -> None:
    cause = next(item for item in read(text).causes if item.kind == kind)
    assert cause.subject == subject
    assert facts.items() <= cause.facts.items()


@pytest.mark.parametrize(
    "text",
    [
        "error[E0432]: unresolved import `crate::basket`\n --> src/main.rs:1:5\n  |\n1 | use crate::basket;\n",
        "error[E0432]: unresolved import `std::basket`\n --> src/main.rs:1:5\n",
        "error[E0433]: failed to resolve: use of undeclared type `HashMap`\n --> src/main.rs:3:13",
        "thread 'main' panicked at src/main.rs:3:5:\nnote: run with `RUST_BACKTRACE=1`",
    ],
)
def test_what_is_the_project_s_own_is_no_crate(text: str) -> None:
    assert [item for item in read(text).causes if item.kind == "crate"] == []
