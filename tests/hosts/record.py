"""Record what real hosts send to their hooks: python -m tests.hosts.record [HOST …].

DEVKEEL_HOSTS names the directory that npm installed them in; README.md says how. Each is run in a project and a home of
its own, against a model on a loopback port, and `messages/HOST.json` is written anew.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .acts import ACTS, DECLARATION, WRONG
from .hosts import HOSTS, VARIABLE, Place, version_of
from .recordings import FOLDER, cleaned

if TYPE_CHECKING:
    from .hosts import Host, Seen

__all__ = ["messages_of", "prepared", "refused_acts"]


def prepared(folder: Path, installed: Path, name: str) -> Place:
    """Return a machine with a project that devkeel was installed in for a host, as a person does it."""
    place = Place(folder, installed)
    (place.root / "devenv.nix").write_text(DECLARATION)
    place.devkeel("install", "--host", HOSTS[name].known_as or name, "--write")
    return place


def refused_acts(host: Host, place: Place) -> list[Any]:
    """Return the calls of a host's tools that the guard refuses, in the order of `ACTS`."""
    file = place.root / "devenv.nix"
    return [
        host.command(ACTS["shell"]["command"]),
        host.write(file, WRONG),
        host.edit(file, ACTS["edit"]["old_string"], ACTS["edit"]["new_string"]),
    ]


def messages_of(seen: Seen, place: Place) -> dict[str, dict[str, Any]]:
    """Return the messages of a run that began with the refused acts: by act, and by event for those of a session."""
    messages = [cleaned(item.message, place.root, place.home) for item in seen.asked]
    acts = [message for message in messages if "tool_name" in message]
    events = {message["hook_event_name"]: message for message in messages if "tool_name" not in message}
    return dict(zip(ACTS, acts, strict=False)) | events


def main(names: list[str]) -> None:
    """Record the hosts of these names, all that are installed where there is none."""
    installed = Path(os.environ[VARIABLE])
    for name in names or HOSTS:
        host, version = HOSTS[name], version_of(installed, HOSTS[name])
        if version is None:
            continue
        with tempfile.TemporaryDirectory(prefix="devkeel-hosts-") as folder:
            place = prepared(Path(folder).resolve(), installed, name)
            (place.root / "inner").mkdir()
            seen = host.run(place, [*refused_acts(host, place), host.command("cd inner && pwd"), host.command("pwd")])
            recorded = {"host": host.known_as or name, "version": version, "messages": messages_of(seen, place)}
        FOLDER.mkdir(exist_ok=True)
        (FOLDER / f"{name}.json").write_text(f"{json.dumps(recorded, indent=1)}\n")
        sys.stdout.write(f"{name} {version}: {', '.join(recorded['messages'])}\n")  # type: ignore[arg-type]


if __name__ == "__main__":
    main(sys.argv[1:])
