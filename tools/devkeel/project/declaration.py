"""The declaration: which files say what the environment is, and what they begin as."""

from __future__ import annotations

import posixpath
import re
from contextlib import suppress
from functools import lru_cache
from typing import TYPE_CHECKING

from devkeel.errors import DevkeelError
from devkeel.project.root import (
    DECLARATION,
    DECLARATION_FILES,
    INPUTS,
    LOCAL_INPUTS,
    LOCK_FILES,
    MANIFESTS,
    revision_of,
)
from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from devkeel.project.root import Reader

__all__ = [
    "TEMPLATES",
    "always_imported",
    "beginning",
    "declared_revision",
    "dotenv_files",
    "environment_names",
    "imports_of",
    "is_literal_import",
    "lock_revision",
    "nix_imports",
    "origin",
    "parts_of",
    "read_declaration",
    "role_of",
    "yaml_imports",
]

_MAX_FILES = 200
_LITERAL = re.compile(r"\.{1,2}/[\w./+-]+")
_IMPORTS = ("imports",)

_DEVENV_NIX = b"""{ pkgs, ... }:

{
  # https://devenv.sh/packages/
  packages = [ ];
}
"""
_DEVENV_YAML = b"""inputs:
  nixpkgs:
    url: github:cachix/devenv-nixpkgs/rolling
"""
# The least that another backend makes an environment of, by the file that it begins; `{name}` is the project's.
TEMPLATES = {
    "conda": ("environment.yml", "name: {name}\nchannels:\n  - conda-forge\ndependencies:\n  - python\n"),
    "venv": (
        "pyproject.toml",
        '[project]\nname = "{name}"\nversion = "0.1.0"\nrequires-python = ">=3.11"\ndependencies = []\n',
    ),
    "flake": (
        "flake.nix",
        """{{
  description = "{name}";

  inputs.nixpkgs.url = "github:NixOS/nixpkgs/nixpkgs-unstable";

  outputs = {{ self, nixpkgs }}: {{
    devShells = builtins.mapAttrs (system: pkgs: {{
      default = pkgs.mkShell {{
        packages = [ ];
      }};
    }}) nixpkgs.legacyPackages;
  }};
}}
""",
    ),
}
_DECLARING = {
    "conda": ("conda-lock.yml", "environment.yml", "environment.yaml"),
    "venv": ("pyproject.toml", "requirements.txt"),
    "flake": ("flake.nix",),
}
# What dotenv reads unless a project says otherwise (devenv, src/modules/integrations/dotenv.nix).
_DOTENV = ".env"
# Files that name libraries, beside a devenv.nix too, and those that lock them.
_LIBRARIES = (*MANIFESTS, "requirements.in", "package.json", "Cargo.toml", "go.mod", "Gemfile")
_LOCKS = (*LOCK_FILES, "uv.lock", "flake.lock")
# devenv, src/modules/languages: a text, relative to the root, which `config.devenv.root` is too.
_FOLDER = re.compile(r'"(?:\$\{config\.(?:devenv\.root|env\.DEVENV_ROOT)\}/)?(?P<name>[\w.][\w./-]*)"')
# As pip reads them, in a file of its own or in the list of environment.yml.
_INCLUDES = re.compile(
    rb"^[ \t]*(?:-[ \t]+[\"']?)?(?:-[rc]|--requirement|--constraint)[ \t=]*([^\s\"'#]+)", re.MULTILINE
)
_MAX_BYTES = 16 * 1024 * 1024
_IGNORED = (".devenv*", "devenv.local.nix", "devenv.local.yaml", ".direnv")


def read_declaration(project: Reader) -> dict[str, bytes]:
    """Return the bytes of every declaration file: devenv.nix, devenv.yaml, the local ones, their imports.

    Without a devenv.nix: what another backend's environment is declared by. project: or a candidate, for the files as
    a change would leave them.
    """
    found = project.read_all(DECLARATION_FILES)
    if DECLARATION not in found:
        # Another backend's project: what declares its environment is the declaration.
        found |= project.read_all(MANIFESTS)
    waiting = list(found)
    while waiting and len(found) < _MAX_FILES:
        name = waiting.pop()
        for other in imports_of(origin(project, name), found[name], project.way_to_work_tree):
            try:
                relative = project.resolve(other)
                data = None if relative in found else project.read(relative)
            except DevkeelError:
                continue  # outside the root: not ours to read; a deeper rung reports what is missing
            if data is not None:
                found[relative] = data
                waiting.append(relative)
    return found


def dotenv_files(files: Mapping[str, bytes]) -> frozenset[str]:
    """Return the files of secrets that a declaration asks for with `dotenv.enable` and `dotenv.filename`, by path.

    What is computed is not seen. A profile may ask as well.
    """
    asks, names = False, set[str]()
    for name, data in files.items():
        if not name.endswith(".nix"):
            continue
        document = nix.Document(data, name)
        with suppress(DevkeelError):
            for item in document.definitions:
                value = document.value(item)
                asks |= item.path[-2:] == ("dotenv", "enable") and value is not False
                if item.path[-2:] == ("dotenv", "filename"):
                    names |= {each for each in (value if isinstance(value, list) else [value]) if isinstance(each, str)}
    found = {posixpath.normpath(name) for name in names or {_DOTENV}}
    return frozenset(name for name in found if posixpath.basename(name).startswith(_DOTENV)) if asks else frozenset()


