"""What changed, by whom, why, and what was refused: two agents and a person in one project, from the report alone."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from tests.devkeel_mcp.wire import Wire

if TYPE_CHECKING:
    from pathlib import Path

FLAGS = ("--toolsets", "core,policy")
DECLARATION = """{ pkgs, ... }:
{
  packages = [
    pkgs.git
    pkgs.curl
    pkgs.wget
    pkgs.tree
  ];
  env.SEALED = "1";
}
"""


def devkeel(root: Path, *words: str) -> str:
    argv = [sys.executable, "-m", "devkeel_cli", "--root", str(root), *words]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def test_a_reader_learns_from_the_report_alone_what_happened(tmp_path: Path) -> None:
    root = tmp_path / "shop"
    root.mkdir()
    file = root / "devenv.nix"
    file.write_text(DECLARATION)
    (root / "devkeel.toml").write_text('level = "schema"\nprotected = ["env.SEALED"]\n')
    with Wire(root, flags=FLAGS, client="claude-code") as claude, Wire(root, flags=FLAGS, client="cursor") as cursor:
        claude.told("add_packages", names=["jq"], reason="the smoke test reads JSON")
        file.write_text(file.read_text().replace("pkgs.git", "pkgs.htop\n    pkgs.git"))
        assert claude.told("show_history", by="not by devkeel")["operations"] == []
        cursor.told("enable_service", name="redis", reason="a cache for sessions")
        edit = {"kind": "set", "path": "env.SEALED", "value": "0"}
        refused = cursor.error("edit_environment", edits=[edit], reason="to try it out")
        assert refused["code"] == "protected_option"
        claude.told("undo", operation=1, reason="the test was removed")
        report = claude.told("report")
        head = claude.told("verify_history")["head"]["hash"]
        assert cursor.told("verify_history", head=head)["since_head"] == 0
        [hand] = cursor.told("show_history", by="not by devkeel")["operations"]
        assert (hand["changes"], hand["between"]) == (["devenv.nix: +htop"], [1, 3])
        assert [item["id"] for item in cursor.told("show_history", about="services.redis")["operations"]] == [3]
    what, whom, refusals, checks, chain = report["summary"]
    # jq came and went
    assert "htop" in what
    assert "services.redis" in what
    assert "jq" not in what
    assert "claude-code 1, 2 operations (“the test was removed”, “the smoke test reads JSON”)" in whom
    assert "cursor 1, 1 operation (“a cache for sessions”)" in whom
    assert "1 change not by devkeel" in whom
    assert "1 protected_option" in refusals
    assert "protected (devkeel.toml:2)" in refusals
    assert "#1 by #4" in refusals
    assert "3 operations checked" in checks
    assert head[:12] in chain
    [attempt] = report["refusals"]
    assert (attempt["caller"], attempt["reason"]) == ("cursor 1", "to try it out")
    text = devkeel(root, "report", "--since", "1d")
    assert all(line in text for line in report["summary"])
    assert "undone by #4" in text
    assert "| `cursor 1` |" in devkeel(root, "report", "--format", "markdown")
