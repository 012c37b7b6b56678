"""What shell text of a repository says: the packages that it installs, and the tests that it runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

from devkeel.detection.system_packages import system_package
from devkeel.detection.tools import tool_named
from devkeel.guard.installers import install_of
from devkeel.guard.wrappers import invocations
from devkeel.source.shell import UNKNOWN

if TYPE_CHECKING:
    from collections.abc import Iterator

    from devkeel.detection.evidence import Certainty, Clue
    from devkeel.detection.repository import RepositoryFile
    from devkeel.guard.wrappers import Unwrapped

__all__ = ["ShellText", "invocations_in", "is_test", "of_shell", "programs_in"]

_SYSTEM = frozenset({"apt", "apt-get", "aptitude", "apk", "dnf", "microdnf", "yum", "brew", "zypper", "pacman"})
# A server of a database, which is a service to devenv, if it is wanted at all.
_SERVERS = {
    "postgres": re.compile(r"postgresql(?:-\d+)?|postgres(?:@\d+)?"),
    "mysql": re.compile(r"(?:mysql|mariadb)(?:-server.*)?|default-mysql-server"),
    "redis": re.compile(r"redis(?:-server)?"),
    "mongodb": re.compile(r"mongodb(?:-org|-server)?|mongod"),
    "rabbitmq": re.compile(r"rabbitmq-server"),
    "memcached": re.compile(r"memcached"),
    "elasticsearch": re.compile(r"elasticsearch"),
}
_TESTS: dict[str, re.Pattern[str]] = {
    **dict.fromkeys(("pytest", "py.test", "tox", "nox", "rspec", "phpunit", "ctest", "bats", "busted"), re.compile("")),
    **dict.fromkeys(("jest", "vitest", "mocha", "ava"), re.compile("")),
    **dict.fromkeys(("npm", "pnpm", "yarn"), re.compile(r"(?:run )?t(?:est)?(?::[\w:-]+)?(?: |$)|run-script test")),
    "bun": re.compile(r"(?:run )?test\b"),
    "deno": re.compile(r"(?:task )?test\b"),
    **dict.fromkeys(
        ("go", "cargo", "swift", "dart", "flutter", "mix", "gleam", "dotnet"), re.compile(r"(?:nex)?test\b")
    ),
    **dict.fromkeys(("stack", "cabal", "sbt", "lein", "rebar3", "dune", "nimble", "shards"), re.compile(r".*\btest\b")),
    **dict.fromkeys(("mvn", "mvnw"), re.compile(r"(?:.* )?(?:test|verify)\b")),
    **dict.fromkeys(("gradle", "gradlew"), re.compile(r"(?:.* )?(?:test|check)\b")),
    **dict.fromkeys(("make", "gmake", "just", "task"), re.compile(r"(?:.* )?(?:test|check|tests)(?: |$)")),
    **dict.fromkeys(("rake", "rails", "composer"), re.compile(r"(?:run(?:-script)? )?(?:test|spec)\b|$")),
    "zig": re.compile(r"build test|test\b"),
    "manage.py": re.compile(r"test\b"),
    "unittest": re.compile(""),
    "hatch": re.compile(r"(?:run )?test\b"),
    **dict.fromkeys(("pre-commit",), re.compile(r"(?!)")),
}
# What only a runner of workflows has.
_OF_RUNNER = re.compile(r"\$\{\{|\$\(\(|GITHUB_|RUNNER_|CI_|CIRCLE_|BUILDKITE|matrix\.")


# The grammar of Bash takes time and memory by the square of the pipes in a pipeline and of heredocs without an end:
# 4,000 pipes are 0.7 s and 300 MB. An installer of 100 kB has some hundred.
_LONGEST, _MOST_PIPES, _MOST_HEREDOCS = 128 * 1024, 1_500, 300
_TEXT = 64  # what the shortest text costs of a budget


class ShellText(Struct, frozen=True):
    """A text of shell in a file.

    first: the line that it begins on, from 1. exact: whether each of its lines is one of the file. what: the file, as
    a clause calls it. certainty: of what it installs. languages: whether a language that it installs is one that the
    repository needs, rather than a tool of the image.
    """

    file: RepositoryFile
    text: str
    first: int
    what: str
    exact: bool = True
    certainty: Certainty = "likely"
    languages: bool = False

    def __post_init__(self) -> None:
        # A list that is named again, or a recipe of many targets, is made again for each.
        self.file.spend(_TEXT + len(self.text))

    def line(self, row: int) -> int:
        """Return the line of the file that a row of the text is, from 0."""
        return min(self.first + row if self.exact else self.first, max(len(self.file.lines), 1))


def of_shell(text: ShellText, *, tests: bool = False) -> Iterator[Clue]:
    """Yield what a text of shell says. tests: whether a test that it runs is the repository's own."""
    for invocation in invocations_in(text.text):
        yield from _installed(text, invocation)
        if tests and is_test(invocation):
            yield from _test(text, invocation)


