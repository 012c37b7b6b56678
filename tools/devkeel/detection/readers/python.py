"""Manifests and locks of Python: pyproject.toml, requirements, Pipfile, setup.py, what uv, Poetry and PDM lock."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from devkeel.project.environment_files import is_requirements_file
from devkeel.source import toml, yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from devkeel.detection.evidence import Clue
    from devkeel.detection.repository import RepositoryFile

__all__ = ["PythonManifests"]

_LANGUAGE = "python"
# What a lock says by its name: the setting below languages.python, or the attribute of a package, of its manager.
_LOCKS: dict[str, tuple[str, str | None, str | None]] = {
    "uv.lock": ("uv", "uv.enable", None),
    "poetry.lock": ("Poetry", "poetry.enable", None),
    "pdm.lock": ("PDM", None, "pdm"),
    "Pipfile.lock": ("Pipenv", None, "pipenv"),
}
_OLD = frozenset({"setup.py", "setup.cfg", "tox.ini"})
_CONDA = frozenset({"environment.yml", "environment.yaml"})
_CONDA_PYTHON = re.compile(r"python\s*={1,2}\s*(\d+(?:\.\d+)*)")
# Distributions of PyPI that are built with a program of a library where no wheel fits: the package that has it.
_BUILT_WITH = {
    # psycopg 2, Installation, "Build prerequisites": the program pg_config
    "psycopg2": ("postgresql", "pg_config"),
    # mysqlclient, Install: pkg-config finds the client library
    "mysqlclient": ("libmysqlclient", "the client library of MySQL"),
    # python-ldap, Installing, "Build prerequisites"
    "python-ldap": ("openldap", "the library of OpenLDAP"),
}
# Client libraries: a database that another machine may have.
_CLIENTS = {
    **dict.fromkeys(("psycopg", "psycopg2", "psycopg2-binary", "asyncpg", "pg8000"), "postgres"),
    **dict.fromkeys(("mysqlclient", "pymysql", "aiomysql"), "mysql"),
    **dict.fromkeys(("pymongo", "motor", "mongoengine"), "mongodb"),
    **dict.fromkeys(("redis", "aioredis", "django-redis"), "redis"),
    "elasticsearch": "elasticsearch",
    "pika": "rabbitmq",
    "pymemcache": "memcached",
}
_NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
_BACKENDS = {"poetry": "poetry.enable", "uv": "uv.enable"}
# What an environment of pip is made of, the first that is there; what names more of these is for more than running.
_REQUIREMENTS = ("requirements.txt", "requirements/base.txt", "requirements/common.txt", "requirements/main.txt")
# pip, "Requirements File Format": another file, relative to this one, which devenv puts elsewhere.
_OF_ANOTHER = re.compile(r"\s*(?:-r|-c|--requirement|--constraint)[\s=]?")
# setuptools, "Configuring setuptools using setup.cfg files": the sections that say what a distribution is.
_OF_SETUPTOOLS = re.compile(r"\s*\[(?:metadata|options(?:\.[\w.]+)?)\]")
# What conda-forge calls that devenv has a language of.
_CONDA_LANGUAGES = {"r-base": "r", "nodejs": "javascript", "go": "go", "rust": "rust", "julia": "julia"}
_CONDA_NAME = re.compile(r"(?:[\w-]+::)?([\w.-]+)")


class PythonManifests:
    """Reads what Python projects declare."""

    def matches(self, name: str) -> bool:
        """Return whether a file is one of Python's, by its path."""
        base = posixpath.basename(name)
        known = base in _LOCKS or base in _OLD or base in _CONDA or base in ("pyproject.toml", "Pipfile")
        return known or is_requirements_file(name)

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield the language with its version and its manager, and what its libraries are built with."""
        base = posixpath.basename(file.name)
        if base in _LOCKS:
            return _lock(file, *_LOCKS[base])
        if base in _OLD:
            return _old(file, base)
        if base in _CONDA:
            return _conda(file)
        if base == "pyproject.toml":
            return _pyproject(file)
        return _pipfile(file) if base == "Pipfile" else _requirements(file)


def _language(file: RepositoryFile, line: int | None, why: str, **more: Any) -> Clue:  # noqa: ANN401  (of a clue)
    return file.clue("language", _LANGUAGE, line, "certain", why, **more)


def _lock(file: RepositoryFile, manager: str, option: str | None, package: str | None) -> Iterator[Clue]:
    yield _language(file, None, f"{manager} has locked it", options={option: True} if option else {})
    if package is not None:
        yield file.clue("package", package, None, "certain", f"{manager} has locked it")


def _old(file: RepositoryFile, base: str) -> Iterator[Clue]:
    # They are programs, or name what pip reads, and settings of other tools: no more is taken than that they are there.
    if base == "tox.ini":
        yield file.clue("test", "tox", file.line_with("[tox]"), "possible", "tox runs the tests", value="tox")
        return
    if base == "setup.py" or any(map(_OF_SETUPTOOLS.match, file.lines)):
        yield _language(file, None, "setuptools builds it")


def _conda(file: RepositoryFile) -> Iterator[Clue]:
    try:
        listed = yaml.get(file.data, "dependencies")
    except KeyError:
        return
    for item in _conda_items(listed):
        found, name = _CONDA_PYTHON.match(item), _CONDA_NAME.match(item)
        line = file.line_with(item)
        if found is not None:
            yield _language(file, line, f"conda is asked for Python {found[1]}", version=found[1])
        elif name is not None and name[1] in _CONDA_LANGUAGES:
            yield file.clue("language", _CONDA_LANGUAGES[name[1]], line, "likely", "conda installs it")
        elif name is not None and name[1] == "python":
            yield _language(file, line, "conda installs it")
        elif name is not None and name[1] != "pip":
            yield file.clue("left", name[1], line, "certain", "conda installs them")


def _conda_items(listed: object) -> Iterator[str]:
    """Yield what conda installs, and what it has pip install."""
    for item in listed if isinstance(listed, list) else ():
        if isinstance(item, str):
            yield item
        elif isinstance(item, dict):
            yield from _conda_items(item.get("pip"))


def _pyproject(file: RepositoryFile) -> Iterator[Clue]:
    document = toml.Document(file.data, file.name)
    model = document.model
    project, tools = _table(model, "project"), _table(model, "tool")
    poetry, build = _table(tools, "poetry"), _table(model, "build-system")
    if not project and not poetry and not build:
        return  # settings of tools alone: ruff in a project of another language
    asked = project.get("requires-python"), _table(poetry, "dependencies").get("python")
    paths = ("project", "requires-python"), ("tool", "poetry", "dependencies", "python")
    found = next(((item, path) for item, path in zip(asked, paths, strict=True) if isinstance(item, str)), None)
    top = document.place("project" if project else "tool" if poetry else "build-system").line or 1
    if found is not None:
        line = document.place(*found[1]).line
        yield _language(file, line, f"it asks for Python {found[0]}", version=found[0])
    else:
        yield _language(file, top, "it is a project of Python")
    for manager, option in _BACKENDS.items():
        if manager in tools:
            line = file.line_with(f"[tool.{manager}")
            yield _language(file, line, f"{manager} manages it", options={option: True})
    yield from _libraries(file, project.get("dependencies"))
    yield from _libraries(file, list(_table(poetry, "dependencies")))
    if "pytest" in tools:
        line = file.line_with("[tool.pytest")
        yield file.clue("test", "pytest", line, "possible", "pytest is set up", value="pytest")


def _pipfile(file: RepositoryFile) -> Iterator[Clue]:
    document = toml.Document(file.data, file.name)
    requires = _table(document.model, "requires")
    version = requires.get("python_full_version") or requires.get("python_version")
    yield file.clue("package", "pipenv", 1, "certain", "Pipenv manages it", seen="Pipfile")
    if isinstance(version, str):
        line = file.line_with("python_", version)
        yield _language(file, line, f"it asks for Python {version}", version=version)
    else:
        yield _language(file, 1, "it is a project of Python", seen="Pipfile")
    yield from _libraries(file, list(_table(document.model, "packages")))


def _requirements(file: RepositoryFile) -> Iterator[Clue]:
    # pip installs into an environment; what a manager locks, it installs into one of its own.
    up = "../" if file.folder == "requirements" else ""
    alone = (not file.nested or up) and not any(file.beside(up + lock) is not None for lock in (*_LOCKS, "Pipfile"))
    first = next((name for name in _REQUIREMENTS if file.beside(up + name) is not None), None)
    taken = alone and file.name == first and not any(map(_OF_ANOTHER.match, file.lines))
    options, paths = {"venv.enable": True} if alone else {}, {"venv.requirements": file.name} if taken else {}
    yield _language(file, None, "pip installs it", options=options, paths=paths)
    yield from _libraries(file, file.lines)


def _libraries(file: RepositoryFile, listed: object) -> Iterator[Clue]:
    """Yield what libraries say: what builds them, and which databases they speak to."""
    for item in listed if isinstance(listed, (list, tuple)) else ():
        found = _NAME.match(item.strip()) if isinstance(item, str) else None
        if found is None:
            continue
        name = found[0].lower().replace("_", "-")
        line = file.line_with(found[0])
        if name in _BUILT_WITH:
            package, what = _BUILT_WITH[name]
            yield file.clue("package", package, line, "likely", f"{name} is built with {what}")
        if name in _CLIENTS:
            yield file.clue("service", _CLIENTS[name], line, "possible", f"{name} speaks to it, wherever it runs")


def _table(model: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = model.get(name)
    return found if isinstance(found, dict) else {}
