"""What frees a port that is another's already: another port where the declaration has it, and who holds it else."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.remedies.fix import Fix
from devkeel.remedies.services import SERVICES
from devkeel.runtime.ports import port_holder
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.project.survey import DefinitionView
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

_LAST = 65535
_TRIED = 50
# Options that are a port: of a service, of a process, of a variable.
_PORT = re.compile(
    r"(?:^|\.)\"?(?:port|http[.-]?port|listenPort|httpPort|consolePort|tcp_port|[A-Z0-9_]*PORT)\"?$"
    r"|^processes\..+\.ports\.[^.]+\.(?:allocate|value)$"
)


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield another port where one option of the declaration has this one; then who holds it."""
    if not cause.subject.isdigit() or int(cause.subject) > _LAST:
        return
    port = int(cause.subject)
    holder = port_holder(port)
    held = f" It is held by {holder}." if holder else ""
    for edit in _edits(situation, port):
        yield Fix(
            f"Give {edit['path']} another port, which is free here.{held}",
            (edit,),
            uncertain=f"What connects to port {port} is to be told; or end what holds that port, and keep it.",
        )
    if holder is not None:
        yield Fix(
            f"Port {port} is held by {holder}. {do('processes')} shows whether that is a process of the project; "
            "another one is ended by whoever started it."
        )


def _edits(situation: Situation, port: int) -> Iterator[dict[str, Any]]:
    """Yield edits that move what the declaration has at a port to one that is free."""
    defined = [item for item in situation.declared.definitions if _PORT.search(item.path)]
    own = [item for item in defined if _has(item, port)]
    taken = {str(item.value) for item in defined}
    free = next((number for number in range(port + 1, min(port + _TRIED, _LAST)) if _is_free(number, taken)), None)
    if free is None:
        return
    for item in own:
        yield {"kind": "set", "path": item.path, "value": str(free) if isinstance(item.value, str) else free}
    if own:
        return
    number = re.compile(rf"(?<!\d){port}(?!\d)")
    for item in situation.declared.definitions:
        if item.path.startswith("processes.") and isinstance(item.value, str) and len(number.findall(item.value)) == 1:
            yield {"kind": "set", "path": item.path, "value": number.sub(str(free), item.value)}
            return
    for service in SERVICES:
        path = f"services.{service.name}.{service.port_option}"
        if (
            service.port_option is not None
            and port == next(iter(service.ports))
            and situation.is_enabled(f"services.{service.name}")
            and situation.definition(path) is None
        ):
            yield {"kind": "set", "path": path, "value": free}


def _has(item: DefinitionView, port: int) -> bool:
    return item.value is not True and str(item.value) == str(port)


def _is_free(port: int, taken: set[str]) -> bool:
    return str(port) not in taken and port_holder(port) is None
