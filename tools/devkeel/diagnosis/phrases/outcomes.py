"""What is no fault of the environment: tests that fail, mistakes of code, a network, a disk, a memory, a permission.

Each is a cause, so that an answer can say it; none is as near to the root as something that is missing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.diagnosis.phrase import Phrase

if TYPE_CHECKING:
    from devkeel.diagnosis.cause import Kind

__all__ = ["PHRASES"]

_WEIGHTS: dict[str, int] = {"disk": 85, "memory": 65, "permission": 35, "network": 30, "code": 20, "tests": 15}


def _rows(kind: Kind, *rows: tuple[str, str, str]) -> tuple[Phrase, ...]:
    """Return sentences of a kind: what each is called, its hint, and its pattern with a subject."""
    return tuple(Phrase(f"{kind}.{name}", kind, hint, pattern, weight=_WEIGHTS[kind]) for name, hint, pattern in rows)


_TESTS = _rows(
    "tests",
    ("pytest", "FAILED ", r"^FAILED (?P<subject>\S{1,200})"),
    ("pytest_sum", " failed", r"^=* ?(?P<subject>\d{1,6} failed)\b(?:, \d{1,6} \w{1,20}){0,6}"),
    ("unittest", "FAILED (", r"^(?P<subject>FAILED \((?:failures|errors)=\d{1,6})"),
    ("cargo", "test result: FAILED", r"test result: FAILED\. (?P<subject>[^\n]{1,80})"),
    ("go", "--- FAIL: ", r"--- FAIL: (?P<subject>\S{1,120})"),
    ("jest", "Tests: ", r"^Tests: {1,12}(?P<subject>\d{1,6} failed)"),
    ("mocha", " failing", r"^\s{1,6}(?P<subject>\d{1,6} failing)"),
    (
        "junit",
        "Failures: ",
        r"Tests run: \d{1,6}, (?P<subject>Failures: [1-9]\d{0,5}|Failures: 0, Errors: [1-9]\d{0,5})",
    ),
    ("gradle", " tests completed", r"(?P<subject>\d{1,6} tests? completed, [1-9]\d{0,5} failed)"),
    ("rspec", " failure", r"(?P<subject>\d{1,6} examples?, [1-9]\d{0,5} failures?)"),
    ("phpunit", "FAILURES!", r"(?P<subject>FAILURES!)"),
    ("ctest", "tests failed out of", r"(?P<subject>\d{1,6} tests? failed out of \d{1,6})"),
    ("dotnet", "Failed!", r"(?P<subject>Failed!) {1,4}- Failed:"),
    ("exunit", " failures", r"(?P<subject>\d{1,6} tests?, [1-9]\d{0,5} failures?)"),
)
_CODE = _rows(
    "code",
    ("python_syntax", "SyntaxError: ", r"^(?P<subject>(?:Syntax|Indentation|Tab)Error): "),
    (
        "python",
        "Error: ",
        (
            r"^(?P<subject>(?:Type|Name|Attribute|Value|Index|ZeroDivision|Recursion|NotImplemented|UnboundLocal"
            r"|Assertion)Error)(?:: |$)"
        ),
    ),
    ("python_name", "cannot import name", r"cannot import name '(?P<subject>[^'\n]{1,120})'"),
    ("rust", "error[E", r"error\[(?P<subject>E\d{4})\]"),
    ("typescript", "error TS", r"error (?P<subject>TS\d{1,6}): "),
    ("java", "error: ", r"\.(?:java|kt|scala):\d{1,6}: (?P<subject>error): "),
    ("panic", "panicked at", r"panicked at (?P<subject>\S{1,160})"),
    ("go_panic", "panic: ", r"^(?P<subject>panic): "),
    ("segfault", "egmentation fault", r"(?P<subject>[Ss]egmentation fault)"),
    ("node_type", "Error: ", r"^(?:Uncaught )?(?P<subject>(?:Type|Reference|Range)Error): "),
    ("table", "does not exist", r"(?P<subject>(?:relation|database|column|role) \"[^\"\n]{1,80}\") does not exist"),
    ("password", "authentication failed", r"(?P<subject>[Pp]assword authentication failed)"),
    ("access", "Access denied for user", r"(?P<subject>Access denied for user)"),
    ("http", "HTTP/", r"HTTP/\d(?:\.\d)? (?P<subject>[45]\d\d)\b"),
)
_NETWORK = _rows(
    "network",
    ("resolve", "emporary failure in name resolution", r"(?P<subject>[Tt]emporary failure in name resolution)"),
    ("node", "getaddrinfo", r"getaddrinfo (?P<subject>(?:ENOTFOUND|EAI_AGAIN)(?: [\w.-]{1,120})?)"),
    ("unknown_name", "ame or service not known", r"(?P<subject>[Nn]ame or service not known)"),
    ("no_host", "no such host", r"lookup (?P<subject>[\w.-]{1,120})[^\n]{0,80}: no such host"),
    ("curl", "ould not resolve", r"[Cc]ould not resolve (?:host|proxy|hostname)?:? ?'?(?P<subject>[\w.-]{1,120})"),
    ("unreachable", "etwork is unreachable", r"(?P<subject>[Nn]etwork is unreachable)"),
    ("no_route", "o route to host", r"(?P<subject>[Nn]o route to host)"),
    (
        "timeout",
        "imed out",
        r"(?P<subject>[Cc]onnection timed out|[Oo]peration timed out|[Rr]ead timed out|ETIMEDOUT|i/o timeout)",
    ),
    ("reset", "ECONNRESET", r"(?P<subject>ECONNRESET)"),
    (
        "tls",
        "ertificate",
        (
            r"(?P<subject>certificate verify failed|self[- ]signed certificate"
            r"|unable to get local issuer certificate|certificate has expired|certificate signed by unknown authority)"
        ),
    ),
    ("nix", "unable to download", r"unable to download '(?P<subject>[^'\n]{1,200})'"),
    ("limited", "rate limit", r"(?P<subject>rate limit)"),
)
_DISK = _rows(
    "disk",
    ("full", "o space left on device", r"(?P<subject>[Nn]o space left on device)"),
    ("node", "ENOSPC", r"(?P<subject>ENOSPC)(?!: System limit for number of file watchers)"),
    ("quota", "isk quota exceeded", r"(?P<subject>[Dd]isk quota exceeded)"),
    ("full_disk", "disk is full", r"(?P<subject>disk is full)"),
)
_MEMORY = _rows(
    "memory",
    ("v8", "heap out of memory", r"(?P<subject>heap out of memory)"),
    ("python", "MemoryError", r"(?P<subject>MemoryError)"),
    ("system", "annot allocate memory", r"(?P<subject>[Cc]annot allocate memory)"),
    ("alloc", "bad_alloc", r"(?P<subject>std::bad_alloc)"),
    ("java", "OutOfMemoryError", r"(?P<subject>OutOfMemoryError)"),
    ("killed", "Killed", r"(?:^|[\s:])(?P<subject>Killed)(?:\s|$)"),
    ("oom", "ut of memory", r"(?P<subject>[Oo]ut of memory)"),
    ("signal", "signal 9", r"signal 9\b,? ?\(?(?P<subject>SIGKILL)"),
    ("gcc", "atal signal", r"(?P<subject>fatal error: Killed signal terminated program \w{1,20})"),
    ("cuda", "CUDA out of memory", r"(?P<subject>CUDA out of memory)"),
)
_PERMISSION = _rows(
    "permission",
    ("denied", "ermission denied", r"(?P<subject>[Pp]ermission denied)"),
    ("node", "EACCES", r"(?P<subject>EACCES)"),
    ("operation", "peration not permitted", r"(?P<subject>[Oo]peration not permitted)"),
    ("read_only", "ead-only file system", r"(?P<subject>[Rr]ead-only file system)"),
    ("docker", "docker.sock", r"(?P<subject>permission denied while trying to connect to the Docker)"),
)
PHRASES = (*_TESTS, *_CODE, *_NETWORK, *_DISK, *_MEMORY, *_PERMISSION)
