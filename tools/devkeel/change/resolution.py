"""The libraries of a candidate, asked of their resolvers: the locks that these renew become part of it."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from devkeel.checks.durations import timed
from devkeel.checks.report import Skipped
from devkeel.deferred import Deferred
from devkeel.errors import Unavailable
from devkeel.runtime import executing
from devkeel.text.actions import again

if TYPE_CHECKING:
    from devkeel.candidate.candidate import Candidate
    from devkeel.checks.rules import manifest_libraries
    from devkeel.libraries.manifests import hashes, requirements_file
    from devkeel.libraries.resolve import resolvers, versions
    from devkeel.libraries.resolve.resolvers import Resolved
    from devkeel.policy.permission import Permission
else:
    manifest_libraries = Deferred("devkeel.checks.rules.manifest_libraries")
    versions = Deferred("devkeel.libraries.resolve.versions")
    requirements_file = Deferred("devkeel.libraries.manifests.requirements_file")
    hashes = Deferred("devkeel.libraries.manifests.hashes")
    resolvers = Deferred("devkeel.libraries.resolve.resolvers")

__all__ = ["Asked", "resolve_libraries"]

_RESOLUTION = "resolution"
# The levels that ask no program.
_TEXT = ("syntax", "schema")
_UNTRIED = "it may run code of libraries, as a dry run does at the level evaluation alone"
_SHOWN = 5
# What ran, and what did not with the reason.
Asked = tuple[tuple[str, ...], tuple[Skipped, ...]]


def resolve_libraries(candidate: Candidate, level: str | None, caller: Permission, may: Permission) -> Asked:
    """Ask about every manifest that a change edited; a lock that is renewed joins the candidate.

    level: what the caller asked for. caller: what the caller may do, and may: what of that this call may run: code of
    libraries, which resolvers build. What no resolver was asked about is noted by name. Raises CheckFailed
    `unresolvable`, Refused `no_hashes`, Unavailable.
    """
    why = caller.why_unresolved
    why = f"it takes {why}" if why else _UNTRIED
    ran, skipped = _resolved(candidate, level, "" if may.resolves else why)
    if skipped and level not in _TEXT and (may.resolves or why != _UNTRIED):
        _note_unasked(candidate, skipped[0].reason)
    for manifest in dict.fromkeys(candidate.manifests):
        if manifest.endswith((".txt", ".in")) and (after := candidate.after.get(manifest)) is not None:
            why = skipped[0].reason if skipped else "the resolver gave none, as uv does"
            before = candidate.before[manifest] or b""
            missing = requirements_file.hashless(manifest, before, after, candidate.read)
            hashes.require_hashes(manifest, missing, why)
    return ran, skipped


def _note_unasked(candidate: Candidate, why: str) -> None:
    """Note which libraries a change names that no registry was asked for: they may not exist."""
    names = list[str]()
    for manifest in dict.fromkeys(candidate.manifests):
        before, after = candidate.before[manifest], candidate.after.get(manifest)
        if after is None or before == after:
            continue
        known = manifest_libraries.libraries_in(manifest, before or b"", candidate.basis.read)
        found = manifest_libraries.libraries_in(manifest, after, candidate.read)
        fresh = [f"{item.language} {item.name}" for item in found if item not in known]
        names += fresh or ([f"what {manifest} names"] if not found else [])
    if names:
        names = [*dict.fromkeys(names)]
        more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
        candidate.notes.append(f"Not looked up, so that it may not exist: {', '.join(names[:_SHOWN])}{more}: {why}.")


def _resolved(candidate: Candidate, level: str | None, why: str) -> Asked:
    """Ask, or say why not. why: what stands against it, "" for nothing."""
    if not candidate.manifests:
        return (), ()
    if level in _TEXT:
        return (), (Skipped(_RESOLUTION, "it was not asked for"),)
    if why:
        return (), (Skipped(_RESOLUTION, why),)
    ran, skipped = list[str](), list[Skipped]()
    for manifest in dict.fromkeys(candidate.manifests):
        try:
            with executing(), timed(_RESOLUTION):
                found = _settled(candidate, manifest)
        except Unavailable as error:
            # A resolver that is there and hears nothing could not judge; without one the edit is all there is.
            if error.code == "registry_unreachable":
                # A remedy that spelled the call would have to carry all of it: the verb, the names, the group.
                error.remedy = f"Try again with a network. Without one, {again(level='schema')} does not resolve."
                raise
            if level is not None:
                raise
            skipped.append(Skipped(_RESOLUTION, error.message.rstrip(".")))
            continue
        for name, data in found.files.items():
            candidate.put(name, data)
        candidate.notes += (found.note,) if found.note else ()
        if found.judge:
            ran.append(_RESOLUTION)
        else:
            skipped.append(Skipped(_RESOLUTION, found.why))
    return tuple(dict.fromkeys(ran)), tuple(skipped)


def _settled(candidate: Candidate, manifest: str) -> Resolved:
    """Ask about a manifest; once more where a library that had no version got one."""
    found = _asked(candidate, manifest)
    after = candidate.after.get(manifest)
    if after is None or manifest in candidate.exact:
        return found
    before = candidate.before[manifest] or b""
    candidate.put(manifest, versions.settled(manifest, before, after, found.locks, candidate.read))
    return found if candidate.after[manifest] == after else _asked(candidate, manifest)


def _asked(candidate: Candidate, manifest: str) -> Resolved:

    candidate.basis.gather(resolvers.READS)
    if manifest.endswith((".txt", ".in")):
        candidate.basis.follow(manifest, requirements_file.included_by)
    return resolvers.resolve(
        candidate.basis,
        manifest,
        candidate.read,
        partial(candidate.basis.stage, candidate.basis.there | candidate.changed),
        partial(candidate.basis.stage, candidate.basis.there),
    )
