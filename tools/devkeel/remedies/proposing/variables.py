"""What gives a variable its value: where the project says it already, or what follows from its services."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from devkeel.project.declaration import dotenv_files
from devkeel.project.root import DOTENV
from devkeel.remedies.fix import Fix
from devkeel.remedies.services import service_named
from devkeel.text.actions import do
from devkeel.text.secrets import looks_secret, names_a_secret

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.diagnosis.cause import Cause
    from devkeel.remedies.situation import Situation

__all__ = ["propose"]

_SECRET = re.compile(r"SECRET|TOKEN|PASSWORD|PASSWD|API_?KEY|PRIVATE_KEY|CREDENTIAL")
_NAME = re.compile(r"[A-Z_][A-Z0-9_]{0,100}")
# Files that hold the values of one's own, and examples of them that are shared.
_OWN = (DOTENV, ".env.local", ".env.development", ".env.dev", ".env.development.local")
_EXAMPLES = (
    ".env.example",
    ".env.sample",
    ".env.template",
    ".env.dist",
    ".env.defaults",
    "env.example",
    "example.env",
    ".env.test",
    ".env.ci",
)
# Where a language sets what its tools ask for, and what such a variable is for.
_BY_OPTION: dict[str, str] = {
    "JAVA_HOME": "languages.java",
    "GOPATH": "languages.go",
    "GOROOT": "languages.go",
    "RUST_SRC_PATH": "languages.rust",
    "DOTNET_ROOT": "languages.dotnet",
    "ANDROID_HOME": "android",
    "ANDROID_SDK_ROOT": "android",
}
# What a package has that such a variable names.
_BY_PACKAGE: dict[str, tuple[str, dict[str, Any]]] = {
    "LOCALE_ARCHIVE": (
        "glibcLocales",
        {
            "kind": "set",
            "path": "env.LOCALE_ARCHIVE",
            "expression": '"${pkgs.glibcLocales}/lib/locale/locale-archive"',
        },
    ),
    "SSL_CERT_FILE": ("cacert", {"kind": "add_packages", "names": ["cacert"]}),
}
# Where the sources of a project say a value: the file, and what stands there around it.
_SOURCES: tuple[tuple[str, str, str, str | None], ...] = (
    (
        "DJANGO_SETTINGS_MODULE",
        "manage.py",
        r"[\"']DJANGO_SETTINGS_MODULE[\"'],\s*[\"'](?P<value>[\w.]{1,100})[\"']",
        None,
    ),
    ("DATABASE_URL", "prisma/schema.prisma", r"provider\s*=\s*\"sqlite\"", "file:./dev.db"),
)
# What follows from a service that is enabled: the form of the value, with its port and the name of the database.
_OF_SERVICES: tuple[tuple[str, str, str], ...] = (
    (
        "postgres",
        r"(?:\w+_)?DATABASE_URL|(?:\w+_)?(?:POSTGRES(?:QL)?|PG)_?(?:DATABASE_)?(?:URL|URI|DSN)|DB_UR[LI]|DB_DSN|\w*SQLALCHEMY_DATABASE_UR[LI]",
        "{socket}",
    ),
    (
        "mysql",
        r"(?:\w+_)?DATABASE_URL|(?:MYSQL|MARIADB)_(?:URL|URI|DSN)|DB_UR[LI]|\w*SQLALCHEMY_DATABASE_UR[LI]",
        "mysql://root@127.0.0.1:{port}/{database}",
    ),
    (
        "mongodb",
        r"DATABASE_URL|MONGO(?:DB)?_?(?:URL|URI|CONNECTION_STRING)|DB_UR[LI]",
        "mongodb://127.0.0.1:{port}/{database}",
    ),
    (
        "redis",
        r"\w*REDIS\w*_?(?:URL|URI)|CELERY_(?:BROKER_URL|RESULT_BACKEND)|BROKER_URL|CACHE_URL",
        "redis://127.0.0.1:{port}",
    ),
    (
        "rabbitmq",
        r"\w*(?:AMQP|RABBIT(?:MQ)?)_?(?:URL|URI)|CELERY_BROKER_URL|BROKER_URL",
        "amqp://guest:guest@127.0.0.1:{port}",
    ),
    ("elasticsearch", r"\w*ELASTIC(?:SEARCH)?_?(?:URL|URI|HOSTS?)", "http://127.0.0.1:{port}"),
    ("opensearch", r"\w*OPENSEARCH_?(?:URL|URI|HOSTS?)", "http://127.0.0.1:{port}"),
    ("kafka", r"\w*(?:KAFKA|BOOTSTRAP)_(?:BROKERS?|BOOTSTRAP_SERVERS?|SERVERS?|URL)", "127.0.0.1:{port}"),
    ("nats", r"NATS_(?:URL|SERVERS?)", "nats://127.0.0.1:{port}"),
    ("memcached", r"MEMCACHED?_(?:URL|SERVERS?)", "127.0.0.1:{port}"),
    ("meilisearch", r"MEILI(?:SEARCH)?_(?:URL|HOST)", "http://127.0.0.1:{port}"),
    ("vault", r"VAULT_ADDR", "http://127.0.0.1:{port}"),
    ("temporal", r"TEMPORAL_(?:ADDRESS|HOST|URL)", "127.0.0.1:{port}"),
    ("postgres", r"PGPORT|POSTGRES_PORT|DB_PORT|DATABASE_PORT", "{port}"),
    ("postgres", r"(?:POSTGRES|DB|DATABASE)_HOST", "127.0.0.1"),
    ("postgres", r"PGDATABASE|POSTGRES_DB|DB_NAME|DATABASE_NAME|DB_DATABASE", "{database}"),
    ("mysql", r"MYSQL_(?:TCP_)?PORT|DB_PORT|DATABASE_PORT", "{port}"),
    ("mysql", r"(?:MYSQL|DB|DATABASE)_HOST", "127.0.0.1"),
    ("mysql", r"MYSQL_DATABASE|DB_NAME|DATABASE_NAME|DB_DATABASE", "{database}"),
    ("redis", r"REDIS_PORT", "{port}"),
    ("redis", r"REDIS_HOST", "127.0.0.1"),
    ("mongodb", r"MONGO(?:DB)?_HOST", "127.0.0.1"),
    ("rabbitmq", r"(?:RABBITMQ|AMQP)_HOST", "127.0.0.1"),
)
# Values that a shell of development has, whatever the project.
_USUAL: dict[str, str] = {
    "NODE_ENV": "development",
    "RAILS_ENV": "development",
    "RACK_ENV": "development",
    "MIX_ENV": "dev",
    "APP_ENV": "development",
    "FLASK_ENV": "development",
    "ENVIRONMENT": "development",
    "ASPNETCORE_ENVIRONMENT": "Development",
    "DOTNET_ENVIRONMENT": "Development",
}


# What a login sets, and what makes interpreters, shells and loaders run or load other code than they are given.
_LOADS = re.compile(
    r"HOME|USER|LOGNAME|SHELL|PATH|PWD|OLDPWD|TMP|TEMP|TMPDIR|TERM|LANG|IFS|ENV|BASH_ENV|PROMPT_COMMAND|PS[0-4]|EDITOR|"
    r"PAGER|(?:LD|DYLD)_\w+|PYTHON(?:PATH|HOME|STARTUP|USERBASE)|NODE_(?:OPTIONS|PATH)|RUBY(?:OPT|LIB)|PERL5(?:OPT|LIB)|"
    r"GIT_(?:SSH|SSH_COMMAND|EXEC_PATH|ASKPASS|EDITOR|PAGER)|SSH_ASKPASS|(?:_JAVA|JDK_JAVA|JAVA_TOOL)_OPTIONS|"
    r"NIX_(?:PATH|CONFIG|REMOTE)|XDG_\w+"
)


def propose(situation: Situation, cause: Cause) -> Iterator[Fix]:
    """Yield what gives the variable its value; where only a person knows it, where that is to be said."""
    name = cause.subject.upper()
    if not _NAME.fullmatch(name):
        return
    if _LOADS.fullmatch(name):
        yield Fix(f"{name} is set by the system, or decides what programs load: no edit gives it a value.")
    elif situation.has_devenv:
        yield from _in_devenv(situation, name)
    else:
        yield from _without_devenv(situation, name)


def _in_devenv(situation: Situation, name: str) -> Iterator[Fix]:
    if situation.definition(f"env.{name}") is not None or _in_dotenv(situation, name):
        yield Fix(
            f"Apply what is declared: {name} is in it already, and the shell that failed lacks it.", call=do("apply")
        )
        return
    if name in _BY_OPTION:
        yield Fix(f"Enable {_BY_OPTION[name]}, which sets {name}.", (_enable(_BY_OPTION[name]),))
        return
    if name in _BY_PACKAGE:
        package, edit = _BY_PACKAGE[name]
        yield Fix(f"Let {name} name what {package} has.", (edit,))
        return
    yield from _from_files(situation, name)
    yield from _in_sources(situation, name)
    yield from _of_services(situation, name)
    if name in _USUAL:
        edit = {"kind": "set", "path": f"env.{name}", "value": _USUAL[name]}
        yield Fix(f"Set {name} to {_USUAL[name]}, as in a shell of development.", (edit,))
    if _is_secret(name):
        yield Fix(
            f"{name} looks secret: its value belongs in a file that dotenv reads and Git does not track, or in "
            "secretspec. In the declaration it would lie in Git and in the Nix store, which all users read."
        )
        return
    yield Fix(f"Give {name} a value in env.{name}. The text does not say which.", call=do("set"))


def _is_secret(name: str) -> bool:
    return _SECRET.search(name) is not None or names_a_secret(name)


def _enable(name: str) -> dict[str, Any]:
    return {"kind": "enable", "name": name} if "." in name else {"kind": "set", "path": f"{name}.enable", "value": True}


def _in_dotenv(situation: Situation, name: str) -> bool:
    return any(name in _values(situation, file) for file in dotenv_files(situation.files))


def _from_files(situation: Situation, name: str) -> Iterator[Fix]:
    """Yield what takes a value from a file of the project that has one."""
    for file in _OWN:
        if name in _values(situation, file):
            edits = [{"kind": "set", "path": "dotenv.enable", "value": True}]
            if file != DOTENV:
                edits.append({"kind": "set", "path": "dotenv.filename", "value": file})
            yield Fix(f"Let dotenv read {file}, where {name} stands.", tuple(edits))
    for file in _EXAMPLES:
        value = _values(situation, file).get(name)
        if value is None:
            continue
        if value and not _is_secret(name) and not looks_secret(name, value):
            edit = {"kind": "set", "path": f"env.{name}", "value": value}
            yield Fix(f"Set {name} as {file} has it.", (edit,), uncertain="The value is that of an example.")
        elif not any(situation.read(own) for own in _OWN):
            yield _copied(file)


def _in_sources(situation: Situation, name: str) -> Iterator[Fix]:
    """Yield the value that the project's own sources say."""
    for variable, file, pattern, value in _SOURCES:
        text = (situation.read(file) or b"")[:200_000].decode("utf-8", "replace") if variable == name else ""
        found = re.search(pattern, text) if text else None
        if found is not None:
            edit = {"kind": "set", "path": f"env.{name}", "value": value or found["value"]}
            yield Fix(f"Set {name} as {file} has it.", (edit,))


