"""The edits that declare what a command would install past a declaration."""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING, Any

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError
from devkeel.project.root import DECLARATION, INPUTS, MANIFESTS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from devkeel.catalogue import aliases, inputs, options, packages
    from devkeel.guard.installers import Install
    from devkeel.project.root import Project
else:
    aliases, options = Deferred("devkeel.catalogue.aliases"), Deferred("devkeel.catalogue.options")
    inputs, packages = Deferred("devkeel.catalogue.inputs"), Deferred("devkeel.catalogue.packages")

__all__ = ["PYTHON", "declares_it", "edits_for", "mentioned"]

# Where libraries of Python are named, in a project's root.
PYTHON = ("pyproject.toml", "requirements.in", "requirements.txt", "environment.yml", "environment.yaml")
_SERVER = ("-server", "")
_EXTRAS = re.compile(r"\[[^\]]*\]")
# A language of a version: the option that takes one, and how it is written there.
_VERSIONS = {
    "python": ("version", re.compile(r"(?:cpython[-@])?(3\.\d+(?:\.\d+)?)")),
    "ruby": ("version", re.compile(r"(\d+\.\d+(?:\.\d+)?)")),
    "go": ("version", re.compile(r"(\d+\.\d+\.\d+)")),
    "php": ("version", re.compile(r"(\d+\.\d+)")),
    "terraform": ("version", re.compile(r"(\d+\.\d+\.\d+)")),
    "zig": ("version", re.compile(r"(\d+\.\d+\.\d+)")),
    "rust": ("channel", re.compile(r"(nightly|beta)(?:-.*)?")),
}
# Or the package of that version.
_PACKAGES = {
    "javascript": ("languages.javascript.package", "nodejs_{}"),
    "java": ("languages.java.jdk.package", "jdk{}"),
}
_MAJOR = re.compile(r"v?(\d+)(?:\D.*)?")


def edits_for(project: Project, install: Install) -> Iterator[dict[str, Any]]:
    """Yield the edits that declare what is installed, none for what is not known."""
    if install.declared or (install.kind != "library" and not project.exists(DECLARATION)):
        return
    if install.kind == "library" and (install.language == "python" or project.exists("Gemfile")):
        if install.names:
            names = [_EXTRAS.sub("", name) for name in install.names] if _is_conda(project) else install.names
            yield {"kind": "add_library", "language": install.language, "names": [*names]}
    elif install.kind == "toolchain":
        if install.language is not None:
            yield from _language(project, install.language, install.version)
    elif install.kind == "tool":
        yield from _tools(project, install)
    else:
        yield from _programs(project, install.names)


def _tools(project: Project, install: Install) -> Iterator[dict[str, Any]]:
    if install.names == ("corepack",):
        yield {"kind": "enable", "name": "languages.javascript", "settings": {"corepack.enable": True}}
        return
    others = []
    for name in install.names:
        language = next((item for item in (name, *aliases.group_names(name)) if _enables("languages", item)), None)
        if language is None:
            others.append(name)
        else:
            yield from _language(project, language, install.version)
    yield from _programs(project, others)


def _programs(project: Project, names: Sequence[str]) -> Iterator[dict[str, Any]]:
    found = [_declaration(project, name) for name in names]
    yield from ({"kind": "enable", "name": name} for kind, name in found if kind == "service")
    known = list(dict.fromkeys(name for kind, name in found if kind == "package"))
    if known:
        yield {"kind": "add_packages", "names": known}


def _language(project: Project, language: str, version: str | None) -> Iterator[dict[str, Any]]:
    """Yield what enables a language, of a version where the text says one that an option of devenv can take."""
    enable: dict[str, Any] = {"kind": "enable", "name": f"languages.{language}"}
    option, form = _VERSIONS.get(language, ("", None))
    given = form.fullmatch(version) if form is not None and version else None
    if given is not None:
        yield from _inputs(project, (*("languages", language), option), given[1])
        yield enable | {"settings": {option: given[1]}}
        return
    yield enable
    path, package = _PACKAGES.get(language, ("", ""))
    major = _MAJOR.fullmatch(version) if path and version else None
    name = package.format(major[1]) if major is not None else ""
    if name and packages.known(name, project.read("devenv.lock")).known:
        yield {"kind": "set", "path": path, "expression": f"pkgs.{name}"}


def _inputs(project: Project, path: tuple[str, ...], value: str) -> Iterator[dict[str, Any]]:
    """Yield the inputs that an option needs, but for those that the project's file of inputs mentions."""
    text = (project.read(INPUTS) or b"").decode("utf-8", "replace")
    for item in inputs.needed_inputs(path, value):
        if not any(name in text for name in (item.name, *item.also)):
            yield item.edit


def _is_conda(project: Project) -> bool:
    """Return whether libraries of Python go into an environment.yml, whose packages have no extras."""
    first = next((name for name in PYTHON if project.exists(name)), "")
    return first.startswith("environment.")


def _declaration(project: Project, name: str) -> tuple[str, str]:
    """Return what a program of another package manager is called: a service, a package, or nothing that is known."""
    for end in _SERVER:
        plain = name.removesuffix(end)
        for service in (plain, *aliases.group_names(plain)):
            if _enables("services", service):
                return "service", service
    lock = project.read("devenv.lock")
    for other in (name, *packages.called(name)):
        if packages.known(other, lock).known:
            return "package", other
    return "", name


def _enables(group: str, name: str) -> bool:
    try:
        return options.enable_path(name)[:1] == (group,)
    except DevkeelError:
        return False


def declares_it(project: Project, install: Install, folder: str) -> bool:
    """Return whether what an install names without a name is what the project declares: itself, and its own files.

    folder: where the command runs, absolute.
    """
    root = str(project.root)
    own = all(posixpath.normpath(posixpath.join(folder, _EXTRAS.sub("", item))) == root for item in install.places)
    files = [posixpath.normpath(posixpath.join(folder, item)) for item in install.files]
    return own and all(_is_declared(project, posixpath.relpath(item, root)) for item in files)


def _is_declared(project: Project, name: str) -> bool:
    """Return whether `apply` installs a file of requirements: the main one, a group, or one that is named."""
    if posixpath.basename(name).startswith(("requirements", "dev-requirements", "environment")) and "/" not in name:
        return True
    return any(name.encode() in (project.read(item) or b"") for item in (DECLARATION, *MANIFESTS))


def mentioned(project: Project, edits: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return the names in edits that the declaration has a word for already, where all have one; else []."""
    found = list[str]()
    for edit in edits:
        names = edit.get("names") or [str(edit.get("name", "")).rpartition(".")[2]]
        files = MANIFESTS if edit["kind"] == "add_library" else (DECLARATION,)
        texts = [(project.read(item) or b"").decode("utf-8", "replace") for item in files]
        if edit["kind"] in ("set", "set_input") or "settings" in edit or not all(_said(name, texts) for name in names):
            return []
        found += names
    return found


def _said(name: str, texts: list[str]) -> bool:
    # PEP 503: `-`, `_` and `.` are one in names of libraries.
    word = re.compile(rf"(?<![\w-]){re.sub('[-_.]+', '[-_.]+', re.escape(name))}(?![\w-])", re.IGNORECASE)
    return any(word.search(text) for text in texts)
