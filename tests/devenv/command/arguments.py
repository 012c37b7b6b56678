"""The command line: which flags and subcommands there are, and how a wrong one is answered."""

from __future__ import annotations

import sys
from dataclasses import dataclass, field

__all__ = ["COMMANDS", "Call", "parse"]

# Flag -> number of values. Every one of these may stand anywhere.
GLOBAL = {
    **dict.fromkeys(["--from", "--max-jobs", "--cores", "--system", "--backend", "--profile", "--shell", "--tui"], 1),
    **dict.fromkeys(["--secretspec-provider", "--secretspec-profile", "--trace-to", "--trace-output"], 1),
    **dict.fromkeys(["--trace-format", "--clean"], 1),
    **dict.fromkeys(["--nix-option", "--override-input", "--option"], 2),
    **dict.fromkeys(["--impure", "--no-impure", "--offline", "--nix-debugger", "--eval-cache", "--no-eval-cache"], 0),
    **dict.fromkeys(["--refresh-eval-cache", "--refresh-task-cache", "--reload", "--no-reload", "--verbose"], 0),
    **dict.fromkeys(["--quiet", "--no-tui", "--help", "--version"], 0),
}
SHORT = {
    "-j": "--max-jobs",
    "-u": "--cores",
    "-s": "--system",
    "-i": "--impure",
    "-c": "--clean",
    "-P": "--profile",
    "-o": "--override-input",
    "-O": "--option",
    "-v": "--verbose",
    "-q": "--quiet",
    "-h": "--help",
    "-V": "--version",
}
UP = {"--detach": 0, "--mode": 1, "--strict-ports": 0, "--no-strict-ports": 0}
MANY = 1000


@dataclass(frozen=True)
class Command:
    """What one subcommand takes: flags of its own, and from how many to how many words."""

    flags: dict[str, int] = field(default_factory=dict)
    least: int = 0
    most: int = 0
    short: dict[str, str] = field(default_factory=dict)


_UP = Command(UP, 0, MANY, {"-d": "--detach", "-m": "--mode"})
COMMANDS: dict[str, Command | dict[str, Command]] = {
    "init": Command({"--include-envrc": 0}, 0, 1),
    "shell": Command({}, 0, MANY),
    "update": Command({}, 0, 1),
    "search": Command({}, 1, 1),
    "info": Command(),
    "show": Command(),
    "up": _UP,
    "down": Command(),
    "processes": {
        "up": _UP,
        "down": Command(),
        "wait": Command({"--timeout": 1}),
        "list": Command(),
        "status": Command({}, 1, 1),
        "logs": Command({"--lines": 1, "--stdout": 0, "--stderr": 0}, 1, 1, {"-n": "--lines"}),
        "restart": Command({}, 1, 1),
        "start": Command({"--detach": 0}, 0, 1, {"-d": "--detach"}),
        "stop": Command({}, 0, 1),
    },
    "tasks": {
        "run": Command({"--mode": 1, "--show-output": 0, "--input": 1, "--input-json": 1}, 0, MANY, {"-m": "--mode"}),
        "list": Command({"--json": 0}),
    },
    "test": Command({"--override-dotfile": 0, "--dont-override-dotfile": 0}),
    "ci": Command(),
    "inputs": {"add": Command({"--follows": 1}, 2, 2, {"-f": "--follows"})},
    "gc": Command(),
    "build": Command({}, 0, MANY),
    "eval": Command({}, 1, MANY),
    "direnvrc": Command(),
    "version": Command(),
    "print-dev-env": Command({"--json": 0}),
    "direnv-export": Command(),
    "print-paths": Command(),
    "allow": Command(),
    "revoke": Command(),
    "daemon-processes": Command({}, 1, 1),
}


@dataclass
class Call:
    """A parsed command line: the subcommand's path, flags with the values of each use, the words left."""

    path: tuple[str, ...]
    flags: dict[str, list[tuple[str, ...]]]
    words: list[str]

    def has(self, flag: str) -> bool:
        """Tell whether a flag was given."""
        return flag in self.flags

    def value(self, flag: str, default: str) -> str:
        """Return the last value of a flag."""
        return self.flags[flag][-1][0] if flag in self.flags else default

    def values(self, flag: str) -> list[str]:
        """Return the first value of each use of a flag."""
        return [use[0] for use in self.flags.get(flag, [])]


def usage_error(message: str) -> SystemExit:
    """Print a usage error; the exit code of these is 2."""
    sys.stderr.write(f"error: {message}\n\nUsage: devenv [OPTIONS] <COMMAND>\n\nFor more information, try '--help'.\n")
    return SystemExit(2)


def parse(argv: list[str]) -> Call:
    """Read a command line, or end with a usage error."""
    call = Call((), {}, [])
    level: Command | dict[str, Command] = COMMANDS  # type: ignore[assignment]
    rest = list(argv)
    while rest:
        word = rest.pop(0)
        if word == "--":
            call.words += rest
            break
        if word.startswith("-") and word != "-":
            _take_flag(call, level, word, rest)
        elif isinstance(level, dict):
            if word not in level:
                raise usage_error(f"unrecognized subcommand '{word}'")
            call.path = (*call.path, word)
            level = level[word]
        else:
            call.words.append(word)
            if call.path == ("shell",):
                call.words += rest
                break
    return _judged(call, level)


def _judged(call: Call, level: Command | dict[str, Command]) -> Call:
    if call.has("--version") or call.has("--help"):
        return call
    if isinstance(level, dict):
        raise usage_error("'devenv' requires a subcommand but one was not provided")
    if len(call.words) < level.least:
        raise usage_error("the following required arguments were not provided")
    if len(call.words) > level.most:
        raise usage_error(f"unexpected argument '{call.words[level.most]}' found")
    if call.has("--verbose") and call.has("--quiet"):
        raise usage_error("the argument '--verbose' cannot be used with '--quiet'")
    return call


def _take_flag(call: Call, level: Command | dict[str, Command], word: str, rest: list[str]) -> None:
    own = level if isinstance(level, Command) else Command()
    name, equals, value = word.partition("=")
    if not name.startswith("--"):
        name, value = word[:2], word[2:]
        equals = "=" if value else ""
        name = own.short.get(name) or SHORT.get(name) or word
    count = own.flags.get(name, GLOBAL.get(name))
    if count is None:
        raise usage_error(f"unexpected argument '{word}' found")
    values = [value] if equals and count else []
    while len(values) < count:
        if not rest:
            raise usage_error(f"a value is required for '{name} <{name[2:].upper()}>' but none was supplied")
        values.append(rest.pop(0))
    call.flags.setdefault(name, []).append(tuple(values))