def _copied(example: str) -> Fix:
    return Fix(
        f"Begin {DOTENV} as a copy of {example}, and put the values of your own into it.",
        command=f"cp {example} {DOTENV}",
        uncertain="The values of an example may not be those that are wanted.",
    )


_LINE = re.compile(
    r"^[ \t]{0,8}(?:export[ \t]{1,4})?(?P<name>[A-Za-z_]\w{0,100})[ \t]{0,4}=[ \t]{0,4}(?P<value>[^\n]{0,500})",
    re.MULTILINE,
)


def _values(situation: Situation, file: str) -> dict[str, str]:
    """Return what a file of variables says, by their names; quotes and comments are no part of a value."""
    text = (situation.read(file) or b"")[:200_000].decode("utf-8", "replace")
    return {found["name"]: _plain(found["value"]) for found in _LINE.finditer(text)}


def _plain(value: str) -> str:
    value = value.strip()
    quoted = re.match(r"([\"'])(?P<inner>[^\"']*)\1", value)
    return quoted["inner"] if quoted else re.sub(r"\s+#.*", "", value)


def _of_services(situation: Situation, name: str) -> Iterator[Fix]:
    """Yield values that follow from services that are enabled."""
    for service_name, names, form in _OF_SERVICES:
        service = service_named(service_name)
        if service is None or not re.fullmatch(names, name) or not situation.is_enabled(f"services.{service_name}"):
            continue
        found = situation.definition(f"services.{service_name}.{service.port_option}")
        port = found.value if found is not None and isinstance(found.value, int) else next(iter(service.ports))
        database = _database(situation, service_name)
        value = form.format(port=port, database=database or "", socket=_of_postgres(situation, port, database))
        uncertain = None if database or "{database}" not in form else "Which database is meant is not declared."
        edit = {"kind": "set", "path": f"env.{name}", "value": value}
        yield Fix(f"Set {name} to where services.{service_name} answers.", (edit,), uncertain=uncertain)


def _of_postgres(situation: Situation, port: int, database: str | None) -> str:
    """Return the address of PostgreSQL: by its socket, whose folder devenv has in PGHOST, unless it listens."""
    listens = situation.definition("services.postgres.listen_addresses")
    host = f"127.0.0.1:{port}" if listens is not None and listens.value else ""
    return f"postgresql://{host}/{database or 'postgres'}"


def _database(situation: Situation, service: str) -> str | None:
    """Return the first database that a service is to have, as literally as the declaration says it."""
    for option in ("initialDatabases", "ensureDatabases"):
        found = situation.definition(f"services.{service}.{option}")
        if found is not None:
            named = re.search(r"name\"?'? *[=:] *[\"'](?P<name>[\w-]{1,60})[\"']", str(found.value or found.source))
            if named is not None:
                return named["name"]
    return None


def _without_devenv(situation: Situation, name: str) -> Iterator[Fix]:
    """Yield what a project without Nix does: a file of variables beside its example."""
    if any(situation.read(own) for own in _OWN):
        return
    for file in _EXAMPLES:
        if name in _values(situation, file):
            yield _copied(file)
            return
