"""Compose files: the services that a project runs beside itself, and what its own containers are given."""

from __future__ import annotations

import posixpath
import re
import shlex
from typing import TYPE_CHECKING, Any

from devkeel.detection.images import image_meanings, read_reference
from devkeel.detection.interpolation import KnownVariables, variables_of
from devkeel.detection.variables import variable_clue
from devkeel.detection.written import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.detection.evidence import Certainty, Clue
    from devkeel.detection.images import ImageMeaning
    from devkeel.detection.repository import RepositoryFile
    from devkeel.detection.written import Written

__all__ = ["ComposeFiles"]

# compose-spec, spec.md, "Compose file": the names, with what is merged over them or is of a stage of deployment.
_NAME = re.compile(r"(?:docker-)?compose(?P<kind>(?:[.-][\w-]+)*)\.ya?ml")
_DEPLOYED = re.compile(r"prod(?:uction)?|stag(?:e|ing)|deploy|swarm|release|traefik")
# Docker, "Set, use, and manage variables": `.env` beside it; an example of it says what is meant to be there.
_ENV_FILES = (".env", ".env.example", ".env.sample", ".env.template", "env.example")
# compose-spec, "ports", short syntax: `[HOST:]CONTAINER[/PROTOCOL]`, HOST with an address before it.
_PORT = re.compile(r"(?:(?:\d+(?:\.\d+){3}|\[[\da-f:]+\]):)?(?:(?P<host>\d+):)?(?P<container>\d+)(?:/tcp)?")
# The option that has a service's port, and the port that the service has without it.
_PORT_OPTIONS = {
    **dict.fromkeys(("postgres", "redis", "rabbitmq", "memcached", "elasticsearch", "nats", "typesense"), "port"),
    **dict.fromkeys(("dynamodb-local", "influxdb", "temporal", "clickhouse"), "port"),
    "meilisearch": "listenPort",
}
_DATABASES = {
    "postgres": ("POSTGRES_DB", "POSTGRESQL_DATABASE"),
    "mysql": ("MYSQL_DATABASE", "MARIADB_DATABASE"),
}
# What may be the name of a host in a URL or a list of addresses.
_HOST = re.compile(r"(?:^|(?<=[/@,]))[^/@,:]+(?=[:/,]|$)")
# What an image has beside the service that it stands for.
_EXTENSIONS = {
    "postgis/postgis": "postgis",
    **dict.fromkeys(("pgvector/pgvector", "ankane/pgvector"), "pgvector"),
    **dict.fromkeys(("timescale/timescaledb", "timescale/timescaledb-ha"), "timescaledb"),
}
_ROLES = {"POSTGRES_USER", "POSTGRESQL_USERNAME"}
_DATABASE_NAME = re.compile(r"[A-Za-z_][\w-]*")


