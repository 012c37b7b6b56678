"""What makes a service answer that refused a connection: it is enabled, set to listen there, or started."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.remedies.fix import Fix
from devkeel.remedies.services import SERVICES, Service, service_named, services_at
from devkeel.text.actions import do

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

# A system's own ports and those that the kernel gives to whoever asks (ip_local_port_range) are no service's.
_LOWEST, _HIGHEST = 1024, 32768
# Where applications of one's own listen; a service that is spoken of beside them is another matter.
_APPLICATIONS = frozenset({*range(3000, 3011), 4000, 4200, 5000, 5001, 5173, *range(8000, 8100), 8443, 8888})
_NEAR, _BESIDE = 4_000, 300  # characters before and after a line that may say whose client it is
_MOST = 100_000  # characters of a file of containers
_LAST_PORT = 65535  # RFC 9293
_COMPOSE = ("compose.yaml", "compose.yml", "docker-compose.yml", "docker-compose.yaml")


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield what makes the service answer, nothing where it is not known which one is meant."""
    port = _port(cause)
    if port is None and (number := cause.facts.get("port") or cause.subject).isdigit():
        yield Fix(f"{number} is no port: the last one is {_LAST_PORT}. What gives it to the client has it wrong.")
        return
    service = _service(situation, cause, port)
    if not situation.has_devenv:
        if service is not None:
            yield from _by_compose(situation, service)
        return
    if service is None:
        yield from _own_process(situation, port)
    elif situation.is_enabled(f"services.{service.name}"):
        yield from _enabled(situation, cause, service, port)
    else:
        yield _enabling(cause, service, port)


def _port(cause: Cause) -> int | None:
    text = cause.facts.get("port") or cause.subject
    return int(text) if text.isdigit() and int(text) <= _LAST_PORT else None


def _service(situation: Situation, cause: Cause, port: int | None) -> Service | None:
    """Return which service is meant: by the sentence, by what the project has at that port, by the port, by words."""
    if "service" in cause.facts:
        return service_named(cause.facts["service"])
    if port is not None:
        for service in SERVICES:
            if situation.is_enabled(f"services.{service.name}") and _is_at(situation, service, port):
                return service
    known = list(services_at(port)) if port is not None else []
    near = _NEAR if known else _BESIDE
    spoken = [service for service in known or _movable(port) if _is_spoken(situation, cause, service, near)]
    if spoken:
        return _clearest(cause, spoken)
    return next((service for service in known if port not in service.shared), None)


def _movable(port: int | None) -> tuple[Service, ...]:
    """Return the services that may have been moved to a port that no service has by default."""
    usual = port is not None and (port in _APPLICATIONS or not _LOWEST <= port < _HIGHEST)
    return () if usual else SERVICES


def _is_spoken(situation: Situation, cause: Cause, service: Service, near: int) -> bool:
    if service.speech.search(cause.line) is not None:
        return True
    place = situation.text.find(cause.line[:200])
    around = situation.text[max(0, place - near) : place + near] if place >= 0 else ""
    return service.speech.search(around) is not None


def _clearest(cause: Cause, spoken: list[Service]) -> Service | None:
    """Return the one whose words stand in the line itself, or the only one; None where several could be meant."""
    own = [service for service in spoken if service.speech.search(cause.line)]
    return own[0] if own else spoken[0] if len(spoken) == 1 else None


def _is_at(situation: Situation, service: Service, port: int) -> bool:
    given = _given(situation, service)
    return port == given if given is not None else port in service.ports


def _given(situation: Situation, service: Service) -> int | None:
    """Return the port that the declaration gives a service, None where it gives none that can be read."""
    if service.port_option is None:
        return None
    found = situation.definition(f"services.{service.name}.{service.port_option}")
    return found.value if found is not None and isinstance(found.value, int) else None


def _enabling(cause: Cause, service: Service, port: int | None) -> Fix:
    settings = _settings(cause, service, port)
    edit: dict[str, Any] = {"kind": "enable", "name": f"services.{service.name}"}
    needs = f" {service.unfree} has an unfree license: the evaluation asks for a permit next." if service.unfree else ""
    return Fix(
        f"Enable the service {service.name}, which answers there.",
        (edit | ({"settings": settings} if settings else {}),),
        uncertain=f"It runs once the processes are started ({do('start')}).{needs}",
    )


