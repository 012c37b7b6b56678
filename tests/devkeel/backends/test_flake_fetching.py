"""What flake.lock pins is fetched before a flake is evaluated, where that is allowed, and nothing else ever."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.api import Environment
from devkeel.errors import CheckFailed, PolicyRefused, Unavailable
from devkeel.nix_cli.confinement import network_is_cut
from devkeel.nix_cli.pins import store_path

from ..cold_inputs import FEATURES, Mirror, checked, hash_of, other_hash, pack, unique  # noqa: TID252  (the tests are no installed package)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


pytestmark = pytest.mark.nix

_INPUT = '{ outputs = _: { greeting = "@"; }; }'


def serve(folder: Path, name: str) -> str:
    """Put a flake of new content into the host's folder; return its hash, without the store knowing it."""
    archive = folder / f"{name}.tar.gz"
    pack(archive, {"flake.nix": _INPUT.replace("@", unique())})
    return hash_of(archive, folder.parent)


def take(root: Path, name: str, url: str, locked: dict[str, Any] | None) -> None:
    """Let a flake have an input, and a variable of its shell what that says; locked: None leaves the lock alone."""
    path = root / "flake.nix"
    text = path.read_text().replace(
        "  outputs = { self,", f'  inputs.{name}.url = "{url}";\n  outputs = {{ self, {name},'
    )
    path.write_text(text.replace('GREETING = "as declared";', f'GREETING = "${{{name}.greeting}}";'))
    if locked is not None:
        lock = json.loads((root / "flake.lock").read_text())
        original = {key: locked[key] for key in ("type", "url")}
        lock["nodes"][name] = {"locked": locked, "original": original}
        lock["nodes"]["root"]["inputs"][name] = name
        (root / "flake.lock").write_text(json.dumps(lock, indent=2))


def tarball(root: Path, mirror: Mirror, name: str, narhash: str | None = None) -> None:
    url, _, folder = mirror
    content = serve(folder, name)
    address = f"{url}/{name}.tar.gz"
    take(root, name, address, {"type": "tarball", "url": address, "narHash": narhash or content})


def applied(root: Path) -> Any:
    environment = Environment(root, actor="test")
    try:
        job = environment.apply()
        assert job.wait(120)
        return environment.result(job)
    finally:
        environment.close()


def test_an_input_that_the_lock_pins_is_fetched_before_a_check(flake_project: Path, mirror: Mirror) -> None:
    tarball(flake_project, mirror, "extra")
    with pytest.raises(Unavailable) as caught:
        checked(flake_project, level="build", network=False)
    assert (caught.value.code, caught.value.seen) == ("not_fetched", "extra")
    assert caught.value.place is not None
    lines = (flake_project / "flake.lock").read_text().splitlines()
    assert lines[(caught.value.place.line or 0) - 1].strip() == '"extra": {'
    assert "where devkeel may execute" in (caught.value.remedy or "")
    assert mirror[1] == []
    report = checked(flake_project, level="build")
    assert (report.ok, report.ran[-1], report.diagnostics) == (True, "build", ())
    assert mirror[1] == ["/extra.tar.gz"]
    assert checked(flake_project, level="build", network=False).ok


def test_who_may_not_build_is_told_so_and_nothing_is_fetched(flake_project: Path, mirror: Mirror) -> None:
    tarball(flake_project, mirror, "extra")
    with pytest.raises(PolicyRefused) as caught:
        checked(flake_project, level="build", executes=False)
    assert (caught.value.code, caught.value.details["lacks"]) == ("permission_denied", ["build"])
    report = checked(flake_project, executes=False)
    assert (report.ok, report.ran) == (True, ("syntax", "schema"))
    assert "build" in {item.level for item in report.skipped}
    assert mirror[1] == []


def test_where_no_system_held_the_evaluation_the_result_says_so(
    flake_project: Path, without: Callable[..., None]
) -> None:
    assert (checked(flake_project, level="build").note is None) == network_is_cut()
    without("namespaces")
    report = checked(flake_project, level="build")
    assert report.ok
    assert "namespaces" in (report.note or "")


def test_an_input_that_the_lock_pins_is_fetched_before_it_is_applied(flake_project: Path, mirror: Mirror) -> None:
    tarball(flake_project, mirror, "extra")
    assert applied(flake_project).backend == "flake"
    assert mirror[1] == ["/extra.tar.gz"]


def test_each_input_is_fetched_and_those_that_are_not_asked_for_are_left(flake_project: Path, mirror: Mirror) -> None:
    for name in ("one", "two", "three"):
        tarball(flake_project, mirror, name)
    path = flake_project / "flake.nix"
    path.write_text(path.read_text().replace("${three.greeting}", "${one.greeting} ${two.greeting}"))
    path.write_text(path.read_text().replace("${one.greeting}", "${one.greeting} ${two.greeting}"))
    assert checked(flake_project, level="build").ok
    assert sorted(mirror[1]) == ["/one.tar.gz", "/two.tar.gz"]