class ComposeFiles:
    """Reads the files of Docker Compose."""

    def matches(self, name: str) -> bool:
        """Return whether a file is one by its name."""
        return _NAME.fullmatch(posixpath.basename(name)) is not None

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield a service for each image that is one, and what the project's own containers are given.

        Files that it extends or includes are looked at under their own names only.
        """
        services = read_yaml(file).get("services")
        found = _NAME.fullmatch(posixpath.basename(file.name))
        deployed = found is not None and _DEPLOYED.search(found["kind"]) is not None
        values = variables_of(file, _ENV_FILES)
        hosts = frozenset(services.members)
        for name, service in services.members.items():
            yield from _Container(file, name, service, hosts, values, "possible" if deployed else "certain").clues()


class _Container:
    """A service of compose. hosts: the names of all of its file. sure: what the file is about."""

    def __init__(
        self,
        file: RepositoryFile,
        name: str,
        service: Written,
        hosts: frozenset[str],
        values: KnownVariables,
        sure: Certainty,
    ) -> None:
        self._file, self._name, self._service, self._hosts, self._values = file, name, service, hosts, values
        # compose-spec, "profiles": a service that has some starts only where one of them is asked for.
        self._sure: Certainty = "possible" if self._service.get("profiles") else sure

    def clues(self) -> Iterator[Clue]:
        """Yield what it says."""
        image = self._service.get("image")
        reference = self._values.of(image.text)
        if self._service.get("build") or not reference:
            yield from self._own()
            return
        meanings = [*image_meanings(read_reference(reference))]
        for meaning in meanings:
            if meaning.about == "service":
                yield from self._served(meaning, image, reference)
            else:
                sure, options = _less(self._sure), dict(meaning.options)
                why = f"compose runs {self._name} from {reference}"
                yield self._file.clue(
                    meaning.about, meaning.name, image.line, sure, why, version=meaning.version, options=options
                )
        if not meanings and self._sure != "possible" and re.search(r"[a-z]", reference):
            yield self._file.clue("left", reference, image.line, "certain", "what that image stands for is not known")
        if any(meaning.about == "language" for meaning in meanings):
            yield from self._own()

    def _served(self, meaning: ImageMeaning, image: Written, reference: str) -> Iterator[Clue]:
        name, sure, options = meaning.name, self._sure if meaning.sure else "possible", dict[str, Any]()
        host, database = self._host_port(meaning.port), self._database(meaning.name)
        if host is not None and host[0] != meaning.port and name in _PORT_OPTIONS:
            options[_PORT_OPTIONS[name]] = host[0]
        if host is not None and name == "postgres":
            # devenv, services/postgres.nix: without an address it listens on its socket alone.
            options["listen_addresses"] = "127.0.0.1"
        if database is not None:
            options["initialDatabases"] = [{"name": database}]
        why = f"compose runs {self._name} from {reference}"
        yield self._file.clue("service", name, image.line, sure, why, version=meaning.version, options=options)
        if host is not None:
            why = f"compose gives {self._name} that port"
            yield self._file.clue("port", name, host[1], sure, why, value=host[0])
        yield from self._more(read_reference(reference).name, name, image.line)

    def _more(self, image: str, service: str, line: int) -> Iterator[Clue]:
        """Yield what else the container of a service has: an extension, a role of its own."""
        if self._sure == "possible":
            return
        if image in _EXTENSIONS:
            why = "that image has it as an extension"
            yield self._file.clue("left", _EXTENSIONS[image], line, "certain", why)
        for name, value, at in self._environment() if service == "postgres" else ():
            if name in _ROLES and value not in (None, "", "postgres"):
                yield self._file.clue("left", str(value), at, "certain", "that role of its database is the container's")

    def _ports(self) -> Iterator[tuple[str | None, str | None, int]]:
        """Yield the ports of the machine with those of the container that they lead to, and their lines."""
        for item in self._service.get("ports").items:
            if item.members:
                yield self._values.of(item.get("published").text), item.get("target").text, item.line
                continue
            found = _PORT.fullmatch(self._values.of(item.text) or "")
            if found is not None:
                yield found["host"], found["container"], item.line

    def _host_port(self, inside: int | None) -> tuple[int, int] | None:
        """Return the port of the machine that leads to one of the container, with its line."""
        found = ((host, line) for host, container, line in self._ports() if container == str(inside))
        return next(((int(host), line) for host, line in found if host is not None and host.isdecimal()), None)

    def _database(self, service: str) -> str | None:
        values = (value for name, value, _ in self._environment() if name in _DATABASES.get(service, ()))
        return next((value for value in values if value is not None and _DATABASE_NAME.fullmatch(value)), None)

    def _environment(self) -> Iterator[tuple[str, str | None, int]]:
        """Yield the variables that a container gets, with None for a value that is not known, and their lines."""
        given = self._service.get("environment")
        for name, item in given.members.items():
            yield name, self._values.of(item.text), item.line
        for item in given.items:
            name, equals, value = (item.text or "").partition("=")
            yield name, self._values.of(value) if equals else None, item.line

    def _own(self) -> Iterator[Clue]:
        """Yield what a container of the project itself is given: variables, ports, and what it runs."""
        sure, why = _less(self._sure), f"compose gives it to {self._name}"
        for name, value, line in self._environment():
            if value is not None and not self._hosts.isdisjoint(_HOST.findall(value)):
                within = f"{why}, with a host of compose's own network in it"
                yield from variable_clue(self._file, name, value, line, within, "possible")
            elif value is not None:
                yield from variable_clue(self._file, name, value, line, why, sure)
        for host, _, line in self._ports():
            if host is not None and host.isdecimal():
                gives = f"compose gives {self._name} that port"
                yield self._file.clue("port", self._name, line, "possible", gives, value=int(host))
        yield from self._command(sure)

    def _command(self, sure: Certainty) -> Iterator[Clue]:
        given = self._service.get("command")
        command = self._values.of(shlex.join(given.texts()) if given.items else given.text)
        if not command or "\n" in command.strip():
            return
        # A path of the image is none of the project.
        foreign = re.search(r"(?:^|[\s=])/(?!dev/)", command) is not None
        why = f"compose runs it as {self._name}"
        line, certainty = given.line, "possible" if foreign else sure
        yield self._file.clue("process", self._name, line, certainty, why, value=command.strip())


def _less(sure: Certainty) -> Certainty:
    return "possible" if sure == "possible" else "likely"
