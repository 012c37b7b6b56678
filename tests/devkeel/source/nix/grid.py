"""Shapes of modules and operations on them; what an operation means, told on plain data."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from devkeel.source import nix

if TYPE_CHECKING:
    from collections.abc import Callable

BODY = """\
{
  # https://devenv.sh/packages/
  packages = [ pkgs.git ]; # tools

  env.GREET = "hello";
  services.redis = {
    enable = false;
    port = 6379;
  };

  enterShell = ''
    echo hi
  '';
  # the end
}
"""

SHAPES: dict[str, str] = {
    "plain head": "{ pkgs, ... }:\n\n" + BODY,
    "head with lib and config": "{ pkgs, lib, config, ... }:\n" + BODY,
    "head over lines": "{\n  pkgs,\n  ...\n}:\n" + BODY,
    "head with leading commas": "{ pkgs\n, ...\n}:\n" + BODY,
    "closed head": "{ pkgs }:\n" + BODY,
    "named head": "args@{ pkgs, ... }:\n" + BODY,
    "named head behind": "{ pkgs, ... }@args:\n" + BODY,
    "underscore head": "_:\n\n" + BODY.replace("pkgs.git", ""),
    "used identifier head": "args:\n\n" + BODY.replace("pkgs.git", "args.pkgs.git"),
    "no head": BODY.replace("pkgs.git", ""),
    "let before the body": '{ pkgs, ... }:\nlet\n  name = "x";\nin\n' + BODY.replace('"hello"', "name"),
    "let before the head": 'let\n  name = "x";\nin\n{ pkgs, ... }:\n' + BODY.replace('"hello"', "name"),
    "with over lines": "{ pkgs, ... }:\n" + BODY.replace("[ pkgs.git ]", "with pkgs; [\n    git # vcs\n    # jq\n  ]"),
    "with on one line": "{ pkgs, ... }:\n" + BODY.replace("[ pkgs.git ]", "with pkgs; [ git curl ]"),
    "chain": "{ pkgs, lib, ... }:\n"
    + BODY.replace("[ pkgs.git ]", "[ pkgs.git ] ++ lib.optionals pkgs.stdenv.isLinux [ pkgs.gdb ]"),
    "only a conditional list": "{ pkgs, lib, ... }:\n"
    + BODY.replace("[ pkgs.git ]", "lib.optionals pkgs.stdenv.isLinux [ pkgs.git ]"),
    "call around the list": "{ pkgs, lib, ... }:\n"
    + BODY.replace("[ pkgs.git ]", "lib.unique ([ pkgs.git ] ++ [ pkgs.git ])"),
    "name bound by let": "{ pkgs, ... }:\nlet\n  tools = [ pkgs.git ];\nin\n" + BODY.replace("[ pkgs.git ]", "tools"),
    "name used twice": "{ pkgs, ... }:\nlet\n  tools = [ pkgs.git ];\nin\n"
    + BODY.replace("[ pkgs.git ]", "tools").replace("# the end", "passthru = tools;"),
    "if in the value": "{ pkgs, ... }:\n" + BODY.replace("[ pkgs.git ]", "if true then [ pkgs.git ] else [ ]"),
    "priority round the list": "{ pkgs, lib, ... }:\n" + BODY.replace("[ pkgs.git ]", "lib.mkForce [ pkgs.git ]"),
    "missing everything": "{ pkgs, ... }:\n\n{\n  dotenv.enable = true;\n}\n",
    "comments only": "{ pkgs, ... }:\n\n{\n  # packages = [ pkgs.hello ];\n\n  # services.redis.enable = true;\n}\n",
    "empty module": "{ }\n",
    "empty function": "{ ... }: { }\n",
    "one line": '{ pkgs, ... }: { packages = [ pkgs.git ]; env.GREET = "hello"; }\n',
    "one tight line": '{pkgs,...}:{packages=[pkgs.git];env.GREET="hello";}',
    "nested roots": '{ pkgs, ... }:\n{\n  env = {\n    GREET = "hello";\n  };\n  services = {\n    redis.enable = false;\n'
    "    postgres.enable = true;\n  };\n  packages = [\n    pkgs.git\n  ];\n}\n",
    "dotted roots": '{ pkgs, ... }:\n{\n  env.GREET = "hello";\n  env.OTHER = "x";\n  services.postgres.enable = true;\n'
    "  packages = [\n    pkgs.curl\n    pkgs.gdb\n    pkgs.git\n    pkgs.hello\n  ];\n}\n",
    "two pieces": "{ pkgs, ... }:\n{\n  services.redis = {\n    port = 1;\n  };\n  services.redis.enable = false;\n"
    '  env.GREET = "hello";\n}\n',
    "config": '{ pkgs, lib, ... }:\n{\n  options.x = 1;\n  config = {\n    env.GREET = "hello";\n    packages = [ pkgs.git ];\n  };\n}\n',
    "dotted config": '{ pkgs, ... }:\n{\n  options.x = 1;\n  config.env.GREET = "hello";\n  config.packages = [ pkgs.git ];\n}\n',
    "merge at the top": '{ pkgs, lib, ... }:\nlib.mkMerge [\n  {\n    env.GREET = "hello";\n    packages = [ pkgs.git ];\n  }\n'
    '  (lib.mkIf true {\n    env.LATE = "1";\n  })\n]\n',
    "merge in a value": "{ pkgs, lib, ... }:\n{\n  packages = [ pkgs.git ];\n  services = lib.mkMerge [\n"
    "    { postgres.enable = true; }\n  ];\n}\n",
    "condition round a set": "{ pkgs, lib, ... }:\n{\n  services.redis = lib.mkIf true {\n    enable = false;\n  };\n}\n",
    "default round a value": "{ pkgs, lib, ... }:\n{\n  services.redis.enable = lib.mkDefault false;\n"
    '  env.GREET = lib.mkForce "hello";\n}\n',
    "set by name": "{ pkgs, ... }:\nlet\n  redis = {\n    enable = false;\n  };\nin\n{\n  services.redis = redis;\n}\n",
    "recursive set": '{ pkgs, ... }:\nrec {\n  name = "x";\n  env.GREET = name;\n}\n',
    "recursive inner set": "{ pkgs, ... }:\n{\n  services.redis = rec {\n    port = 1;\n    other = port;\n  };\n}\n",
    "inherit beside": "{ pkgs, ... }:\nlet\n  dotenv = { enable = true; };\nin\n{\n  inherit dotenv;\n  packages = [ pkgs.git ];\n}\n",
    "inherit in the way": "{ pkgs, ... }:\nlet\n  services = { a.enable = true; };\nin\n{\n  inherit services;\n}\n",
    "opaque in the way": "{ pkgs, ... }:\nlet\n  f = x: x;\nin\n{\n  services = f { a.enable = true; };\n  env = f { };\n}\n",
    "computed in the way": '{ pkgs, ... }:\nlet\n  n = "x";\nin\n{\n  services.${n}.enable = true;\n  env.${n} = "1";\n}\n',
    "quoted names": '{ pkgs, ... }:\n{\n  "env"."GREET" = "hello";\n  services."redis".enable = false;\n}\n',
    "tabs": '{ pkgs, ... }:\n{\n\tenv.GREET = "hello";\n\tpackages = [\n\t\tpkgs.git\n\t];\n}\n',
    "CRLF": ("{ pkgs, ... }:\n\n" + BODY.replace("''\n    echo hi\n  ''", '"echo hi"')).replace("\n", "\r\n"),
    "four spaces": '{ pkgs, ... }:\n{\n    env = {\n        GREET = "hello";\n    };\n\n    packages = [\n        pkgs.git\n    ];\n}\n',
    "no final newline": ("{ pkgs, ... }:\n" + BODY).rstrip("\n"),
    "blanks at line ends": '{ pkgs, ... }:  \n{  \n  env.GREET = "hello";  \n  packages = [ pkgs.git ];\t\n}  \n',
    "not ASCII": '{ pkgs, ... }:\n{\n  # Grüße\n  env.GREET = "héllo ✓"; packages = [ pkgs.git /* ü */ ];\n}\n',
    "block comments": '{ pkgs, ... }:\n{\n  /* a\n     b */\n  env.GREET = "hello"; /* c */\n  packages = [ /* d */ pkgs.git ];\n}\n',
    "brackets on element lines": "{ pkgs, ... }:\n{\n  packages = [ pkgs.git\n               pkgs.curl ];\n}\n",
    "assert before": "{ pkgs, ... }:\nassert true;\n" + BODY,
    "with before": "{ pkgs, lib, ... }:\nwith lib;\n" + BODY,
    "parenthesised values": "{ pkgs, ... }:\n{\n  packages = ([ pkgs.git ]);\n  services = ({ redis = ({ enable = false; }); });\n}\n",
}


@dataclass(frozen=True)
class Operation:
    """An edit, and the same on plain data; `model` returns False when the data cannot be edited so."""

    name: str
    run: Callable[[bytes], nix.Edited]
    model: Callable[[dict[str, Any]], None]


def put(path: str, value: Any) -> Callable[[dict[str, Any]], None]:
    *parents, last = path.split(".")

    def model(data: dict[str, Any]) -> None:
        for name in parents:
            data = data.setdefault(name, {})
        data[last] = copy.deepcopy(value)

    return model


def drop(path: str) -> Callable[[dict[str, Any]], None]:
    *parents, last = path.split(".")

    def model(data: dict[str, Any]) -> None:
        for name in parents:
            data = data.get(name, {})
        data.pop(last, None)

    return model


def add(path: str, *values: Any, first: bool = False) -> Callable[[dict[str, Any]], None]:
    *parents, last = path.split(".")

    def model(data: dict[str, Any]) -> None:
        for name in parents:
            data = data.setdefault(name, {})
        old = data.get(last, [])
        new = [value for value in values if value not in old]
        data[last] = new + old if first else old + new

    return model


def take(path: str, *values: Any) -> Callable[[dict[str, Any]], None]:
    def model(data: dict[str, Any]) -> None:
        if path in data:
            data[path] = [value for value in data[path] if value not in values]

    return model


def move(data: dict[str, Any]) -> None:
    if "redis" in data.get("services", {}):
        data["services"]["valkey"] = data["services"].pop("redis")


def line(data: dict[str, Any]) -> None:
    old = data.get("enterShell", "")
    data["enterShell"] = f"{old.rstrip(chr(10))}\njq --version\n" if old else "jq --version\n"


SCRIPT = "if [ -n \"${X}\" ]; then\n\techo ''quoted''\nfi\n"

OPERATIONS = (
    Operation("add a package", lambda data: nix.add_packages(data, "jq"), add("packages", "jq")),
    Operation("add two packages", lambda data: nix.add_packages(data, "curl", "jq"), add("packages", "curl", "jq")),
    Operation("remove a package", lambda data: nix.remove_packages(data, "git"), take("packages", "git")),
    Operation(
        "set a new option",
        lambda data: nix.set(data, "services.redis.enable", value=True),
        put("services.redis.enable", True),
    ),
    Operation("set an old option", lambda data: nix.set(data, "env.GREET", "bye"), put("env.GREET", "bye")),
    Operation("set a text", lambda data: nix.set(data, "scripts.say.exec", SCRIPT), put("scripts.say.exec", SCRIPT)),
    Operation(
        "set a set",
        lambda data: nix.set(data, "processes.web", {"exec": "x", "env": {"a b": [1, -2.5, None]}}),
        put("processes.web", {"exec": "x", "env": {"a b": [1, -2.5, None]}}),
    ),
    Operation("unset an option", lambda data: nix.unset(data, "env.GREET"), drop("env.GREET")),
    Operation("unset a set", lambda data: nix.unset(data, "services.redis"), drop("services.redis")),
    Operation(
        "append to a list",
        lambda data: nix.append(data, "languages.rust.targets", "a", "b"),
        add("languages.rust.targets", "a", "b"),
    ),
    Operation(
        "prepend to a list",
        lambda data: nix.prepend(data, "packages", nix.Expression("pkgs.zlib")),
        add("packages", "zlib", first=True),
    ),
    Operation("append a line", lambda data: nix.append_line(data, "enterShell", "jq --version"), line),
    Operation("add an import", lambda data: nix.add_imports(data, "./x.nix"), add("imports", "path:x.nix")),
    Operation("rename a set", lambda data: nix.rename(data, "services.redis", "services.valkey"), move),
    Operation("comment out", lambda data: nix.comment_out(data, "env.GREET"), drop("env.GREET")),
    Operation(
        "set to an expression", lambda data: nix.set(data, "env.TOOL", nix.Expression("pkgs.jq")), put("env.TOOL", "jq")
    ),
)