def test_an_input_with_another_hash_is_refused_as_that(flake_project: Path, mirror: Mirror) -> None:
    tarball(flake_project, mirror, "extra", other_hash())
    report = checked(flake_project, level="build")
    (found,) = report.diagnostics
    assert (report.ok, found.code, found.subject) == (False, "hash_mismatch", "extra")
    assert found.place is not None
    assert found.place.file == "flake.lock"
    with pytest.raises(CheckFailed) as caught:
        applied(flake_project)
    assert caught.value.code == "hash_mismatch"


def test_a_host_that_is_gone_is_told_with_the_reason(flake_project: Path, mirror: Mirror) -> None:
    tarball(flake_project, mirror, "extra")
    (mirror[2] / "extra.tar.gz").unlink()
    with pytest.raises(Unavailable) as caught:
        checked(flake_project, level="build")
    assert (caught.value.code, caught.value.seen) == ("not_fetched", "extra")
    assert "404" in caught.value.message


@pytest.mark.parametrize("locks", ["none", "another"])
def test_an_input_that_is_not_locked_is_told_with_what_locks_it(
    flake_project: Path, mirror: Mirror, locks: str
) -> None:
    url, asked, folder = mirror
    if locks == "another":
        tarball(flake_project, mirror, "extra")
        path = flake_project / "flake.nix"
        path.write_text(path.read_text().replace("/extra.tar.gz", "/other.tar.gz"))
    else:
        serve(folder, "extra")
        take(flake_project, "extra", f"{url}/extra.tar.gz", None)
    (found,) = checked(flake_project, level="build").diagnostics
    assert (found.code, found.severity, found.subject) == ("input_not_locked", "error", "extra")
    assert found.place is not None
    assert (found.place.file, found.place.line) == ("flake.nix", 3)
    assert asked == []
    serve(folder, "other")
    subprocess.run(["nix", *FEATURES, "flake", "lock"], cwd=flake_project, check=True, capture_output=True)
    assert checked(flake_project, level="build").ok


def test_a_fetch_with_a_literal_hash_is_fetched_too(flake_project: Path, mirror: Mirror) -> None:
    url, asked, folder = mirror
    content = serve(folder, "extra")
    call = f'fetchTarball {{ url = "{url}/extra.tar.gz"; sha256 = "{content}"; }}'
    path = flake_project / "flake.nix"
    path.write_text(path.read_text().replace('"as declared"', f'builtins.readFile ({call} + "/flake.nix")'))
    with pytest.raises(Unavailable) as caught:
        checked(flake_project, level="build", network=False)
    assert caught.value.code == "not_fetched"
    assert checked(flake_project, level="build").ok
    assert asked == ["/extra.tar.gz"]


def repository(place: Path) -> str:
    """Make a repository with a flake of new content; return its revision."""
    place.mkdir()
    (place / "flake.nix").write_text(_INPUT.replace("@", unique()))
    author = ("-c", "user.name=a", "-c", "user.email=a@example.org")
    for words in (("init", "-q"), ("add", "."), (*author, "commit", "-q", "-m", "one")):
        subprocess.run(["git", "-C", str(place), *words], check=True)
    told = subprocess.run(["git", "-C", str(place), "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return told.stdout.strip()


def test_a_repository_beneath_the_work_tree_is_read_without_fetching(flake_project: Path, tmp_path: Path) -> None:
    place = flake_project / "inner"
    repository(place)
    take(flake_project, "extra", f"git+file://{place}", None)
    words = ("--store", str(tmp_path / "elsewhere"), "flake", "lock")  # the store itself is not to know it
    subprocess.run(["nix", *FEATURES, *words], cwd=flake_project, check=True, capture_output=True)
    locked = json.loads((flake_project / "flake.lock").read_text())["nodes"]["extra"]["locked"]
    assert locked["type"] == "git"
    stored = store_path(locked["narHash"])
    assert stored is not None
    assert not os.path.lexists(stored)
    assert checked(flake_project, level="build", network=False).ok
    assert os.path.lexists(stored)
    assert applied(flake_project).backend == "flake"


@pytest.mark.parametrize(
    "text",
    [
        'other.url = "path:@";',
        'other.url = "git+file://@";',
        'other.url = "@";',
        'other = { type = "path"; path = "@"; };',
        'other = { type = "git"; url = "file://@"; };',
        'other = { url = "tarball+file://@/a.tar.gz"; flake = false; };',
    ],
)
def test_a_check_takes_nothing_from_outside_that_another_input_was_locked_from(flake_project: Path, text: str) -> None:
    path = flake_project / "flake.nix"
    outside = json.loads((flake_project / "flake.lock").read_text())["nodes"]["nixpkgs"]["original"]["path"]
    assert checked(flake_project, level="build").ok
    path.write_text(path.read_text().replace("  outputs", f"  inputs.{text.replace('@', outside)}\n  outputs"))
    with pytest.raises(Unavailable) as caught:
        checked(flake_project, level="build")
    assert caught.value.code == "check_unavailable"
    assert outside in caught.value.message
