"""Whether libraries resolve: the language's own resolver is asked in a stage, and a lock that is there is renewed.

A lock file that is not there is not made. What the resolver says against it becomes a finding; where there is no
resolver, or no network, the answer says so.
"""

from __future__ import annotations

import posixpath
import re
from typing import TYPE_CHECKING

from msgspec import Struct, field
from msgspec.structs import replace

from devkeel.deferred import Deferred
from devkeel.diagnosis.causes import both_ends
from devkeel.diagnosis.network import is_unreached
from devkeel.errors import CheckFailed, Diagnostic, Place, Unavailable
from devkeel.libraries.manifests import conda_file
from devkeel.libraries.manifests.pyproject import requirements_of
from devkeel.libraries.manifests.requirements_file import compiled_by, hashless
from devkeel.libraries.resolve import failures
from devkeel.libraries.resolve.compile_command import command_of
from devkeel.libraries.resolve.cool_down import cool_down, dates_unknown, with_age
from devkeel.libraries.resolve.declared_python import PINNED, declared_python
from devkeel.libraries.resolve.includes import require_beneath
from devkeel.libraries.resolve.installers import find_uv, pip_of, tool_environment
from devkeel.libraries.resolve.interpreter import interpreter
from devkeel.libraries.resolve.versions import HASHED
from devkeel.libraries.resolve.workspaces import home_of
from devkeel.project.root import DECLARATION
from devkeel.runtime import find_program
from devkeel.runtime.holding import HeldProgram, run_held
from devkeel.source import toml
from devkeel.text.clean import without_sequences
from devkeel.text.secrets import mask, secrets_in

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from devkeel.candidate.stage import StageOpener
    from devkeel.libraries.resolve import conda_solver, micromamba
    from devkeel.libraries.resolve.compile_command import CompileCommand
    from devkeel.libraries.resolve.cool_down import CoolDown
    from devkeel.project.root import Reader
else:
    conda_solver = Deferred("devkeel.libraries.resolve.conda_solver")
    micromamba = Deferred("devkeel.libraries.resolve.micromamba")

__all__ = [
    "READS",
    "SECONDS",
    "Resolved",
    "ResolverRun",
    "ask",
    "ask_aged",
    "compile_run",
    "registry_unreachable",
    "resolve",
    "unresolvable",
]

# What the resolvers read in a project by themselves, beside the manifest that they are asked about: an answer that
# was made of these is published only where they are still the same.
READS = (
    *("pyproject.toml", "setup.py", "setup.cfg", "uv.toml", "uv.lock", "poetry.toml", "poetry.lock", "pip.conf"),
    *(".python-version", ".python-versions", "*requirements*.txt", "*requirements*.in", "*requirements/*.txt"),
    *("*requirements/*.in", "*constraints*.txt", "*overrides*.txt"),
    *("package.json", "package-lock.json", "npm-shrinkwrap.json", ".npmrc", "pnpm-lock.yaml", "pnpm-workspace.yaml"),
    *("Cargo.toml", "Cargo.lock", "rust-toolchain", "rust-toolchain.toml", "*.cargo/config.toml", "*.cargo/config"),
    *("go.mod", "go.sum", "go.work", "go.work.sum", "Gemfile", "Gemfile.lock", "*.gemspec", ".ruby-version"),
    *("environment.yml", "environment.yaml", "conda-lock.yml", ".condarc"),
)

AGE_UNKNOWN = "Age unknown: the index tells no dates, so that what was chosen may be younger than the rules want."
AGE_UNTOLD = "Age unknown: this resolver is too old to be told the rule, so that what it chose may be younger."
# Since when each reads of an age what it is told (pip and pnpm documentation, release notes).
_SINCE = {"pip": (26, 0), "pnpm": (10, 16)}
_LOOK = 30.0
_UNTOLD = "Age unknown: micromamba cannot be told the rule, so that what it chose may be younger."
_KEPT = ". The environment is as it was"
_SOURCE, _TEXT = "resolution", "requirements.txt"
SECONDS = 300.0
_SHOWN = 2000
# A lock does not depend on the environment that a person has; without this uv asks its interpreter who it is.
_NOWHERE = {"UV_PROJECT_ENVIRONMENT": ".devkeel/none"}
_POETRY = ("poetry", "lock", "--no-interaction")
_COMPILE_ARGS = ("pip", "compile", "--quiet", "--no-header")
# $1 directory below the root, $2 the lock that is handed back on standard output; then the command.
_COLLECT = """
cd "./$1"; lock=$2; shift 2
"$@" >&2 || exit
[ ! -f "$lock" ] || exec cat "$lock"
"""
# pip names every version that there is, oldest first.
_VERSIONS = re.compile(r"\(from versions: (?:[^,()]+, )+?(?=(?:[^,()]+, ){4}[^,()]+\))")

