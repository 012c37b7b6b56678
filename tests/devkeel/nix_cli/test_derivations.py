"""Import from derivation: what an evaluation reads is built by a step of its own, where building is allowed."""

from __future__ import annotations

from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.errors import CheckFailed, DevkeelError
from devkeel.nix_cli.confinement import network_is_cut

from ..cold_inputs import Mirror, checked, hash_of_bytes, unique  # noqa: TID252  (the tests are no installed package)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from devkeel.checks.report import CheckReport

    Make = Callable[..., Path]

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("offline")]

_MADE = (
    '(derivation {{ name = "{name}"; system = builtins.currentSystem; builder = "/bin/sh"; outputs = [ {outputs} ]; '
    'args = [ "-c" "{script}" ]; }})'
)


def made(value: str, *, name: str = "imported", outputs: str = '"out"', to: str = "out") -> str:
    """Return a derivation of new content, whose output is a Nix file with a value."""
    others = " ".join(f"echo > ${word}; " for word in outputs.replace('"', "").split() if word != to)
    script = f"{others}echo '{value}' > ${to} # {unique()}"
    return _MADE.format(name=name, outputs=outputs, script=script.replace('"', '\\"'))


@pytest.fixture
def host(mirror: Mirror) -> tuple[str, list[str], str]:
    """The address of the one file of a host, what was asked of it, and the file's hash."""
    data = f'"from-a-host" # {unique()}'.encode()
    (mirror.folder / "file").write_bytes(data)
    return f"{mirror.url}/file", mirror.asked, hash_of_bytes(data)


def applied(root: Path, *argv: str) -> str:
    """Apply, then return what a command prints in the environment."""
    environment = Environment(root, actor="test")
    try:
        job = environment.apply()
        assert job.wait(120)
        assert environment.result(job)
        job = environment.run(argv)
        assert job.wait(120)
        result: Any = environment.result(job)
        return str(result.stdout).strip()
    finally:
        environment.close()


def codes(report: CheckReport) -> list[tuple[str, str]]:
    return [(item.code, item.severity) for item in report.diagnostics if item.severity != "info"]


def test_what_is_imported_from_a_derivation_is_built_where_that_is_allowed_and_else_not(pinned_project: Make) -> None:
    found = made('"as-built"')
    root = pinned_project(f"env.FOUND = import {found};")
    assert codes(checked(root)) == [("evaluation_restricted", "warning")]
    assert {code for code, _ in codes(checked(root, "build"))} == {"evaluation_restricted"}
    assert applied(root, "sh", "-c", "echo $FOUND") == "as-built"
    assert codes(checked(root)) == [("evaluation_restricted", "warning")]


def test_where_no_system_held_the_evaluation_the_result_says_so(
    pinned_project: Make, without: Callable[..., None]
) -> None:
    root = pinned_project("")
    assert (checked(root).note is None) == network_is_cut()
    assert checked(root, "schema").note is None
    without("namespaces")
    assert "namespaces" in (checked(root).note or "")
    assert checked(root, "schema").note is None


def test_one_that_depends_on_what_another_says_is_built_after_it(pinned_project: Make) -> None:
    first, third = made('"dev"'), made('"reached"', name="last")
    second = made('"second"', name="two-words", outputs='"out" "dev"', to="dev")
    text = f'if import (({second}).${{import {first}}}) == "second" then import {third} else ""'
    root = pinned_project(f"env.FOUND = {text};")
    assert applied(root, "sh", "-c", "echo $FOUND") == "reached"


def test_one_that_does_not_build_is_named(pinned_project: Make) -> None:
    failing = _MADE.format(name="breaks", outputs='"out"', script=f"echo {unique()}; exit 3")
    with pytest.raises(CheckFailed) as caught:
        applied(pinned_project(f"env.A = import {failing};"), "true")
    found = caught.value.diagnostics[0]
    assert (found.code, found.subject) == ("build_failed", "breaks")


def test_one_that_is_fetched_is_fetched_by_the_build_and_the_evaluation_stays_without_a_network(
    pinned_project: Make, host: tuple[str, list[str], str]
) -> None:
    url, asked, pinned = host
    fetched = (
        f'derivation {{ name = "fetched"; builder = "builtin:fetchurl"; system = "builtin"; url = "{url}"; '
        f'outputHashMode = "flat"; outputHash = "{pinned}"; outputHashAlgo = "sha256"; preferLocalBuild = true; '
        "unpack = false; executable = false; urls = [ ]; }"
    )
    told = url.replace("/file", "/told")
    leak = f'(builtins.tryEval (builtins.findFile [ {{ prefix = "a"; path = "{told}"; }} ] "a")).success'
    root = pinned_project(f"env.FOUND = import ({fetched}); env.LEAK = toString (import ({fetched}) == {leak});")
    checked(root)
    checked(root, "build")
    assert asked == []
    with suppress(DevkeelError):
        applied(root, "true")
    assert set(asked) == {"/file"}
