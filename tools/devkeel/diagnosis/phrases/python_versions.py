"""What Python's tools print where the Python that runs is not the one that something asks for.

The facts: `wanted`, the version or range that is asked for, and `have`, the version that runs; `since` is the version
that brought what is missing. A cause whose fact `project` is there is about the range that the project itself states.
"""

from __future__ import annotations

from types import MappingProxyType

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

_VERSION = r"\d{1,2}(?:\.\d{1,3}){0,2}(?:(?:a|b|rc)\d{1,2})?"
_RANGE = r"[\d.,<>=!~^* |]{1,60}"

# Names of the standard library by the version that brought them (docs.python.org, "Changed in" and "New in").
_SINCE = {
    "3.9": {"typing": "Annotated", "functools": "cache", "asyncio": "to_thread", "math": "lcm nextafter"},
    "3.10": {
        "typing": "TypeAlias ParamSpec Concatenate TypeGuard is_typeddict",
        "types": "NoneType UnionType EllipsisType",
        "itertools": "pairwise",
        "contextlib": "aclosing",
        "dataclasses": "KW_ONLY",
        "inspect": "get_annotations",
    },
    "3.11": {
        "typing": "Self Never LiteralString Required NotRequired Unpack TypeVarTuple assert_never "
        "assert_type reveal_type "
        "dataclass_transform get_overloads",
        "enum": "StrEnum ReprEnum EnumCheck verify member nonmember",
        "datetime": "UTC",
        "asyncio": "TaskGroup Runner timeout Barrier",
        "contextlib": "chdir",
        "inspect": "getmembers_static",
        "operator": "call",
        "hashlib": "file_digest",
    },
    "3.12": {
        "typing": "override TypeAliasType get_protocol_members",
        "itertools": "batched",
        "collections.abc": "Buffer",
        "inspect": "markcoroutinefunction",
    },
    "3.13": {"typing": "ReadOnly TypeIs NoDefault get_protocol_members", "warnings": "deprecated", "copy": "replace"},
    "3.14": {"concurrent.futures": "InterpreterPoolExecutor", "functools": "Placeholder", "io": "Reader Writer"},
}
_MODULES = (
    ("3.9", r"zoneinfo|graphlib"),
    ("3.11", r"tomllib"),
    ("3.14", r"annotationlib|compression(?:\.zstd)?|string\.templatelib|concurrent\.interpreters"),
)