_TOOLS: dict[str, tuple[str, tuple[str, ...], str]] = {
    # `cargo metadata` resolves and writes Cargo.lock, and compiles nothing: no build script of a library runs.
    "Cargo.toml": ("cargo", ("cargo", "metadata", "--quiet", "--format-version", "1"), "Cargo.lock"),
    "go.mod": ("go", ("go", "mod", "download", "all"), "go.sum"),
    "Gemfile": ("bundle", ("bundle", "lock"), "Gemfile.lock"),
}


class Resolved(Struct, frozen=True):
    """What came of asking a resolver.

    files: locks of the project that it renewed. judge: who was asked; None with a reason in why. locks: every lock that
    it made, also where the project keeps none. note: a sentence about how it was asked.
    """

    files: Mapping[str, bytes] = field(default_factory=dict)
    judge: str | None = None
    why: str = ""
    locks: Mapping[str, bytes] = field(default_factory=dict)
    note: str = ""


class ResolverRun(Struct, frozen=True):
    """One run of a resolver: its command, and the lock that it makes or renews, empty where it makes none.

    said: the command that a compiled file says that it was made by: the same on every machine. note: about how it is
    asked, as a sentence.
    """

    judge: str
    argv: tuple[str, ...]
    lock: str = ""
    said: str = ""
    note: str = ""


def resolve(
    project: Reader,
    manifest: str,
    read: Callable[[str], bytes | None],
    open_stage: StageOpener,
    open_old: StageOpener,
    *,
    timeout: float = SECONDS,
) -> Resolved:
    """Ask whether what a manifest names can be had together.

    project: the files as they are. read: the candidate's. open_stage: a stage that has them; open_old: one with the
    files as they are, asked when the candidate fails, because a project that did not resolve before is not refused for
    it. timeout: seconds.
    Raises CheckFailed `unresolvable`, ProjectError `outside_root`, Unavailable `registry_unreachable` or `timeout`.
    """
    folder, name = posixpath.split(manifest)
    if name in conda_file.NAMES:
        return _resolve_conda(project, manifest, read, timeout)
    old, new = project.read(manifest) or b"", read(manifest) or b""
    hashed = name.endswith((".txt", ".in")) and bool(hashless(manifest, old, new, read))
    folder = home_of(manifest, read)
    found = _question(name, lambda item: read(posixpath.join(folder, item)), hashed=hashed)
    if isinstance(found, str):
        return Resolved(why=found)
    if found.judge in ("uv", "pip", "poetry"):
        require_beneath(project.root, manifest, read)
    lock = posixpath.join(folder, found.lock)
    if found.lock:
        read(lock)  # before a resolver is asked, so that it is known what the answer builds on
    code, data, told, note = ask_aged(project, found, folder, open_stage, timeout, read(lock) if found.lock else None)
    found = replace(found, note=f"{found.note} {note}".strip())
    if not code:
        locks = {lock: data} if data else {}
        # A lock that is not there is not begun.
        renewed = {name: data for name in locks if read(name) not in (None, data)}
        return Resolved(renewed, found.judge, locks=locks, note=found.note)
    if is_unreached(told):
        raise registry_unreachable(found.judge, told)
    # The question of its own files: a manifest's requirements, groups and locks are words of the command.
    before = _question(name, lambda item: project.read(posixpath.join(folder, item)))
    if isinstance(before, ResolverRun) and ask(before, folder, open_old, timeout)[0]:
        return Resolved(why=f"the project did not resolve before either; {found.judge} says: {failures.reason(told)}")
    raise with_age(
        unresolvable(told, manifest), project, found.judge, lambda: not ask(found, folder, open_stage, timeout)[0]
    )


def unresolvable(told: str, manifest: str) -> CheckFailed:
    """Return the error about a manifest that does not resolve, by what the resolver said of it."""
    return CheckFailed(
        "unresolvable",
        f"{failures.reason(told)} Nothing was written.",
        place=failures.place_of(told, manifest),
        remedy=failures.remedy(told),
        diagnostics=(Diagnostic("unresolvable", "error", both_ends(told, _SHOWN), _SOURCE, Place(manifest)),),
    )


def registry_unreachable(judge: str, told: str) -> Unavailable:
    """Return the error about a registry that a resolver did not hear from, by what it said."""
    return Unavailable(
        "registry_unreachable",
        f"{judge} could not reach the registry.",
        seen=told[-_SHOWN:],
        remedy="Try again with a network, or without the resolver.",
    )


