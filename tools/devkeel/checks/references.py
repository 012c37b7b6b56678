"""What the team's rules say of inputs: `references` of devkeel.toml, over flake.nix and the devenv.yaml files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError
from devkeel.project.root import INPUTS, SETTINGS
from devkeel.project.settings import read_settings
from devkeel.source.inputs import FLAKE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.candidate.candidate import Candidate
    from devkeel.checks import reference_rules
    from devkeel.checks.modules import World
    from devkeel.errors import Diagnostic
else:
    reference_rules = Deferred("devkeel.checks.reference_rules")

__all__ = ["check_references"]


def check_references(subject: Candidate, world: World) -> Iterator[Diagnostic]:  # noqa: ARG001  (what every check takes)
    """Report inputs that refer to what a rule does not allow, each with its line.

    A project that has no rules allows all. The rules are those from before the change, so that who adds a rule is not
    kept from it by what it is about. Settings that cannot be used stand in the way of the call as a whole, and are
    reported there.
    """
    if not subject.basis.exists(SETTINGS):
        return
    try:
        rules = read_settings(subject.basis).references
    except DevkeelError:
        return
    if rules:
        # A flake beside a devenv.nix is judged too, though it does not declare the environment.
        files = {**subject.read_all((FLAKE, INPUTS)), **subject.files}
        judged = reference_rules.judge_references(files, subject.read_all(reference_rules.locks_of(files)), rules)
        yield from (*judged.findings, *judged.doubtful)