PHRASES = (
    # uv, crates/uv/src/commands/project and uv-python/src/discovery.rs
    Phrase(
        "uv.interpreter",
        "version",
        "incompatible with the project's Python requirement",
        rf"resolved to Python (?P<have>{_VERSION})[^\n]{{0,80}}project's Python requirement: `(?P<wanted>{_RANGE})`",
        subject="python",
        weight=90,
    ),
    Phrase(
        "uv.no_interpreter",
        "version",
        "No interpreter found for",
        rf"No interpreter found for (?:Python |executable name `python)(?P<wanted>{_RANGE})",
        subject="python",
        weight=90,
    ),
    Phrase(
        "uv.current",
        "version",
        "does not satisfy Python",
        rf"current Python version \((?P<have>{_VERSION})\) does not satisfy\s+Python(?P<wanted>{_RANGE})",
        lines=2,
        subject="python",
        weight=90,
    ),
    Phrase(
        "uv.requires",
        "version",
        "does not satisfy",
        rf"requested Python version \((?P<project>{_RANGE})\) does not satisfy\s+Python(?P<wanted>{_RANGE})",
        lines=2,
        subject="python",
        weight=90,
    ),
    # Only Pythons that a library has wheels for will do, where it is not built.
    Phrase(
        "uv.tags",
        "version",
        "Python ABI tag",
        r"with the following Python ABI tags?: (?P<tags>[`cp\d, t]{4,200})",
        subject="python",
        weight=88,
    ),
    Phrase(
        "uv.only_wheels",
        "version",
        "we only found wheels for",
        r"we only found wheels for `[\w.-]{1,60}` \([^)\n]{1,30}\) with the following Python (?:ABI|implementation) tags?: "
        r"(?P<tags>[`cp\d, t]{4,200})",
        subject="python",
        weight=88,
    ),
    # Poetry, utils/env/exceptions.py and packages/provider.py
    Phrase(
        "poetry.active",
        "version",
        "is not supported by the project",
        rf"Python version (?P<have>{_VERSION}) is not supported by the project \((?P<wanted>{_RANGE})\)",
        subject="python",
        weight=90,
    ),
    Phrase(
        "poetry.current",
        "version",
        "is not allowed by the project",
        rf"Python version \((?P<have>{_VERSION})\) is not allowed by the project \((?P<wanted>{_RANGE})\)",
        subject="python",
        weight=90,
    ),
    Phrase(
        "poetry.range",
        "version",
        "requires Python",
        rf"requires Python (?P<wanted>{_RANGE}), so it will not be (?:satisfied|installable) for Python "
        rf"(?P<project>{_RANGE})",
        subject="python",
        weight=90,
    ),
    # pip, _internal/resolution/resolvelib/factory.py
    Phrase(
        "pip.package",
        "version",
        "requires a different Python",
        rf"requires a different Python: (?P<have>{_VERSION}) not in '?(?P<wanted>{_RANGE})'?",
        subject="python",
        weight=90,
    ),
    Phrase(
        "pip.ignored",
        "version",
        "require a different python version:",
        r"require a different python version: (?P<ignored>[^\n]{1,1500})"
        r"(?:\n[^\n]{0,1500}?satisfies the requirement (?P<requirement>[^\s(]{1,100}))?",
        lines=3,
        subject="python",
        weight=90,
        judge=lambda match, _: bool(match["requirement"]),
    ),
    # pipenv, PDM, Hatch, pyenv, conda
    Phrase(
        "pipenv.python",
        "version",
        "requires python_version",
        rf"requires python_version (?P<wanted>{_VERSION}), but you are using (?P<have>{_VERSION})",
        subject="python",
        weight=90,
    ),
    Phrase(
        "pdm.python",
        "version",
        "doesn't satisfy the project's requires-python",
        rf"(?P<have>{_VERSION})[^\n]{{0,80}}doesn't satisfy the project's "
        rf"requires-python[^\d<>=~]{{0,4}}(?P<wanted>{_RANGE})",
        subject="python",
        weight=90,
    ),
    Phrase(
        "pyenv.missing",
        "version",
        "is not installed (set by",
        rf"pyenv: version [`'](?P<wanted>{_VERSION})' is not installed",
        subject="python",
        weight=90,
    ),
    Phrase(
        "conda.python",
        "version",
        "-> python[version",
        rf"-> python\[version='(?P<wanted>{_RANGE})'",
        subject="python",
        weight=80,
    ),
    # What setup scripts and libraries say of themselves.
    Phrase(
        "python.at_least",
        "version",
        "ython",
        rf"(?:requires?|needs?|supports?)(?: at least| only)? Python (?:version )?(?P<wanted>(?:[<>=~]{{1,2}} "
        rf"?)?{_VERSION})"
        r"(?P<newer> or (?:later|newer|higher|above)|\+)?",
        subject="python",
        weight=70,
        judge=lambda match, _: "Error" in match.string or "ERROR" in match.string or "error:" in match.string,
    ),
    Phrase(
        "python.or_later",
        "version",
        "is required",
        rf"[Pp]ython (?:version )?(?:>= ?)?(?P<wanted>{_VERSION})(?P<newer> or (?:later|newer|higher|above)|\+)"
        rf"? is required",
        subject="python",
        weight=70,
    ),
    Phrase(
        "python.minimum",
        "version",
        "minimum supported Python version is",
        rf"does not work on Python (?P<have>{_VERSION})[^\n]{{0,80}}minimum supported Python version is "
        rf"(?P<since>{_VERSION})",
        subject="python",
        weight=90,
    ),
    # What newer versions of the standard library have.
    *(
        Phrase(
            f"python.since_{version}_{module}",
            "version",
            "cannot import name",
            rf"cannot import name '(?P<name>{'|'.join(names.split())})' from '{module.replace('.', '[.]')}'",
            subject="python",
            weight=91,
            facts=MappingProxyType({"since": version}),
        )
        for version, modules in _SINCE.items()
        for module, names in modules.items()
    ),
    *(
        Phrase(
            f"python.has_{version}_{module}",
            "version",
            "has no attribute",
            rf"module '{module.replace('.', '[.]')}' has no attribute '(?P<name>{'|'.join(names.split())})'",
            subject="python",
            weight=91,
            facts=MappingProxyType({"since": version}),
        )
        for version, modules in _SINCE.items()
        for module, names in modules.items()
    ),
    *(
        Phrase(
            f"python.module_{version}",
            "version",
            "No module named",
            rf"No module named '(?P<name>{modules})'",
            subject="python",
            weight=91,
            facts=MappingProxyType({"since": version}),
            judge=lambda match, text: text.count("No module named") == text.count(match[0]),
        )
        for version, modules in _MODULES
    ),
)