def _resolve_conda(project: Reader, manifest: str, read: Callable[[str], bytes | None], timeout: float) -> Resolved:

    def asked(newest: datetime | None) -> str:
        tool = micromamba.find_micromamba(project)
        return conda_solver.require_resolvable(read(manifest) or b"", manifest, tool, timeout, newest)

    held = cool_down(project)
    try:
        judge = asked(held.newest if held is not None else None)
    except CheckFailed as error:
        told = "rattler" if conda_solver.has_rattler() else "micromamba"
        raise with_age(error, project, told, lambda: bool(asked(None))) from None
    stale = " conda-lock.yml is not renewed: run conda-lock." if read("conda-lock.yml") is not None else ""
    note = _UNTOLD if held is not None and judge == micromamba.MICROMAMBA else ""
    return Resolved(judge=judge, why=stale.strip(), note=note)


def ask(
    question: ResolverRun,
    folder: str,
    open_stage: StageOpener,
    timeout: float = SECONDS,
    held: CoolDown | None = None,
    old: bytes | None = None,
) -> tuple[int, bytes, str]:
    """Return the exit code, the lock and what was said. folder: where it runs, from the root. timeout: seconds.

    held: how old what is taken has to be. old: the lock as it is, of which what is younger stays.
    """
    with open_stage(writes=True) as stage:
        more = held.keeping(question.lock, old) if held is not None and question.judge == "uv" else ()
        collect = ("sh", "-uc", _COLLECT, "sh", folder, question.lock, *question.argv, *more)
        variables = tool_environment() | _NOWHERE | {"UV_CUSTOM_COMPILE_COMMAND": question.said}
        variables |= held.variables if held is not None else {}
        reads = tuple(filter(None, (find_program(question.argv[0]),)))
        done = run_held(
            HeldProgram(
                collect, timeout=timeout, cwd=stage.root, environment=variables, within=stage.words, reads=reads
            )
        )
        told = without_sequences(done.stderr.decode("utf-8", "replace")).replace(f"{stage.root}/", "").strip()
    told = _VERSIONS.sub("(the last of its versions: ", told)
    lock = held.without_traces(question.lock, old, done.stdout) if held is not None else done.stdout
    return done.returncode, lock, mask(told, secrets_in(variables))


def ask_aged(
    project: Reader, question: ResolverRun, folder: str, open_stage: StageOpener, timeout: float, old: bytes | None
) -> tuple[int, bytes, str, str]:
    """Return what `ask` returns under what the project's rules say of ages, and what is to be noted of that.

    An index without dates cannot be held to any: it is asked without, and the note says so.
    """
    held = cool_down(project)
    code, data, told = ask(question, folder, open_stage, timeout, held, old)
    if held is not None and not code and not _can_be_told(question):
        return code, data, told, AGE_UNTOLD
    if held is None or not code or "exclude-newer" not in told:
        return code, data, told, ""
    # uv says which files have no date where it is not quiet.
    loud = replace(question, argv=tuple(word for word in question.argv if word != "--quiet"))
    if not dates_unknown(ask(loud, folder, open_stage, timeout, held, old)[2]):
        return code, data, told, ""
    return *ask(question, folder, open_stage, timeout), AGE_UNKNOWN


def _can_be_told(question: ResolverRun) -> bool:
    """Return whether a resolver is new enough to heed an age; an older one takes no notice of that."""
    since = _SINCE.get(question.judge)
    if since is None:
        return True
    words = question.argv[: question.argv.index("install")]
    done = run_held(HeldProgram((*words, "--version"), timeout=_LOOK, environment=tool_environment()))
    found = re.search(rb"\d+(?:\.\d+)+", done.stdout)
    return found is not None and tuple(map(int, found[0].split(b"."))) >= since


def _question(name: str, read: Callable[[str], bytes | None], *, hashed: bool = False) -> ResolverRun | str:
    """Return how to ask about a manifest, or why no resolver can be asked. hashed: whether hashes are wanted too."""
    if name == "package.json":
        return _javascript(read)
    if name in _TOOLS:
        judge, argv, lock = _TOOLS[name]
        if find_program(judge) is None:
            return f"{judge} is not installed"
        return ResolverRun(judge, argv, lock)
    if name.endswith((".yml", ".yaml", ".nix")):
        return f"{name} is resolved when the environment is applied"
    return _python(name, read, hashed=hashed)


def _python(name: str, read: Callable[[str], bytes | None], *, hashed: bool) -> ResolverRun | str:
    uv, data = find_uv(), read(name) or b""
    project = name == "pyproject.toml"
    # Poetry before 2.0 has all of its own in this table, which no other tool resolves; since 2.0 it reads PEP 621.
    if project and b"[tool.poetry" in data and b"[project]" not in data:
        return ResolverRun("poetry", _POETRY, "poetry.lock") if find_program("poetry") else "poetry is not installed"
    locked = project and read("uv.lock") is not None
    declared = {item: found for item in (PINNED, "pyproject.toml", DECLARATION) if (found := read(item)) is not None}
    try:
        python = interpreter(declared).path
    except Unavailable as error:
        why = error.message.rstrip(".")
        return _without_python(uv, name, declared, why, hashed=hashed) if uv and not locked else why
    if uv is None and hashed:
        return "hashes are asked for by uv, which is not installed"
    if uv is None:
        return "uv.lock is renewed by uv, which is not installed" if locked else _pip(name, data, python)
    return _lock(uv, name, read, python, locked=locked) or _compiled(uv, name, data, hashed, "--python", python)