def invocations_in(text: str) -> Iterator[Unwrapped]:
    """Yield what a text runs; nothing of one that the grammar would read for long."""
    if len(text) <= _LONGEST and text.count("|") <= _MOST_PIPES and text.count("<<") <= _MOST_HEREDOCS:
        yield from invocations(text)


def programs_in(text: str) -> Iterator[tuple[str, int]]:
    """Yield the programs that a text of shell runs by their bare names, with the row of each, from 0."""
    for invocation in invocations_in(text):
        if invocation.program and not invocation.place and UNKNOWN not in invocation.program:
            yield invocation.program, invocation.line


def is_test(invocation: Unwrapped) -> bool:
    """Return whether a command runs tests, by its program and words."""
    program, arguments = invocation.program, invocation.arguments
    if re.fullmatch(r"python\d?(?:\.\d+)?", program) and arguments and arguments[0].endswith("manage.py"):
        program, arguments = "manage.py", arguments[1:]
    form = _TESTS.get(program)
    words = " ".join(arguments)
    return form is not None and form.match(words) is not None and "--version" not in arguments


def _test(text: ShellText, invocation: Unwrapped) -> Iterator[Clue]:
    command = _whole_line(text.text, invocation.line)
    if command and UNKNOWN not in command and not _OF_RUNNER.search(command):
        why = f"{text.what} tests with it"
        yield text.file.clue(
            "test", "enterTest", text.line(invocation.line), "likely", why, value=command, seen=command
        )


def _whole_line(text: str, row: int) -> str:
    """Return a line of shell with those that it goes on in; `` where it begins what ends on a later line."""
    lines, found = text.splitlines(), list[str]()
    for line in lines[row:]:
        found.append(line.removesuffix("\\").strip())
        if not line.endswith("\\"):
            break
    whole = " ".join(found)
    return "" if whole.endswith(("then", "do", "{", "(", "&&", "||", "|")) or "<<" in whole else whole


def _installed(text: ShellText, invocation: Unwrapped) -> Iterator[Clue]:
    install = install_of(invocation)
    if install is None or install.kind not in ("program", "tool"):
        return
    program = install.command.partition(" ")[0]
    for name in install.names:
        yield from (
            _of_system(text, program, name, invocation.line)
            if program in _SYSTEM
            else _of_tool(text, name, invocation.line)
        )


def _of_tool(text: ShellText, name: str, row: int) -> Iterator[Clue]:
    tool = tool_named(name)
    if tool is not None:
        why = f"{text.what} installs {tool.spoken}"
        options = dict(tool.options)
        certainty: Certainty = "likely" if tool.about == "package" or options else "possible"
        yield text.file.clue(tool.about, tool.name, _line_of(text, row, name), certainty, why, options=options)


def _of_system(text: ShellText, program: str, name: str, row: int) -> Iterator[Clue]:
    at, why = _line_of(text, row, name), f"{text.what} installs {name} with {program}"
    service = next((item for item, form in _SERVERS.items() if form.fullmatch(name)), None)
    if service is not None:
        yield text.file.clue("service", service, at, "possible", why)
        return
    found = system_package(name)
    if found is None or found.role == "nothing":
        return
    if found.role == "language":
        certainty: Certainty = "likely" if text.languages else "possible"
        yield text.file.clue("language", found.name, at, certainty, why)
        return
    wanted = found.role == "wanted" and found.known
    yield text.file.clue("package", found.name, at, text.certainty if wanted else "possible", why)


def _line_of(text: ShellText, row: int, name: str) -> int:
    """Return the line with a word of a command that goes on in further lines."""
    if text.exact:
        for number, line in enumerate(text.text.splitlines()[row:], row):
            if re.search(rf"(?<![\w.-]){re.escape(name)}(?![\w.-])", line):
                return text.line(number)
            if not line.rstrip().endswith("\\"):
                break
    return text.line(row)
