"""What a sandbox withheld from a run, and what of it shows that it was wanted: in sentences, only what is certain."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from devkeel.sandbox.order import KeeperReport, Way

__all__ = ["SandboxAccount", "blocked_of", "invisible", "withheld"]

_PATH = r"(/[^\s'\"`:;,()\[\]<>]+)"
# What the C library says of ENOENT, EACCES and EROFS (strerror(3)), and Node its names, beside the path.
_NOT_THERE = r"No such file or directory|not found|ENOENT"
_SAID = re.compile(
    rf"{_PATH}['\"`]?[:)]? *:? ?(?:{_NOT_THERE}|Permission denied)"
    rf"|(?:{_NOT_THERE}|Permission denied|EACCES)[^\n/]{{0,60}}{_PATH}"
)
_READ_ONLY = re.compile(
    rf"{_PATH}['\"`]?[:)]? *:? ?Read-only file system|(?:Read-only file system|EROFS)[^\n/]{{0,60}}{_PATH}"
)
_MOST = 10
_TEXT = 64 * 1024


class SandboxAccount(Struct, frozen=True):
    """What held a run. by: `bubblewrap` or `namespaces`. network: whether it had this machine's network.

    withheld: what it could not see or reach. blocked: what of that was tried, as far as that can be known.
    """

    by: Way
    network: bool
    withheld: tuple[str, ...]
    blocked: tuple[str, ...] = ()


def withheld(*, network: bool, ports: tuple[int, ...]) -> tuple[str, ...]:
    """Return what a sandbox keeps away."""
    found = ["files outside of the project, its environment and the system", "the home directory", "other processes"]
    found += ["devkeel's records; for writing: its settings, .git, and what editors, hosts and hooks obey"]
    if network:
        return (*found, "not the network: hosts and the loopback of this machine are reached")
    passed = f", but for ports of the project's own processes: {', '.join(map(str, ports))}" if ports else ""
    return (*found, f"the network, and the loopback of this machine{passed}")


def blocked_of(report: KeeperReport) -> Iterator[str]:
    """Yield what the network's counters and the throw-away directories say."""
    counters = report["counters"]
    routes = counters.get("Ip.OutNoRoutes", 0) + counters.get("Ip6.OutNoRoutes", 0)
    if routes:
        yield f"{_times(routes)} another host was to be reached: there is no network"
    if counters.get("Tcp.AttemptFails"):
        times = _times(counters["Tcp.AttemptFails"])
        yield f"{times} a TCP connection on loopback was refused: nothing in the sandbox listened there"
    datagrams = counters.get("Udp.NoPorts", 0) + counters.get("Udp6.NoPorts", 0)
    if datagrams:
        yield f"{_times(datagrams)} a datagram on loopback met nobody, as a question to a name server does"
    for port in report["refused"]:
        yield f"port {port} was not passed on: what listens there is no process of the project's"
    for name, left in report["left"].items():
        yield f"written to the {name}, and gone with the sandbox: {', '.join(left)}"
    for name in report["made"]:
        yield f"{name} came to be or was exchanged in the run: programs outside obey it by themselves, so read it first"


def invisible(output: str, sees: Callable[[str], bool]) -> Iterator[str]:
    """Yield the paths that a program could not read or write, where the sandbox does not have them.

    output: what it printed. Whether they are on this machine is not looked at: the answer would say it to the program.
    """
    text = output[-_TEXT:]
    gone = dict.fromkeys(path for path in _paths(_SAID, text) if not sees(path))
    kept = dict.fromkeys(_paths(_READ_ONLY, text))
    for path in list(gone)[:_MOST]:
        yield f"not visible here: {path}"
    for path in list(kept)[:_MOST]:
        yield f"not writable here: {path}"


def _paths(pattern: re.Pattern[str], text: str) -> Iterator[str]:
    for match in pattern.finditer(text):
        found = next((item for item in match.groups() if item), "")
        yield found.rstrip(".")


def _times(number: int) -> str:
    return "once" if number == 1 else f"{number} times"
