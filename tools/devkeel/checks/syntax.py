"""The `syntax` rung: what the text alone shows, in process, in milliseconds."""

from __future__ import annotations

import posixpath
from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from devkeel.deferred import Deferred
from devkeel.errors import DevkeelError, Diagnostic, Place, ProjectError
from devkeel.project.declaration import nix_imports, origin

if TYPE_CHECKING:
    from devkeel.candidate.candidate import Candidate
    from devkeel.checks import repair
    from devkeel.source import jsonc, nix, toml_document
else:
    jsonc, toml_document = Deferred("devkeel.source.jsonc"), Deferred("devkeel.source.toml_document")
    repair = Deferred("devkeel.checks.repair")

__all__ = ["check"]

# Files of the suffix .json that may have comments in them, and commas behind the last: editors read them so.
_WITH_COMMENTS = frozenset({"devcontainer.json"})


def check(subject: Candidate) -> list[Diagnostic]:
    """Return the syntax errors of Nix, YAML, TOML and JSON files, and what Nix rejects while parsing."""
    found: list[Diagnostic] = []
    for name, data in sorted(subject.files.items()):
        if name.endswith(".nix"):
            found += _check_nix(subject, subject.document(name))
            found += _check_imports(subject, name, data)
        elif name.endswith((".yaml", ".yml")):
            found += _check_yaml(name, data)
        elif name.endswith(".toml"):
            found += _check_model(name, toml_document.Document(data, name), "model")
        elif name.endswith(".json"):
            strict = posixpath.basename(name).lstrip(".") not in _WITH_COMMENTS
            found += _check_model(name, jsonc.Document(data, name, strict=strict), "root")
    return found


def _check_nix(subject: Candidate, document: nix.Document) -> list[Diagnostic]:
    try:
        document.require_utf8()
    except ProjectError as error:
        return [Diagnostic(error.code, "error", error.message, "syntax", error.place)]
    found = [
        Diagnostic(item.code, "error", item.message, "syntax", document.place(item.offset))
        for item in document.problems
    ]
    if found:
        found[0] = replace(found[0], suggestions=repair.suggest_repairs(subject, document.name))
    return found


def _check_imports(subject: Candidate, name: str, data: bytes) -> list[Diagnostic]:
    """Return a warning for each literal relative import within the root that leads to no file."""
    found = []
    for target in nix_imports(data, always=True):
        path = posixpath.normpath(posixpath.join(posixpath.dirname(origin(subject, name)), target))
        # nix, src/libexpr/eval.cc, `resolveExprPath`: a directory stands for its default.nix.
        inside = {path, posixpath.join(path, "default.nix")}
        if path.startswith("..") or inside & subject.files.keys() or subject.exists(path):
            continue
        at = data.find(target.encode(), data.find(b"imports"))
        place = subject.document(name).place(at) if at >= 0 else Place(name)
        found.append(
            Diagnostic("missing_import", "warning", f"There is no {path} to import", "syntax", place, "imports")
        )
    return found


def _check_model(name: str, document: toml_document.Document | jsonc.Document, model: str) -> list[Diagnostic]:
    try:
        getattr(document, model)
    except DevkeelError as error:
        place = error.place or Place(name)
        return [Diagnostic(error.code, "error", error.message.rstrip("."), "syntax", place)]
    return []


@lru_cache(maxsize=16)  # a change is judged before and after, mostly with the same devenv.yaml
def _check_yaml(name: str, data: bytes) -> tuple[Diagnostic, ...]:
    from ruamel.yaml import YAML  # noqa: PLC0415  (27 ms that a Nix edit does not need)
    from ruamel.yaml.error import MarkedYAMLError, YAMLError  # noqa: PLC0415  (with the 27 ms)

    try:
        YAML(typ="safe", pure=True).load(data.decode())
    except UnicodeDecodeError as error:
        message = f"The file is not UTF-8 at byte {error.start}."
        return (Diagnostic("not_utf8", "error", message, "syntax", Place(name)),)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(name, mark.line + 1, mark.column + 1) if mark else Place(name)
        return (Diagnostic("syntax_error", "error", str(error.problem), "syntax", place),)
    except YAMLError as error:
        return (Diagnostic("syntax_error", "error", str(error).split("\n")[0], "syntax", Place(name)),)
    except ValueError as error:  # a date that is none, an integer of 4,300 digits
        return (Diagnostic("syntax_error", "error", f"A value cannot be read: {error}.", "syntax", Place(name)),)
    except RecursionError:
        return (Diagnostic("too_deep", "error", "The file is nested too deep to be read.", "syntax", Place(name)),)
    return ()