def imports_of(name: str, data: bytes, top: str = ".") -> Iterator[str]:
    """Yield the files that a declaration file may import, relative to the root: literal paths only.

    top: the way from there to the root of the Git work tree, where devenv.yaml's paths that begin with / begin (devenv,
    devenv-core/src/config.rs, `resolve_import_path`).
    """
    base = posixpath.dirname(name)
    if name.endswith(".nix"):
        for target in nix_imports(data):
            path = posixpath.normpath(posixpath.join(base, target))
            yield path
            yield posixpath.join(path, "default.nix")
    elif posixpath.basename(name) == INPUTS or name == LOCAL_INPUTS:
        for target in yaml_imports(data):
            if not target.startswith((".", "/")):
                continue  # what an input holds
            start = top if target.startswith("/") else base
            path = posixpath.normpath(posixpath.join(start, target.lstrip("/")))
            yield from (posixpath.join(path, DECLARATION), posixpath.join(path, INPUTS), path)


def origin(project: Reader, name: str) -> str:
    """Return the file that relative paths of a file begin at: of a Nix file that is a link, what it leads to."""
    # nix, src/libexpr/parser.y and eval.cc, `resolveExprPath`: links are followed before a file is parsed.
    return project.resolve(name) if name in (DECLARATION, "devenv.local.nix") else name


def always_imported(project: Reader, files: Mapping[str, bytes]) -> frozenset[str]:
    """Return the files of a declaration that are a part of it whatever holds: no condition decides about an import."""
    known = {name for name in DECLARATION_FILES if name in files}
    waiting = [*known]
    while waiting:
        name = waiting.pop()
        data = files[name]
        if name.endswith(".nix"):
            data = f"{{ imports = [ {' '.join(nix_imports(data, always=True))} ]; }}".encode()
        for target in imports_of(origin(project, name), data, project.way_to_work_tree):
            with suppress(DevkeelError):  # outside of the root
                relative = project.resolve(target)
                if relative in files and relative not in known:
                    known.add(relative)
                    waiting.append(relative)
    return frozenset(known)


def nix_imports(data: bytes, *, always: bool = False) -> list[str]:
    """Return the literal relative paths that a Nix module imports, as it writes them; those of every case if `always`.

    `imports = [ ./a.nix ] ++ lib.optional c ./b.nix;` imports `./a.nix` always.
    """
    if b"imports" not in data:
        return []
    document = nix.Document(data)
    try:
        found = [item for item in document.focus(_IMPORTS).definitions if item.raw == _IMPORTS]
    except DevkeelError:
        return []
    elements = [element for item in found for element in nix.elements_of(document, item)]
    return [item.source for item in elements if is_literal_import(item.source) and (item.always or not always)]


def is_literal_import(source: str) -> bool:
    """Return whether the source of an import is a relative path that is read as it stands."""
    return _LITERAL.fullmatch(source) is not None


def yaml_imports(data: bytes) -> list[str]:
    """Return what a devenv.yaml imports: paths, and names of inputs with what they hold."""
    if b"imports" not in data:
        return []
    from ruamel.yaml import YAML  # noqa: PLC0415  (27 ms that most projects do not need)
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415  (with the 27 ms)

    try:
        loaded = YAML(typ="safe", pure=True).load(data.decode())
    except (YAMLError, ValueError, RecursionError):  # a date that is none, an integer of 4,300 digits, deep nesting
        return []
    items = loaded.get("imports") if isinstance(loaded, dict) else None
    return [item for item in (items if isinstance(items, list) else []) if isinstance(item, str)]