def _lock(
    uv: str, name: str, read: Callable[[str], bytes | None], python: str, *, locked: bool
) -> ResolverRun | str | None:
    """Return how a lock of uv is renewed, or why it is not; None where there is none."""
    if locked:
        return ResolverRun("uv", (uv, "lock", "--quiet", "--python", python), "uv.lock")
    compiled = read(_TEXT) or b"" if name == "requirements.in" else b""
    if compiled_by(compiled) != "uv":
        return None
    command = command_of(compiled)
    if command.unknown:
        return f"{_TEXT} was compiled with {', '.join(command.unknown)}, which is not repeated here"
    return compile_run(uv, python, command, (_TEXT, name))


def compile_run(
    uv: str, python: str, command: CompileCommand, files: tuple[str, str], more: tuple[str, ...] = ()
) -> ResolverRun:
    """Return how a requirements file is compiled, the way that it was. files: itself, and its source. more: options."""
    output, source = files
    of = () if "--python-version" in command.flags else ("--python", python)
    hashes = ("--generate-hashes",) if command.hashes else ()
    argv = (uv, "pip", "compile", "--quiet", *of, *command.flags, *hashes, *more, "--output-file", output, source)
    flag = "--generate-hashes " if command.hashes else ""
    return ResolverRun("uv", argv, output, command.said or f"uv pip compile {flag}{source} -o {output}")


def _compiled(uv: str, name: str, data: bytes, hashed: bool, *python: str) -> ResolverRun:
    """Return the question that writes nothing, but for the hashes of a file that wants some."""
    if hashed:
        output = ("--no-annotate", "--generate-hashes", "--output-file", HASHED)
        return ResolverRun("uv", (uv, *_COMPILE_ARGS, *output, *python, name), HASHED)
    return ResolverRun("uv", (uv, *_COMPILE_ARGS, *python, *_parts(name, data)))


def _without_python(uv: str, name: str, declared: Mapping[str, bytes], why: str, *, hashed: bool) -> ResolverRun | str:
    """Return how uv is asked for a Python that is not here, which it can where the version is named."""
    minors = (re.search(r"3\.\d+", item.text) for item in declared_python(declared) if item.kind == "cpython")
    version = next((found[0] for found in minors if found), None)
    if version is None or name == "requirements.in":
        return why
    asked = _compiled(uv, name, declared.get(name, b""), hashed, "--python-version", version)
    return replace(asked, note=f"{why.removesuffix(_KEPT)}.")


def _parts(name: str, data: bytes) -> tuple[str, ...]:
    """Return what of a file is asked about: all of it."""
    if name != "pyproject.toml":
        return (name,)
    groups = tuple(part for group in _groups(data) for part in ("--group", group))
    return ("--all-extras", *groups, name)


def _pip(name: str, data: bytes, python: str) -> ResolverRun | str:
    # A report is what pip takes for a sign that nothing is installed, where the system manages what is (PEP 668).
    trial = ("--dry-run", "--report", "/dev/null")
    pip = (*pip_of(python), "install", *trial, "--ignore-installed", "--quiet", "--no-input")
    wanted = requirements_of(data) if name == "pyproject.toml" else ("--requirement", name)
    return ResolverRun("pip", (*pip, *wanted)) if wanted else "nothing is asked for"


def _groups(data: bytes) -> tuple[str, ...]:
    found = toml.loads(data).get("dependency-groups")
    return tuple(found) if isinstance(found, dict) else ()


def _javascript(read: Callable[[str], bytes | None]) -> ResolverRun | str:
    if read("pnpm-lock.yaml") is not None:
        # A package of npm may have programs run when it is installed (npm docs, scripts: preinstall, install,
        # postinstall).
        argv = ("pnpm", "install", "--lockfile-only", "--ignore-scripts")
        return ResolverRun("pnpm", argv, "pnpm-lock.yaml") if find_program("pnpm") else "pnpm is not installed"
    if read("yarn.lock") is not None:
        return "yarn.lock is not renewed by devkeel: run yarn install"
    if find_program("npm") is None:
        return "npm is not installed"
    # npm docs, config: the lock is written, and node_modules is not touched.
    flags = ("--package-lock-only", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
    return ResolverRun("npm", ("npm", "install", *flags), "package-lock.json")
