"""What is printed where a program is called that is not there: by shells, make, runners of commands and languages."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from devkeel.diagnosis.phrase import Phrase

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["PHRASES"]

# A name as one calls it: never a path, which is a file of somebody, and never a name with a quote or an escape in it.
_NAME = r"(?P<subject>[A-Za-z_\[][\w.+-]{0,60})"
_OPEN, _SHUT = r"[\u2018'`\"]?", r"[\u2019'`\"]?"
_HERE = r"(?:^|[\s:>|/(\[])"
_WORDS = re.compile(
    r"an?|and|any|are|be|binary|by|can|command|compiler|configuration|could|dependency|directory|driver|error|executable"
    r"|exist|file|for|from|has|have|if|image|in|interpreter|is|it|its|key|library|module|network|no|not|of|on|one|or"
    r"|package|path|plugin|process|program|resource|script|service|server|shell|sub|tests|that|the|there|they|this|tool|user|was"
    r"|were|which|with|you|your",
    re.IGNORECASE,
)


# What a shell knows itself, which another shell does not; and what belongs to a system or is a function of a profile.
_OF_SHELLS = re.compile(
    r"\[+|source|pushd|popd|shopt|declare|typeset|let|local|function|select|setopt|autoload|compinit|complete|bind|mapfile"
    r"|readarray|disown|then|fi|do|done|else|elif|esac|export|alias|nvm|sdk|activate|deactivate|workon|conda_activate"
    r"|apt|apt-get|yum|dnf|brew|pacman|snap|systemctl|service|sudo|su|passwd|launchctl|pbcopy|pbpaste|open"
)
# A macro of Autoconf that stayed as it was written, which the shell then takes for a command.
_MACRO = re.compile(r"(?:PKG|AC|AM|AX|LT|AS|GTK|IT|GOBJECT|GNOME|XORG)_[A-Z]")


def _is_name(match: re.Match[str], text: str) -> bool:
    """A word of the sentence itself is no program."""
    if _is_of_an_image(text):
        return False
    name = match["subject"]
    return (
        _WORDS.fullmatch(name) is None
        and _OF_SHELLS.fullmatch(name) is None
        and not name.endswith((".", "-"))
        and _MACRO.match(name) is None
    )


def _is_of_an_image(text: str) -> bool:
    """What an image lacks that is being built is not the project's environment."""
    return "failed to solve" in text or "The command '/bin/sh -c" in text or "executor failed running" in text


def _is_called_by_make(match: re.Match[str], text: str) -> bool:
    """The same is said by make of a file that it was to read; the number is the shell's, of a command that is not there."""
    return "Error 127" in text and _is_name(match, text)


def _is_outside_of_containers(match: re.Match[str], text: str) -> bool:
    """What an image lacks is not the project's environment."""
    end = text.find("\n", match.end())
    return not re.search(r"OCI runtime|container process|runc ", match.string[: end if end >= 0 else None])


def _ends_it(match: re.Match[str], text: str) -> bool:
    """`which` is asked by scripts that go on without an answer: only the last lines are about a failure."""
    place = text.rfind(match[0].strip())
    return place >= 0 and text.count("\n", place) <= 4 and _is_name(match, text)  # noqa: PLR2004


def _row(name: str, hint: str, pattern: str, weight: int = 85, **other: object) -> Phrase:
    given: Mapping[str, object] = {"judge": _is_name} | other
    return Phrase(name, "program", hint, pattern, weight=weight, **given)  # type: ignore[arg-type]


