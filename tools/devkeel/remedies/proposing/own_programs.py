"""A program that a library of the project brings: installed where the manifest names the library, else added to it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from devkeel.remedies.distributions import is_development
from devkeel.remedies.fix import Fix
from devkeel.remedies.manifests import (
    PACKAGE,
    canonical,
    folders,
    gems_of,
    packages_of,
    python_group,
    python_manifest,
    python_names,
)
from devkeel.remedies.proposing.node_modules import added, installing
from devkeel.remedies.tables import table
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

# Phrases of programs that a registry delivers built for another system: `diagnosis/phrases/prebuilt.py`.
_BUILT_ELSEWHERE = ("electron.", "puppeteer.", "playwright.", "cypress.", "prisma.", "nixos.")
# Gems whose commands are called as they are.
_GEMS = {
    **{name: name for name in ("rails", "rake", "rspec", "rubocop", "puma", "sidekiq", "foreman", "guard", "fastlane")},
    **{name: name for name in ("jekyll", "cucumber", "brakeman", "rackup", "thin", "unicorn", "haml")},
    "pod": "cocoapods",
    "srb": "sorbet",
    "standardrb": "standard",
    "slimrb": "slim",
}


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield how the project's own libraries bring a program; nothing for a program of the system."""
    if cause.said_by.startswith(_BUILT_ELSEWHERE):
        return  # it is there, and does not run here
    yield from _of_npm(situation, cause.subject)
    yield from _of_python(situation, cause.subject)
    yield from _of_ruby(situation, cause.subject)


def _of_npm(situation: Situation, program: str) -> Iterator[Fix]:
    places = folders(situation, PACKAGE)
    if not places:
        return
    (package,) = table("node-programs").get(program, (program,))
    for folder in places:
        if package in (known := packages_of(situation, folder)) or program in known:
            yield installing(situation, folder, package if package in known else program)
            return
    if program in table("node-programs"):
        yield added(situation, places, package, development=True)


def _of_python(situation: Situation, program: str) -> Iterator[Fix]:
    row = table("python-programs").get(program)
    manifest = python_manifest(situation)
    if row is None:
        return
    if manifest is None:
        if situation.has_devenv and len(row) == 1:
            attribute = f"python3Packages.{canonical(row[0])}"
            yield Fix(f"Adds {row[0]}, which brings {program}.", ({"kind": "add_packages", "names": [attribute]},))
        return
    distribution, *alone = row
    if canonical(distribution) in python_names(situation):
        yield Fix(f"{distribution} is in the project's manifest: it is to be installed.", call=do("apply"))
        return
    if alone and situation.has_devenv:
        return  # a package beside Python is the shorter way
    edit: dict[str, Any] = {"kind": "add_library", "language": "python", "names": [distribution]}
    if manifest.startswith("environment."):
        plain = canonical(distribution)
        edit["names"] = [table("conda-distributions").get(plain, (plain,))[0]]
    yield Fix(
        f"Adds {distribution}, which brings {program}, to {manifest}.", ({**edit, **_group(situation, distribution)},)
    )


def _group(situation: Situation, distribution: str) -> dict[str, str]:

    return python_group(situation) if is_development(distribution) else {}


def _of_ruby(situation: Situation, program: str) -> Iterator[Fix]:
    gem = _GEMS.get(program)
    if gem is None or situation.read("Gemfile") is None:
        return
    there = next((name for name in (gem, f"{gem}-rails", f"{gem}-core") if name in gems_of(situation)), None)
    if there is not None:
        yield Fix(
            f"{there} is in the Gemfile or its lock: it is to be installed.",
            command=" ".join(table("commands")["bundle"]),
        )
        return
    yield Fix(f"Adds {gem}, which brings {program}.", ({"kind": "add_library", "language": "ruby", "names": [gem]},))