def parts_of(project: Reader, files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return what a declaration is made of beside its own files, which checks do not look into.

    That is: manifests of libraries with what they include (`-r`, `-c`), and the files that Nix text names by a literal
    path, through the files that it imports. Secrets (`.env`) and locks are none of it. At most 200 files, 16 MiB.
    """
    found, size = dict[str, bytes](), 0
    named = (target for name, data in files.items() for target in _named_in(origin(project, name), data))
    waiting = [*_LIBRARIES, *named]
    waiting += [target for name, data in files.items() if name.endswith(".nix") for target in _in_directories(data)]
    while waiting and len(found) < _MAX_FILES and size < _MAX_BYTES:
        name = waiting.pop(0)
        if posixpath.basename(name).startswith(_DOTENV) or name in _LOCKS:
            continue
        with suppress(DevkeelError):  # outside of what may be read, a directory, too large
            relative = project.resolve(name)
            data = None if relative in found or relative in files else project.read(relative)
            if data is not None:
                found[relative], size = data, size + len(data)
                waiting += _named_in(relative, data)
    return found


@lru_cache(maxsize=64)
def _in_directories(data: bytes) -> tuple[str, ...]:
    """Return the manifests of libraries in the directories that languages are given (`languages.python.directory`)."""
    if b"directory" not in data:
        return ()
    try:
        definitions = nix.Document(data).definitions
    except DevkeelError:
        return ()
    found = list[str]()
    for item in definitions:
        if item.path[:1] == ("languages",) and item.path[-1] == "directory" and item.value is not None:
            source = data[item.value.start_byte : item.value.end_byte].decode("utf-8", "replace")
            folder = _FOLDER.fullmatch(source)
            found += [posixpath.normpath(f"./{folder['name']}/{name}") for name in _LIBRARIES] if folder else []
    return tuple(found)


def declared_revision(project: Reader, files: Mapping[str, bytes]) -> str:
    """Return the revision of a declaration: over its own files and all that it is made of."""
    return revision_of({**parts_of(project, files), **files})


def _named_in(name: str, data: bytes) -> list[str]:
    """Return the files that a file names literally, relative to the root."""
    base = posixpath.dirname(name)
    if name.endswith(".nix"):
        targets = _paths_in(data)
    elif name.endswith((".txt", ".in", ".yml", ".yaml")):
        targets = tuple(each.decode("utf-8", "replace") for each in _INCLUDES.findall(data))
    elif posixpath.basename(name) == "pyproject.toml":
        targets = _dynamic(data)
    else:
        return []
    return [posixpath.normpath(posixpath.join(base, target)) for target in targets if not target.startswith("/")]


@lru_cache(maxsize=64)
def _paths_in(data: bytes) -> tuple[str, ...]:
    if b"./" not in data:
        return ()
    found, waiting = dict[str, None](), [nix.Document(data).root]
    while waiting:
        node = waiting.pop()
        waiting += reversed(node.named_children)
        if node.type == "path_expression":
            source = data[node.start_byte : node.end_byte].decode("utf-8", "replace")
            if _LITERAL.fullmatch(source):
                found[source] = None
                found[f"{source}/default.nix"] = None
    return tuple(found)


def _dynamic(data: bytes) -> tuple[str, ...]:
    """Return the files that setuptools takes dependencies from."""
    if b"dynamic" not in data:
        return ()
    from devkeel.source import toml  # noqa: PLC0415  (3 ms, and most projects have no such table)

    try:
        table = toml.loads(data)["tool"]["setuptools"]["dynamic"]
        groups = [table.get("dependencies"), *table.get("optional-dependencies", {}).values()]
        lists = [group["file"] for group in groups if group is not None]
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return ()
    return tuple(each for item in lists for each in ([item] if isinstance(item, str) else item))


def lock_revision(project: Reader) -> str | None:
    """Return the hash over the lock files, or None when there is none."""
    files = dict[str, bytes]()
    for name in _LOCKS:
        with suppress(DevkeelError):  # a lock of more than 4 MiB, or one that may not be read, is for its own tool
            files |= project.read_all((name,))
    return revision_of(files) if files else None


def environment_names() -> tuple[str, ...]:
    """Return the names at the root that are environment files wherever they are: declarations, libraries, locks."""
    return (*DECLARATION_FILES, *_LIBRARIES, *_LOCKS)


def role_of(name: str, *, beside: bool = False) -> str:
    """Return what an environment file is for; `beside`: it is a part that checks do not look into."""
    return {
        DECLARATION: "declaration",
        INPUTS: "inputs",
        "devenv.local.nix": "local declaration",
        "devenv.local.yaml": "local inputs",
        **dict.fromkeys(_LIBRARIES, "libraries" if beside else "declaration"),
    }.get(name, "part" if beside else "import")


def beginning(project: Reader, backend: str = "devenv") -> Mapping[str, bytes]:
    """Return the files that a project without a declaration begins with, those that it lacks.

    backend: whose environment they declare; nothing where one of its files is there already.
    """
    if backend != "devenv":
        name, text = TEMPLATES[backend]
        if any(project.exists(other) for other in _DECLARING[backend]):
            return {}
        plain = re.sub(r"[^a-z0-9]+", "-", project.root.name.lower()).strip("-") or "project"
        return {name: text.format(name=plain).encode(), **_ignoring(project, _IGNORED[-1:])}
    if project.read(DECLARATION) is not None:
        return {}
    files = {DECLARATION: _DEVENV_NIX}
    if project.read(INPUTS) is None:
        files[INPUTS] = _DEVENV_YAML
    return {**files, **_ignoring(project, _IGNORED)}


def _ignoring(project: Reader, lines: Sequence[str]) -> dict[str, bytes]:
    """Return a .gitignore with the lines that it lacks, nothing where it has them."""
    ignored = project.read(".gitignore") or b""
    known = [line.strip().rstrip("/") for line in ignored.decode("utf-8", "replace").split("\n")]
    missing = [line for line in lines if line not in known]
    if not missing:
        return {}
    start = ignored if not ignored or ignored.endswith(b"\n") else ignored + b"\n"
    return {".gitignore": start + "".join(f"{line}\n" for line in missing).encode()}
