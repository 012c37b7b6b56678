"""The development shell as data, of a flake, a devenv.nix and a file; nothing of it is built."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests import derivations
from tests.derivations import SYSTEM, derivation, flake_text

from devkeel.api import Environment
from devkeel.errors import DevkeelError

if TYPE_CHECKING:
    from collections.abc import Callable

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("nix_machine")]


def unique(name: str) -> str:
    return derivations.unique(name).replace("-", "")  # what follows a dash may look like a version


def shell(name: str, **attributes: str) -> str:
    """Return the source of a shell with one package, which fails where it is built."""
    package = derivation("exit 1", f"{name}-1.5")
    given = {"nativeBuildInputs": f"[ {package} ]", "shellHook": '"echo entered"', "PORT": '"8000"'}
    return derivation("exit 1", "a-shell", **given | attributes)


def describe(root: Path, name: str | None = None, **given: Any) -> Any:
    environment = Environment(root, actor="test")
    try:
        return environment.describe_shell(name, **given)
    finally:
        environment.close()


def test_the_shell_of_a_flake_is_described_without_a_build(root: Path) -> None:
    name, other = unique("tool"), unique("other")
    shells = f"{{ default = {shell(name)}; ci = {shell(other, DB_PASSWORD=chr(34) + 'tr0ub4dor' + chr(34))}; }}"
    (root / "flake.nix").write_text(flake_text({}, **{f"devShells.{SYSTEM}": shells}))
    found = describe(root)
    (package,) = found.packages
    assert (found.name, found.file, found.system, found.pure) == ("default", "flake.nix", SYSTEM, True)
    assert (package.name, package.version, package.path.rpartition("-")[2]) == (name, "1.5", "1.5")
    assert Path(package.derivation).is_file()
    assert not os.path.lexists(package.path)
    assert (found.hook, found.variables) == ("echo entered", {"PORT": "8000"})
    assert found.not_looked_at
    named = describe(root, "ci")
    assert (named.packages[0].name, named.variables["DB_PASSWORD"]) == (other, "***")
    assert sorted(path.name for path in root.iterdir() if not path.name.startswith(".")) == ["flake.nix"]


def test_the_shell_of_a_file_is_described(root: Path) -> None:
    name = unique("tool")
    (root / "shell.nix").write_text(f"{{ }}: {shell(name)}")
    found = describe(root)
    assert (found.file, found.pure, [item.name for item in found.packages]) == ("shell.nix", False, [name])
    (root / "more.nix").write_text(f"{{ one = {shell(unique('inner'))}; }}")
    assert describe(root, "one", file="more.nix").packages[0].name.startswith("inner")


def test_the_shell_of_devenv_is_described(pinned_project: Callable[..., Path]) -> None:
    package = derivation("exit 1", f"{unique('tool')}-2")
    root = pinned_project(f"packages = [ {package} ]; env.PORT = 8000;")
    found = describe(root)
    assert (found.file, found.pure) == ("devenv.nix", False)
    assert "2" in {item.version for item in found.packages}
    assert found.variables["PORT"] == "8000"
    with pytest.raises(DevkeelError) as caught:
        describe(root, "ci")
    assert caught.value.code == "bad_installable"


@pytest.mark.parametrize(
    ("text", "name", "code"),
    [
        (None, None, "missing_file"),
        (flake_text({}), "ci", "evaluation_failed"),
        (flake_text({}, **{f"devShells.{SYSTEM}.ci": "1"}), "ci", "not_a_derivation"),
        (flake_text({}, **{f"devShells.{SYSTEM}.ci": 'throw "no"'}), "ci", "evaluation_failed"),
    ],
)
def test_what_is_no_shell_is_refused(root: Path, text: str | None, name: str | None, code: str) -> None:
    if text is not None:
        (root / "flake.nix").write_text(text)
    with pytest.raises(DevkeelError) as caught:
        describe(root, name)
    assert caught.value.code == code


def test_where_nothing_may_be_executed_nothing_is_evaluated(root: Path) -> None:
    (root / "flake.nix").write_text("this is no Nix")
    environment = Environment(root, actor="test", executes=False)
    try:
        with pytest.raises(DevkeelError) as caught:
            environment.describe_shell()
    finally:
        environment.close()
    assert caught.value.code == "check_unavailable"
