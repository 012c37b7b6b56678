"""Machines that build for this one: as Nix' own setting `builders`, which distributes, and what each says of itself.

A machine says its system and its features when it refuses a build: it is asked for one with a system and a feature that
no machine has (nix, src/libstore/build/derivation-goal.cc and derivation-check.cc: `required to build`, `Current
system`). No program runs there for that, and it is asked in the way in which a build would reach it.
"""

from __future__ import annotations

import base64
import json
import re
import time
from typing import TYPE_CHECKING
from urllib.parse import quote

from msgspec import Struct
from msgspec.structs import replace

from devkeel.diagnosis.nix_messages import last_error, printable
from devkeel.diagnosis.quoting import INNER, quoted
from devkeel.errors import Unavailable
from devkeel.nix_cli.settings import own_setting, run_nix
from devkeel.project.distribution import place_of
from devkeel.runtime import find_program
from devkeel.text.clean import without_sequences

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from devkeel.project.distribution import Builder

__all__ = ["Probe", "builder_settings", "machine_line", "probe"]

_FEATURES = ("--extra-experimental-features", "nix-command")
_NOTHING = "-"  # an entry of a machine that is left to Nix (nix, doc/manual, "Remote Builds")
_PLAIN = re.compile(r"[\w./+@~-]*", re.ASCII)
_IMPOSSIBLE = "devkeel-asks"
_SEEN = 1_000
_OUTPUT = 256 * 1024
# What the machine itself said: Nix here says the like of itself where none is reached.
_ANSWER = re.compile(rf"^error: build of {quoted()} on {quoted()} failed: (?P<answer>.*)", re.MULTILINE | re.DOTALL)
# Nix 2.8 says it in one sentence, later ones in lines of their own, and the last of them the features apart.
_SYSTEM = re.compile(rf"(?:but I am a|Current system:) +{quoted(f'(?P<system>{INNER}+)')}")
_HAS = re.compile(
    r"(?:(?:but I am a|Current system:)[^\n{]* with features|Available features:) \{(?P<features>[^}]*)\}"
)
_AWAY = re.compile(rf"^cannot build on {quoted()}: (?:error: )?(?P<why>[^\n]*)", re.MULTILINE)
_REFUSED = re.compile(r"is required to build|Required system: |platform mismatch")


class Probe(Struct, frozen=True):
    """What a machine said of itself.

    system: its own; None where it was not reached, or did not say. features: its own. builds: of the systems that were
    asked about, those that it takes builds for. why: what stood in the way. seconds: how long it took to answer.
    """

    uri: str
    reachable: bool
    system: str | None = None
    features: tuple[str, ...] = ()
    builds: tuple[str, ...] = ()
    why: str | None = None
    seconds: float = 0.0


def machine_line(builder: Builder, root: Path) -> str:
    """Return a machine in the words of Nix' `builders`. root: what a relative path of a key is about."""
    uri, key = builder.uri, "" if builder.ssh_key_file is None else str(place_of(root, builder.ssh_key_file))
    if not _PLAIN.fullmatch(key):
        # The words are split at blanks and the machines at `;`, which a directory above the project may have in its
        # name. In the address of a store the same setting stands with escapes (nix, `nix help-stores`).
        uri, key = f"{uri}{'&' if '?' in uri else '?'}ssh-key={quote(key)}", ""
    # nix, src/libstore/ssh.cc: it is decoded, and becomes a line of known_hosts behind the host.
    host = "" if builder.public_host_key is None else base64.b64encode(builder.public_host_key.encode()).decode()
    lists = (",".join(items) for items in (builder.features, builder.mandatory_features))
    words = (uri, ",".join(builder.systems), key, str(builder.max_jobs), str(builder.speed_factor))
    return " ".join(word or _NOTHING for word in (*words, *lists, host))


def builder_settings(builders: Iterable[Builder], root: Path) -> dict[str, str]:
    """Return the setting by which Nix builds on some machines too, beside those that the user has."""
    lines = [machine_line(builder, root) for builder in builders]
    own = own_setting("builders").replace("\n", " ; ")
    # It is one text, of which no `extra-` adds to it; machines are separated by `;` (nix, src/libstore/machines.cc).
    return {"builders": " ; ".join(filter(None, (own, *lines)))} if lines else {}


def probe(builder: Builder, root: Path, timeout: float) -> Probe:
    """Ask a machine for its system and features, and whether it builds for each system that it is described with.

    timeout: seconds for all that is asked. Raises Unavailable `tool_missing`.
    """
    begun = time.monotonic()
    deadline = begun + timeout
    here = own_setting("system")
    wanted = builder.systems or ((here,) if here else ())
    told = _told(builder, root, _IMPOSSIBLE, (_IMPOSSIBLE,), deadline)
    answer = _ANSWER.search(told)
    system, has = (pattern.search(answer["answer"] if answer else "") for pattern in (_SYSTEM, _HAS))
    seconds = round(time.monotonic() - begun, 2)
    if system is None or has is None:
        return Probe(builder.uri, reachable=False, why=_why(told), seconds=seconds)
    own = system["system"]
    others = [name for name in wanted if name != own and _takes(_told(builder, root, name, (), deadline))]
    return Probe(
        builder.uri,
        reachable=True,
        system=own,
        features=tuple(filter(None, re.split(r",\s*", has["features"]))),
        builds=(*(name for name in wanted if name == own), *others),
        seconds=seconds,
    )


def _takes(told: str) -> bool:
    """Return whether a machine did not refuse: it has tried to build, and failed as it had to."""
    answer = _ANSWER.search(told)
    return answer is not None and _REFUSED.search(answer["answer"]) is None


def _told(builder: Builder, root: Path, system: str, features: tuple[str, ...], deadline: float) -> str:
    """Return what is said when the machine is to build what cannot be built: its builder is no program."""
    nix = find_program("nix")
    if nix is None:
        raise Unavailable("tool_missing", "nix is not installed.", remedy="Install Nix, then repeat the call.")
    # The machine is described as one that takes it, so that Nix here hands it on and the machine itself refuses.
    willing = replace(builder, systems=(system,), features=features, mandatory_features=())
    line = machine_line(willing, root)
    listed = " ".join(map(json.dumps, features))
    expression = (
        f'derivation {{ name = "{_IMPOSSIBLE}"; system = {json.dumps(system)}; builder = "/nonexistent"; '
        f"requiredSystemFeatures = [ {listed} ]; }}"
    )
    argv = (nix, *_FEATURES, "build", "--no-link", "--expr", expression, "--max-jobs", "0", "--builders", line)
    left = max(0.0, deadline - time.monotonic())
    try:
        done = run_nix(argv, timeout=left, limit=_OUTPUT)
    except Unavailable as error:
        if error.code != "timeout":
            raise
        return f"error: it did not answer within {left:.3g} seconds"
    return without_sequences(done.stderr.decode("utf-8", "replace"))


def _why(told: str) -> str:
    """Return why a machine did not answer: what ssh says goes before what Nix makes of it."""
    by_ssh = [line for line in told.splitlines() if re.match(r"(?:ssh|kex_exchange|Host key|\S+@\S+: Perm)", line)]
    away = _AWAY.search(told)
    return printable("\n".join(by_ssh) or (away["why"] if away else last_error(told).strip()), _SEEN)
