"""A Python project gets a build over stdio: it runs in the sandbox, and the second build has the same hash."""

from __future__ import annotations

import subprocess
import zipfile
from pathlib import Path

import pytest
from tests.derivations import derivation, flake_text
from tests.devkeel_mcp.wire import Wire

TOOLSET = ("--toolsets", "core,nix")
_BUILD = (
    "export SOURCE_DATE_EPOCH=315532800 PYTHONHASHSEED=0; cp -r ${./src} app; chmod -R u+w app; "
    "find app -exec touch -d @$SOURCE_DATE_EPOCH {} +; mkdir $out; python3 -m zipapp app -o $out/app.pyz"
)

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("nix_machine")]


def project(root: Path) -> None:
    """Make a Python project with a build of it and one that writes the time into it."""
    (root / "src").mkdir()
    (root / "src" / "__main__.py").write_text("print('hello')\n")
    (root / "pyproject.toml").write_text('[project]\nname = "app"\nversion = "1"\n')
    stamped = f"date +%s%N > stamp; {_BUILD.replace('python3', 'mv stamp app/; python3')}"
    (root / "flake.nix").write_text(flake_text({"app": derivation(_BUILD), "stamped": derivation(stamped)}))


def test_a_build_is_made_run_proven_and_a_bad_one_caught(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    project(root)
    with Wire(root, flags=TOOLSET) as wire:
        report = wire.told("check_reproducibility", target="#app")
        assert {line["name"]: line["state"] for line in report["lines"]}["variables"] == "holds"
        (output,) = wire.told("build_output", target="#app")["outputs"]
        proof = wire.told("prove_reproducibility", target="#app")
        other = wire.told("prove_reproducibility", target="#stamped")
    made = Path(output["path"]) / "app.pyz"
    told = subprocess.run(["python3", made], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout == "hello\n"
    assert zipfile.ZipFile(made).namelist()
    assert proof["same"] is True
    assert [*proof["hashes"]] == [output["path"]]
    assert other["same"] is False
    (found,) = other["files"]
    assert found["path"] == "app.pyz"
    assert not list(Path("/nix/store").glob(f"{Path(other['output']).name}.check"))
