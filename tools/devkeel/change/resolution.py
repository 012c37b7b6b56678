"""The libraries of a candidate, asked of their resolvers: the locks that these renew become part of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from devkeel.checks.report import Skipped
from devkeel.errors import Unavailable
from devkeel.runtime import executing

if TYPE_CHECKING:
    from devkeel.candidate.candidate import Candidate
    from devkeel.libraries.resolve.resolvers import Resolved

__all__ = ["Asked", "resolve_libraries"]

_RESOLUTION = "resolution"
_MAY_NOT = "it may run code of libraries, as a dry run does at the level evaluation alone, and not for all callers"
# What ran, and what did not with the reason.
Asked = tuple[tuple[str, ...], tuple[Skipped, ...]]


def resolve_libraries(candidate: Candidate, level: str | None, *, executes: bool = True) -> Asked:
    """Ask about every manifest that a change edited; a lock that is renewed joins the candidate.

    level: what the caller asked for. executes: whether code of libraries may run, which resolvers build. Raises
    CheckFailed `unresolvable`, Unavailable.
    """
    if not candidate.manifests:
        return (), ()
    if level in ("syntax", "schema"):
        return (), (Skipped(_RESOLUTION, "it was not asked for"),)
    if not executes:
        return (), (Skipped(_RESOLUTION, _MAY_NOT),)
    ran, skipped = list[str](), list[Skipped]()
    for manifest in dict.fromkeys(candidate.manifests):
        try:
            with executing():
                found = _settled(candidate, manifest)
        except Unavailable as error:
            # A resolver that is there and hears nothing could not judge; without one the edit is all there is.
            if level is not None or error.code == "registry_unreachable":
                raise
            skipped.append(Skipped(_RESOLUTION, error.message.rstrip(".")))
            continue
        for name, data in found.files.items():
            candidate.put(name, data)
        if found.judge:
            ran.append(_RESOLUTION)
        else:
            skipped.append(Skipped(_RESOLUTION, found.why))
    return tuple(dict.fromkeys(ran)), tuple(skipped)


def _settled(candidate: Candidate, manifest: str) -> Resolved:
    """Ask about a manifest; once more where a library that had no version got one."""
    from devkeel.libraries.resolve.versions import settled  # noqa: PLC0415  (no other edit needs it)

    found = _asked(candidate, manifest)
    after = candidate.after.get(manifest)
    if after is None:
        return found
    before = candidate.before[manifest] or b""
    candidate.put(manifest, settled(manifest, before, after, found.locks))
    return found if candidate.after[manifest] == after else _asked(candidate, manifest)


def _asked(candidate: Candidate, manifest: str) -> Resolved:
    from devkeel.libraries.manifests.requirements_file import included_by, is_requirements_file  # noqa: PLC0415
    from devkeel.libraries.resolve.resolvers import READS, resolve  # noqa: PLC0415  (no other edit needs it)

    candidate.basis.gather(READS)
    if is_requirements_file(manifest):
        candidate.basis.follow(manifest, included_by)
    return resolve(
        candidate.basis,
        manifest,
        candidate.read,
        partial(candidate.basis.stage, candidate.basis.there | candidate.changed),
        partial(candidate.basis.stage, candidate.basis.there),
    )
