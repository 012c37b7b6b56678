"""What programs print where a variable of the environment is not set: shells, languages, libraries of settings.

A variable of the environment is written in capitals (POSIX, Base Definitions, 8.1); what a shell misses in small
letters is a mistake of the script. What builds say of their own variables is a consequence of something else.
"""

from __future__ import annotations

import re

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

_NAME = r"(?P<subject>[A-Z][A-Z0-9_]{1,80})(?!\w|\.\w)"
_LONG = (
    r"(?P<subject>[A-Z][A-Z0-9]{0,40}_[A-Z0-9_]{1,60}|PORT|HOST|[A-Z]{2,20}URL|[A-Z]{2,20}KEY|[A-Z]{2,20}TOKEN)"
    r"(?!\w|\.\w)"
)
_QUOTE = "['\"`\u2018\u2019\u201c\u201d]{0,2}"
_OPEN = "(?:\\$\\{|[$\\[({]){0,2}" + _QUOTE
_CLOSE = _QUOTE + r"[\])}]{0,2}"
# Variables of builds, of a session and of programs that only say what could be set; and words in capitals.
_NOT_MEANT = re.compile(
    r"(?:CMAKE|RUST_BACKTRACE|PKG_CONFIG|XDG|DBUS|DEVENV|DEVKEEL|NIX|npm|NODE_DEBUG|GIT|LC|WAYLAND|ERR|SSH_AUTH|TERM)"
    r"(?:_\w+)?|RUST_BACKTRACE|RUST_LOG|CC|CXX|CFLAGS|LDFLAGS|DISPLAY|PATH|LD_LIBRARY_PATH|ERROR|WARNING|FATAL|INFO|DEBUG"
    r"|NOTE|EOF|NULL|TRUE|FALSE|HTTP|HTTPS|JSON|YAML|TODO|FAILED|ENOENT|NO_COLOR|FORCE_COLOR|[A-Z0-9_]*_(?:LIBRARY|LIBRARIES|INCLUDE_DIRS?|FOUND|"
    r"COMPILER|EXECUTABLE|INCLUDE_PATH)|ERR_\w+|EAI_\w+|SIG[A-Z]+|SQLSTATE|MODULE_NOT_FOUND"
)


def _is_meant(match: re.Match[str], _: str) -> bool:
    return _NOT_MEANT.fullmatch(match["subject"]) is None


def _is_of_settings(match: re.Match[str], text: str) -> bool:
    """Return whether a model that a field misses is one of settings, which variables fill."""
    del match
    return bool(
        re.search(
            r"validation errors? for \w{0,40}(?:Settings|Config|Env|Environment)\w{0,40}\b|pydantic_settings", text
        )
    )


def _is_all(_: re.Match[str], text: str) -> bool:
    """Return whether a warning is all that there is: beside an error it is no cause of it."""
    return not re.search(r"\b[Ee]rror\b|\bFAILED\b|\bFailed\b|Traceback|\bfatal\b|not found|[a-z]Error\b", text)


def _of_environment(match: re.Match[str], text: str) -> bool:
    """Return whether it is the environment that was asked: the frames above say so, or who is asked is only that."""
    if not _is_meant(match, text):
        return False
    return bool(re.search(r"environ\b|<frozen os>|/os\.py\"", match[0]))


def _unset(name: str, hint: str, pattern: str, *, lines: int = 1, before: int = 0, weight: int = 60) -> Phrase:
    return Phrase(
        f"variable.{name}", "variable", hint, pattern, lines=lines, before=before, weight=weight, judge=_is_meant
    )


