"""Which distribution of PyPI an import name comes from: a table of what is called otherwise, else nixpkgs' index."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from devkeel.catalogue.provided import providers
from devkeel.detection.declaring import is_package
from devkeel.remedies.manifests import canonical
from devkeel.remedies.tables import table

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["distributions_of", "is_development", "is_known", "is_standard"]

_SET = "python3Packages."
# Names that are a project's own, or nobody's: what has them in nixpkgs is not what is meant.
_OWN = frozenset(
    {
        *("utils", "util", "helpers", "helper", "common", "config", "conf", "settings", "models", "views", "urls"),
        *("tests", "test", "app", "apps", "main", "core", "lib", "libs", "src", "api", "db", "database", "schemas"),
        *("constants", "exceptions", "types", "data", "tools", "scripts", "server", "client", "service", "services"),
        *(
            "routes",
            "routers",
            "handlers",
            "tasks",
            "jobs",
            "logger",
            "base",
            "auth",
            "users",
            "user",
            "forms",
            "admin",
        ),
        *(
            "serializers",
            "middleware",
            "dependencies",
            "fixtures",
            "conftest",
            "setup",
            "version",
            "cli",
            "run",
            "local",
        ),
        *("package", "module", "plugins", "plugin", "backend", "frontend", "project", "myproject", "mypackage", "wsgi"),
        *("asgi", "manage", "migrations", "domain", "infrastructure", "agent", "agents", "bot", "game", "shared"),
    }
)
_DEVELOPMENT = re.compile(
    r"pytest(?:-.*)?|types-.*|.*-stubs|mypy|ruff|black|isort|flake8(?:-.*)?|pylint|coverage|hypothesis|"
    r"factory-boy|faker|"
    r"responses|freezegun|vcrpy|respx|tox|nox|pre-commit|requests-mock|syrupy|pyfakefs|time-machine|moto|"
    r"testcontainers|"
    r"model-bakery|mixer|bandit|pyright|nbval|locust|sphinx(?:-.*)?|mkdocs(?:-.*)?|pdoc|ipdb|pytest|django-stubs|"
    r"beautifulsoup4-stubs|polyfactory|inline-snapshot|dirty-equals|pyinstaller|twine|build|pip-tools|towncrier"
)
_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*")


def is_standard(module: str) -> bool:
    """Return whether an import name is of Python's own library; one that it lost and that lives on elsewhere is not."""
    top = module.partition(".")[0]
    return top in sys.stdlib_module_names and top not in table("imports")


def distributions_of(module: str) -> tuple[str, ...]:
    """Return the distributions that an import name may come from, the likeliest first; none for what is not known."""
    if not _PLAIN.fullmatch(module):
        return ()
    return tuple(dict.fromkeys(_found(module)))


def _found(module: str) -> Iterator[str]:
    known, parts = table("imports"), module.split(".")
    for size in range(len(parts), 0, -1):
        if (names := known.get(".".join(parts[:size]))) is not None:
            yield from names
            return
    top = parts[0]
    if top in _OWN or is_standard(top):
        return
    for provider in providers("python_module", module if len(parts) > 1 and _is_namespace(top) else top):
        if provider.attribute.startswith(_SET) and provider.exact:
            attribute = provider.attribute.removeprefix(_SET)
            # The set has versions and variants of a distribution beside it. What they are called is nixpkgs' own word:
            # under it anybody may have another distribution.
            name = provider.distribution
            if name and name == name.lower() and "." not in attribute and not re.search(r"_\d", attribute):
                yield name


def _is_namespace(top: str) -> bool:
    return any(key.startswith(f"{top}.") for key in table("imports"))


def is_known(distribution: str) -> bool:
    """Return whether a name of PyPI is one that is known: of the table, or of a package of nixpkgs."""
    name = canonical(distribution)
    if not name or name in _OWN:
        return False
    words = {canonical(item) for names in table("imports").values() for item in names}
    words |= {canonical(names[0]) for names in table("python-programs").values()}
    module = name.replace("-", "_")
    return (
        name in words
        or is_package(f"{_SET}{name}")
        or any(
            canonical(item.distribution or "") == name
            for item in providers("python_module", module)
            if item.attribute.startswith(_SET)
        )
        or is_development(name)
    )


def is_development(distribution: str) -> bool:
    """Return whether a distribution is one that only those who work on a project need."""
    return _DEVELOPMENT.fullmatch(canonical(distribution)) is not None