def _settings(cause: Cause, service: Service, port: int | None) -> dict[str, Any]:
    """Return the settings by which a service listens where the client looks for it."""
    by_socket = "path" in cause.facts
    settings = {} if by_socket else {**service.tcp, **service.ports.get(port or 0, {})}
    moved = port is not None and port not in service.ports and service.port_option is not None
    return {**settings, service.port_option or "": port} if moved else settings


def _enabled(situation: Situation, cause: Cause, service: Service, port: int | None) -> Iterator[Fix]:
    """Yield what an enabled service lacks to listen there, and that it is to be started."""
    name = f"services.{service.name}"
    given = _given(situation, service)
    moved = port is not None and (port not in service.ports if given is None else port != given)
    listening = [
        {"kind": "set", "path": f"{name}.{key}", "value": value}
        for key, value in (_settings(cause, service, None).items() if "path" not in cause.facts else ())
        if (found := situation.definition(f"{name}.{key}")) is None or (key in service.tcp and found.value == "")
    ]
    if moved and service.port_option is not None:
        at = given or next(iter(service.ports), None)
        edit = {"kind": "set", "path": f"{name}.{service.port_option}", "value": port}
        yield Fix(
            f"Let {service.name} listen at port {port}: it is enabled, at {at}.",
            (edit, *listening),
            uncertain="The client may be what has the wrong port.",
        )
    elif listening:
        told = " and ".join(str(edit["value"]) for edit in listening)
        yield Fix(
            f"Let {service.name} listen at {told}: it is enabled, and listens at its socket alone.",
            tuple(listening),
            uncertain=f"It listens once the processes are started again ({do('restart')}).",
        )
    for key, value in service.ports.get(port or 0, {}).items():
        if situation.definition(f"{name}.{key}") is None:
            edit = {"kind": "set", "path": f"{name}.{key}", "value": value}
            yield Fix(f"Switch on what of {service.name} listens at port {port}.", (edit,))
    yield Fix(
        f"Start the processes: {name} is enabled, and nothing answers there.",
        command="devenv up -d",
        call=do("start"),
    )


def _own_process(situation: Situation, port: int | None) -> Iterator[Fix]:
    """Yield that the processes are to be started, where one of them has the port."""
    found = next(
        (
            item
            for item in situation.declared.definitions
            if item.path.startswith("processes.")
            and port is not None
            and (item.value == port or _says(item.source or item.value, port))
        ),
        None,
    )
    if found is not None:
        name = found.path.split(".")[1]
        yield Fix(
            f"Start the processes: {name} of {found.file} has this port, and nothing answers there.",
            command="devenv up -d",
            call=do("start"),
        )


def _says(text: object, port: int) -> bool:
    return isinstance(text, str) and re.search(rf"(?<!\d){port}(?!\d)", text) is not None


def _by_compose(situation: Situation, service: Service) -> Iterator[Fix]:
    """Yield the start of a container, where the project has one of this service and no Nix."""
    for name in _COMPOSE:
        text = (situation.read(name) or b"").decode("utf-8", "replace")
        container = _container(text, service)
        if container is not None:
            yield Fix(f"Start {container} of {name}.", command=f"docker compose up -d {container}")
            return
    yield Fix(
        f"It is {service.name} that is looked for there, and nothing in this project declares services: start it as "
        "this system does, or let a devenv.nix declare it."
    )


_KEY = re.compile(r"(?P<space> {1,12})(?P<key>[A-Za-z][\w-]{0,60}):[ \t]*(?P<value>[^\n]{0,200})")


def _container(text: str, service: Service) -> str | None:
    """Return the name of the container of a compose file whose image runs a service."""
    name, depth = None, 0
    for line in text[:_MOST].splitlines():
        found = _KEY.match(line)
        if found is None:
            continue
        if not found["value"] and (name is None or len(found["space"]) <= depth):
            name, depth = found["key"], len(found["space"])
        if found["key"] == "image" and service.speech.search(found["value"]):
            return name
    return None