_STATE = (
    r"(?:environment |env )?(?:variable |var |value |setting |key |parameter )?"
    r"(?:is |was |were |has |have |are |must |needs? to |isn't |hasn't |should |cannot |can't )?(?:also )?"
    r"(?:not |never )?(?:been |be )?"
    r"(?:set\b|defined|specified|provided|required|missing|empty|present|configured|found|undefined|unset|supplied|given|exported|declared)"
)
_ABOUT = r"[Ee]nv(?:ironment)?[ _]?[Vv]ar(?:iable)?s?"
PHRASES = (
    Phrase(
        "variable.python",
        "variable",
        "KeyError: '",
        rf"(?:environ\b|<frozen os>|/os\.py\")[\s\S]{{0,900}}?^\s{{0,8}}(?:\w{{1,40}}\.)?KeyError: '{_NAME}'",
        before=10,
        weight=70,
        judge=_of_environment,
    ),
    _unset("ruby", "key not found: ", rf"key not found: \"{_NAME}\"", weight=70),
    _unset("shell", "unbound variable", rf": {_NAME}: unbound variable", weight=70),
    _unset("shell_asks", "parameter ", rf": {_NAME}: parameter (?:null or )?not set", weight=70),
    _unset(
        "shell_says",
        ": line ",
        rf": line \d{{1,6}}: {_NAME}: (?!command|No such|unbound)[^\n]{{0,80}}?(?:set|required|missing|defin|need"
        rf"|provid|export)",
        weight=70,
    ),
    _unset(
        "dash_says",
        ": ",
        rf"^[\w./-]{{1,80}}: \d{{1,6}}: {_NAME}: (?!not found|parameter)[^\n]{{0,80}}?(?:set|required|missing"
        rf"|defin|need|provid|export)",
        weight=70,
    ),
    # The variable after what is said of it, and before it. Without the word, only names with an underscore are meant.
    _unset(
        "after",
        "nvironment variable",
        rf"{_ABOUT}:?(?: not found| not set| not defined| missing| required)?[:\s]{{1,3}}(?:named "
        rf"|called )?{_OPEN}{_NAME}",
        lines=2,
    ),
    _unset(
        "second",
        "nvironment variables",
        rf"{_ABOUT}[^\n]{{0,40}}?:\s{{1,3}}[-* ]{{0,4}}{_OPEN}[A-Z][A-Z0-9_]{{1,80}}{_CLOSE}(?:,| and"
        rf"|\n[-* ]{{0,4}}) ?{_OPEN}{_NAME}",
        lines=3,
    ),
    _unset(
        "third",
        "nvironment variables",
        rf"{_ABOUT}[^\n]{{0,40}}?:\s{{1,3}}[-* ]{{0,4}}(?:{_OPEN}[A-Z][A-Z0-9_]{{1,80}}{_CLOSE}(?:,| and"
        rf"|\n[-* ]{{0,4}}) ?){{2}}{_OPEN}{_NAME}",
        lines=4,
    ),
    _unset("before", "nvironment variable", rf"{_OPEN}{_NAME}{_CLOSE} (?:as an? |in the )?(?:required )?{_ABOUT}"),
    _unset("env_var", "env var", rf"{_ABOUT}:? (?:not found:? |missing:? )?{_OPEN}{_NAME}"),
    _unset("env_var_before", "env var", rf"{_OPEN}{_NAME}{_CLOSE} {_ABOUT}"),
    *(
        _unset(f"state.{number}", hint, rf"(?<![\w/.]){_OPEN}{_LONG}{_CLOSE}:? {_STATE}", weight=58)
        for number, hint in enumerate(
            (
                " not set",
                "must be set",
                "is required",
                "is missing",
                "not defined",
                "undefined",
                "not configured",
                "not provided",
                "must be defined",
                "must be provided",
                "empty",
                "is unset",
                "not been set",
                "to be set",
                "not found",
                "isn't set",
                "must be specified",
            )
        )
    ),
    _unset(
        "missing",
        "issing",
        rf"[Mm]issing (?:required |the )?(?:env(?:ironment)? ?)?(?:secret|setting|config(?:uration)?|parameter"
        rf"|value|key)? ?(?:for |of )?:? ?{_OPEN}{_LONG}",
    ),
    _unset("please", "lease ", rf"[Pp]lease (?:set|define|export|provide) (?:the )?{_OPEN}{_LONG}"),
    _unset("named_variable", "variable ", rf"\bvariable {_OPEN}{_NAME}{_CLOSE} (?:is )?(?:not set|unset|required)"),
    _unset("zod_path", '"path": [', rf"\"path\": \[\s{{0,20}}\"{_LONG}\"", lines=2),
    _unset("specify", "specify `", rf"specify `{_LONG}` "),
    _unset("required_key", "required key", rf"required key {_NAME} missing value"),
    _unset("compose", "variable is missing a value", rf"required variable {_NAME} is missing a value"),
    _unset(
        "compose_blank", "Defaulting to a blank string", rf"[Tt]he \\?\"?{_NAME}\\?\"? variable is not set", weight=30
    ),
    _unset("fetch_env", "could not fetch environment variable", rf"could not fetch environment variable \"{_NAME}\""),
    _unset("decouple", "Declare it as envvar", rf"{_NAME} not found\. Declare it as envvar"),
    _unset("django_environ", "Set the ", rf"Set the {_NAME} environment variable"),
    _unset("sqlx", "query macros", rf"\bset {_OPEN}{_LONG}{_CLOSE} to use query macros"),
    _unset("environs", "Config '", rf"Config '{_NAME}' is missing"),
    _unset("spring", "ould not resolve placeholder", rf"ould not resolve placeholder '{_NAME}'"),
    _unset("zod", "'Required'", rf"{_OPEN}{_NAME}{_CLOSE}: \[ ?['\"]Required"),
    _unset(
        "zod_double",
        "Required",
        rf"^\W{{0,12}}{_OPEN}{_NAME}{_CLOSE}: \[?\s?['\"]?(?:Required|undefined"
        rf"|Invalid input: expected \w+, received undefined)",
    ),
    _unset("envalid", ": undefined", rf"^\s{{2,12}}{_NAME}: undefined(?: \(|$)"),
    _unset("set_in", "environment variable", rf"[Ss]et(?:ting)? (?:the )?{_OPEN}{_NAME}{_CLOSE} environment variable"),
    Phrase(
        "variable.pydantic",
        "variable",
        "ield required",
        r"^(?P<subject>[A-Za-z][A-Za-z0-9_]{1,80})\n {2}[Ff]ield required [\[(]type=(?:missing|value_error\.missing)",
        before=1,
        weight=60,
        judge=_is_of_settings,
    ),
    # A locale or certificates that the machine does not have, and a variable names where they are.
    Phrase("variable.locale", "variable", "unsupported locale setting", r"(?:)", subject="LOCALE_ARCHIVE", weight=60),
    Phrase(
        "variable.setlocale",
        "variable",
        "cannot change locale",
        r"setlocale: LC_\w{1,20}: cannot change locale",
        subject="LOCALE_ARCHIVE",
        weight=30,
        judge=_is_all,
    ),
    Phrase(
        "variable.perl_locale",
        "variable",
        "Setting locale failed",
        r"(?:)",
        subject="LOCALE_ARCHIVE",
        weight=30,
        judge=_is_all,
    ),
    Phrase(
        "variable.certificates",
        "variable",
        "error setting certificate",
        r"error setting certificate (?:verify locations|file)",
        subject="SSL_CERT_FILE",
        weight=60,
    ),
    Phrase("variable.rails", "variable", "Missing `secret_key_base`", r"(?:)", subject="SECRET_KEY_BASE", weight=60),
    Phrase("variable.laravel", "variable", "No application encryption key", r"(?:)", subject="APP_KEY", weight=60),
    Phrase("variable.aws_region", "variable", "ou must specify a region", r"(?:)", subject="AWS_REGION", weight=60),
    Phrase(
        "variable.aws_missing_region", "variable", "Missing region in config", r"(?:)", subject="AWS_REGION", weight=60
    ),
)