PHRASES = (
    # bash (execute_cmd.c), sudo, busybox; also behind `line N:` and `exec:`. csh and make write it with a capital.
    _row("bash.command", "ommand not found", rf"{_HERE}{_NAME}: [Cc]ommand not found(?!:)"),
    # zsh (exec.c), bun.
    _row("zsh.command", "ommand not found: ", rf"[Cc]ommand not found: {_OPEN}{_NAME}{_SHUT}\s*$"),
    _row(
        "fish.command", "nknown command", rf"fish(?: \(line \d+\))?: [Uu]nknown command:? {_OPEN}{_NAME}{_SHUT}(?:\s|$)"
    ),
    # dash (exec.c), ash of busybox, ksh: with the number of the line, or the shell's own name.
    _row(
        "dash.command",
        ": not found",
        rf": (?:line )?\d+: (?:exec: )?(?:line \d+: )?(?:[^\s:]{{1,80}}: )?{_NAME}: not found",
    ),
    _row(
        "sh.command",
        " not found",
        rf"(?:^|[\s/])(?:ba|da|a|k|mk|z)?sh(?:\[\d+\])?: (?:exec: )?(?:line \d+: )?{_NAME}: (?:inaccessible or )?not found",
    ),
    # The handlers of Debian's command-not-found, NixOS and Fedora.
    _row("debian.command", "not found, ", r"Command '(?P<subject>[^'\s/]+)' not found, (?:but|did)"),
    _row(
        "nixos.command", "is not in your PATH", r"The program '(?P<subject>[^'\s/]+)' is (?:not in your PATH|currently)"
    ),
    _row("nixos.command_old", "is currently not installed", r"The program '(?P<subject>[^'\s/]+)' is currently not"),
    # devkeel itself, of a program that it was to run, and in place of a host's that would not see the environment.
    _row(
        "devkeel.program",
        "in the environment",
        rf"^(?:devkeel: |error(?:\[\w+\])?: )?{_NAME} is (?:neither |not )in the environment(?: nor on the host|[.;,])",
    ),
    _row("nushell.command", "ommand `", r"Command `(?P<subject>[^`\s/]+)` not found"),
    # make (job.c): what exec says of the first word of a recipe without a shell.
    _row(
        "make.program",
        "No such file or directory",
        rf"make(?:\[\d+\])?: (?:execvp: )?{_NAME}: No such file or directory",
        judge=_is_called_by_make,
    ),
    # coreutils' env (also busybox's and BSD's), and what runs another program.
    _row(
        "env.program",
        "No such file or directory",
        rf"(?:^|[\s/:])env: (?:can't execute )?{_OPEN}{_NAME}{_SHUT}: No such file or directory",
    ),
    _row("run.program", "failed to run command", rf"failed to run command {_OPEN}{_NAME}{_SHUT}: No such file"),
    _row(
        "runners.program",
        "No such file or directory",
        r"(?:^|[\s/])(?:xargs|nice|setsid|ionice|chrt|taskset|stdbuf|unshare|time|doas|flock|nsenter|entr|setpriv"
        r"|dumb-init|su-exec|gosu|systemd-run|nohup|chroot|parallel)(?:\[\d+\])?: (?:error: )?"
        rf"(?:failed to exec(?:ute)? |cannot run |exec(?:vp)? |can't execute )?{_OPEN}{_NAME}{_SHUT}: "
        r"No such file or directory",
    ),
    _row(
        "git.program",
        "No such file or directory",
        rf"(?:cannot|could not|can't|unable to) (?:run|spawn|exec|execute) {_OPEN}{_NAME}{_SHUT}: No such file",
    ),
    _row(
        "exec.program",
        "executable file not found",
        rf'\\?"{_NAME}\\?": executable file not found',
        judge=_is_outside_of_containers,
    ),
    _row("tini.program", "exec ", rf"\bexec {_NAME} failed: No such file or directory"),
    # Languages: Node's child_process, Python's subprocess and distutils, Java's ProcessBuilder, Perl, Ruby, GHC, dune.
    _row("node.spawn", "ENOENT", rf"\bspawn(?:Sync)? {_NAME} ENOENT"),
    _row(
        "python.subprocess",
        "No such file or directory: ",
        rf"\A(?=[\s\S]*_execute_child\b)[\s\S]*No such file or directory: b?(?:PosixPath\()?{_OPEN}{_NAME}{_SHUT}\)?(?:: '[^'\n]*')?\s*$",
        before=8,
    ),
    _row("distutils.program", "unable to execute", rf"unable to execute {_OPEN}{_NAME}{_SHUT}: No such file"),
    _row("setuptools.program", "failed: No such file", rf"command {_OPEN}{_NAME}{_SHUT} failed: No such file"),
    _row(
        "setuptools.errno",
        "error: [Errno 2]",
        r"(?:^|\s)error: \[Errno 2\] No such file or directory: '(?P<subject>[a-z][\w+-]{0,60})'",
        weight=80,
    ),
    _row("java.program", "Cannot run program", rf'Cannot run program "{_NAME}"'),
    _row("perl.program", "Can't exec ", rf"Can't exec \"{_NAME}\": No such file"),
    _row(
        "ruby.program",
        "No such file or directory - ",
        rf"(?:spawn|popen\d?|exec|system|capture\w{{0,3}}|[`#])'?: No such file or directory - {_NAME}(?:\s|$)",
    ),
    _row(
        "haskell.program",
        "does not exist",
        rf"{_HERE}{_NAME}: (?:\w{{0,20}}(?:[Pp]rocess|[Ss]ystem)\w{{0,20}}: )?(?:posix_spawnp?|exec\w{{0,8}}|\w{{0,20}}[pP]rocess): does not exist",
    ),
    _row("dune.program", "not found in the tree", rf"Program {_NAME} not found in the tree or in PATH"),
    _row(
        "cabal.program",
        "but it could not be found",
        r"The program '(?P<subject>[\w.+-]+)'[\s\S]{0,80}could not be found",
        before=1,
    ),
    _row("precommit.program", "Executable `", rf"Executable `{_NAME}` not found"),
    _row("cc.program", "Is `", rf"[Ff]ailed to find tool\. Is `{_NAME}` installed"),
    _row("cmake_crate.program", "s `", rf"[Ii]s `{_NAME}` not installed\?"),
    _row(
        "cargo.wrapper",
        "could not execute process",
        rf"could not execute process `(?:[\w./-]*/)?{_NAME} [^`]*` \(never executed\)",
    ),
    _row("linker.rust", "error: linker `", rf"linker `{_NAME}` not found"),
    _row(
        "protoc.plugin",
        "program not found or is not executable",
        rf"(?:^|\s){_NAME}: program not found or is not executable",
    ),
    _row(
        "cmake.compiler_name",
        "is not a full path",
        rf"\A(?=[\s\S]*is not a full path and was not found)[\s\S]*^[ \t]+{_NAME}[ \t]*$",
        before=4,
    ),
    # Parts of a program that are programs of their own.
    Phrase(
        "git.part",
        "program",
        "is not a git command",
        r"git: '(?P<part>[\w-]+)' is not a git",
        weight=85,
        subject="git-{part}",
    ),
    Phrase(
        "git.lfs", "program", "configured for Git LFS but", r"'git-lfs' was not found", weight=85, subject="git-lfs"
    ),
    Phrase(
        "cargo.part",
        "program",
        "no such ",
        r"no such (?:sub)?command: `(?P<part>[\w-]+)`",
        weight=85,
        subject="cargo-{part}",
    ),
    Phrase(
        "docker.part",
        "program",
        "is not a docker command",
        r"docker: '(?P<part>[\w-]+)' is not a docker",
        weight=85,
        subject="docker-{part}",
    ),
    Phrase(
        "kubectl.part",
        "program",
        'for "kubectl"',
        r'unknown command "(?P<part>[\w-]+)" for "kubectl"',
        weight=85,
        subject="kubectl-{part}",
    ),
    # A script whose first line names an interpreter by a path that is not there.
    Phrase(
        "shebang.interpreter",
        "program",
        "ad interpreter: ",
        r"(?<![^\s:])(?P<script>[^\s:]{1,200}): (?P<path>/[^\s:]{0,200}/(?P<subject>[\w.+-]{1,60})): bad interpreter",
        weight=80,
    ),
    Phrase(
        "shebang.required",
        "program",
        "required file not found",
        r"(?<![^\s:])(?P<subject>[^\s:]{1,200}): cannot execute: required file not found",
        weight=75,
    ),
    Phrase(
        "shebang.zsh",
        "program",
        "ad interpreter: ",
        r"(?<![^\s:])(?P<script>[^\s:]{1,200}): bad interpreter: (?P<path>/[^\s:]{0,200}/(?P<subject>[\w.+-]{1,60})):",
        weight=80,
    ),
    Phrase(
        "sh.path",
        "program",
        "No such file or directory",
        r"(?:sh|env|make(?:\[\d+\])?|line \d+|: \d+): (?P<path>/(?:usr/(?:local/)?|opt/homebrew/)?s?bin/(?P<subject>[\w.+-]+)): No such file",
        weight=75,
    ),
    Phrase(
        "sh.path_not_found",
        "program",
        ": not found",
        r": (?P<path>/(?:usr/(?:local/)?|opt/homebrew/)?s?bin/(?P<subject>[\w.+-]+)): not found",
        weight=75,
    ),
    # In words of its own: what says PATH, installed or which.
    _row(
        "path.not_found",
        "PATH",
        rf"{_HERE}{_OPEN}{_NAME}{_SHUT}:? (?:(?:executable|command|binary|program|tool|utility|compiler)s? )?"
        r"(?:(?:was|is|are|were|could|can) ?)?not (?:be )?(?:found|installed|available|present|located)[^.\n]{0,60}PATH",
        weight=70,
    ),
    _row(
        "path.could_not_find",
        "PATH",
        r"(?:[Cc]ould(?: not|n't)|[Cc]an(?:not|'t| not)|[Uu]nable to|[Ff]ailed to|[Dd]id not) "
        r"(?:find|locate|detect|execute|run|exec|start) (?:the |an? )?(?:(?:executable|command|binary|program|tool)s? )?"
        rf"{_OPEN}{_NAME}{_SHUT}(?: (?:executable|command|binary|program|tool|compiler))?"
        r"(?:,? (?:on|in|from|via|using|is it on) )[^.\n]{0,40}PATH",
        weight=70,
    ),
    _row(
        "words.executable",
        "not found",
        rf"{_HERE}[\u2018'`\"]?{_NAME}[\u2019'`\"]? (?:executable|binary) (?:was |could )?not (?:be )?found",
        weight=70,
    ),
    _row(
        "words.find_executable",
        " executable",
        r"(?:(?:[Cc]ould(?: not|n't)|[Cc]an(?:not|'t)|[Uu]nable to|[Nn]ot) (?:find|locate)|No) (?:the |an? )?"
        rf"[\u2018'`\"]?{_NAME}[\u2019'`\"]? executable(?: found)?",
        weight=70,
    ),
    _row(
        "words.installed",
        "nstalled",
        r"(?:^|[\s:])(?:Error|ERROR|error|fatal|Fatal|FATAL)[\s:!-]+(?:[\w ]{0,20}: )?"
        rf"[\u2018'`\"]?{_NAME}[\u2019'`\"]? (?:is|was|must be|needs to be|has to be|is required but)(?: not)? (?:currently )?installed",
        weight=65,
    ),
    _row(
        "words.not_installed",
        " is not installed",
        rf"(?:^|[\s|>:])[\u2018'`\"]?{_NAME}[\u2019'`\"]? is not installed(?:!|,? (?:on|in) (?:your|this|the) (?:system|machine|computer)|[.,;] [Pp]lease|,? or (?:it'?s |is )?not in)",
        weight=65,
    ),
    _row(
        "words.required",
        " required",
        r"(?:^|[\s:])(?:Error|ERROR|error|fatal|Fatal|FATAL)[\s:!-]+"
        rf"[\u2018'`\"]?{_NAME}[\u2019'`\"]? is required,?(?: but (?:it )?(?:it's|is|was)? ?not (?:installed|found|available)| to (?:build|run|be installed))",
        weight=65,
    ),
    _row(
        "words.not_found",
        "not found",
        r"(?:^|[\s:])(?:Error|ERROR|error|fatal|Fatal|FATAL)[\s:!-]+"
        rf"[\u2018'`\"]{_NAME}[\u2019'`\"](?: (?:was|is|command|executable|binary))? not found\b[^\n]*(?:nstall|PATH)",
        weight=65,
    ),
    _row(
        "words.command",
        "ommand ",
        rf"[Cc]ommand [\u2018'`\"]{_NAME}[\u2019'`\"] (?:is )?(?:not found\.|not available|cannot be run)",
        weight=75,
    ),
    _row("words.is_installed", "nstalled?", rf"[Ii]s [\u2018'`\"]{_NAME}[\u2019'`\"] installed\?", weight=80),
    _row("words.required_command", "required command", rf"required command:? \\?[\u2018'`\"]?{_NAME}", weight=80),
    _row("kubectl.exec", "exec: executable ", rf"exec: executable {_NAME} not found"),
    _row("powershell.command", "is not recognized as ", rf"The term '{_NAME}' is not recognized as"),
    _row("gyp.call", "returned exit status 127", rf"Call to '{_NAME} [^'\n]{{0,200}}' returned exit status 127"),
    _row(
        "python.status",
        "exit status 127",
        rf"Command '{_NAME} [^'\n]{{0,200}}' returned non-zero exit status 127",
        weight=80,
    ),
    _row(
        "rust.run",
        "ailed to ",
        r"[Ff]ailed to (?:run|execute|spawn|start|invoke)(?: command)?:? [`'\\\"]{1,4}(?:[\w./-]*/)?"
        rf"{_NAME}[`'\\\"][^\n]{{0,300}}(?:No such file or directory|os error 2|kind: NotFound|program not found)",
    ),
    _row(
        "rust.expect",
        "ailed to ",
        r"[Ff]ailed to (?:run|execute|spawn|start|invoke|launch|find) [`'\"]{0,1}"
        rf"{_NAME}[`'\"]{{0,1}}:? (?:Os \{{ code: 2, kind: NotFound|No such file or directory \(os error 2\))",
    ),
    _row("which.program", "no ", rf"which: no {_NAME} in \(", weight=45, judge=_ends_it),
)
