"""Machines that build for this one, as Nix' own setting `builders`: Nix distributes, devkeel schedules nothing."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import TYPE_CHECKING

from devkeel.nix_cli.settings import own_setting

if TYPE_CHECKING:
    from collections.abc import Iterable

    from devkeel.project.distribution import Builder

__all__ = ["builder_settings", "machine_line"]

_NOTHING = "-"  # an entry of a machine that is left to Nix (nix, doc/manual, "Remote Builds")


def machine_line(builder: Builder, root: Path) -> str:
    """Return a machine in the words of Nix' `builders`. root: what a relative path of a key is about."""
    key = "" if builder.ssh_key_file is None else str(root / Path(builder.ssh_key_file).expanduser())
    # nix, src/libstore/ssh.cc: it is decoded, and becomes a line of known_hosts behind the host.
    host = "" if builder.public_host_key is None else base64.b64encode(builder.public_host_key.encode()).decode()
    lists = (",".join(items) for items in (builder.features, builder.mandatory_features))
    words = (builder.uri, ",".join(builder.systems), key, str(builder.max_jobs), str(builder.speed_factor))
    return " ".join(word or _NOTHING for word in (*words, *lists, host))


def builder_settings(builders: Iterable[Builder], root: Path) -> dict[str, str]:
    """Return the setting by which Nix builds on some machines too, beside those that the user has."""
    lines = [machine_line(builder, root) for builder in builders]
    own = own_setting("builders").replace("\n", " ; ")
    # It is one text, of which no `extra-` adds to it; machines are separated by `;` (nix, src/libstore/machines.cc).
    return {"builders": " ; ".join(filter(None, (own, *lines)))} if lines else {}
