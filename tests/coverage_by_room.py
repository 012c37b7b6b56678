"""Print how much of each room of the library the tests of this process ran, where pytest-cov measures (`--cov`).

What the tests start as programs of its own (the server, the command) is not measured: it would have to be traced too.
"""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
LIBRARY = ROOT / "tools" / "devkeel"


def pytest_terminal_summary(terminalreporter: Any, config: Any) -> None:
    plugin = config.pluginmanager.get_plugin("_cov")
    data = ROOT / ".coverage"
    if plugin is None or not getattr(plugin, "options", None) or plugin.options.no_cov or not data.is_file():
        return
    terminalreporter.section("coverage by room, of what runs in the processes of the tests")
    for name, (ran, of) in rooms(data).items():
        terminalreporter.write_line(f"{name:14} {ran:6} of {of:6} statements {ran / of:6.0%}")


def rooms(data: Path, library: Path = LIBRARY) -> dict[str, tuple[int, int]]:
    """Return of each room of a library how many statements ran, and of how many; `all` comes last."""
    from coverage import Coverage

    measured = Coverage(data_file=str(data))
    measured.load()
    ran: Counter[str] = Counter()
    statements: Counter[str] = Counter()
    for path in sorted(library.rglob("*.py")):
        _, lines, _, missing, _ = measured.analysis2(str(path))
        for name in (path.relative_to(library).parts[0].removesuffix(".py"), "all"):
            statements[name] += len(lines)
            ran[name] += len(lines) - len(missing)
    names = sorted(name for name in statements if statements[name] and name != "all")
    return {name: (ran[name], statements[name]) for name in [*names, "all"]}
