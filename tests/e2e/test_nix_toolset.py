"""A Python project gets a build over stdio, which is proven, shared by a signed cache, and taken by another machine.

The other machine has a store and a state of its own, and may build nothing.
"""

from __future__ import annotations

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest
from tests.derivations import derivation, flake_text, signing_key
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


def test_a_build_is_proven_shared_by_a_signed_cache_and_taken_by_another_machine(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, other = tmp_path.resolve() / "here", tmp_path.resolve() / "there"
    root.mkdir()
    project(root)
    secret, public = signing_key(tmp_path, "team-1")
    cache = {"url": f"file://{tmp_path}/cache", "public_key": public}
    with Wire(root, flags=TOOLSET, agrees=True) as wire:
        report = wire.told("check_reproducibility", target="#app")
        assert {line["name"]: line["state"] for line in report["lines"]}["variables"] == "holds"
        (output,) = wire.told("build_output", target="#app")["outputs"]
        proof = wire.told("prove_reproducibility", target="#app")
        differing = wire.told("prove_reproducibility", target="#stamped")
        assert wire.told("configure_cache", secret_key_file=str(secret), **cache)["published"]
        assert len(wire.questions) == 1
        assert wire.told("upload_to_cache", paths=["#app"])["signed_by"] == "team-1"
        assert wire.told("check_cache", paths=["#app"], closure=True)["ok"]
        assert wire.told("check_cache", paths=["#app"], verify=True)["ok"]
    _run(Path(output["path"]) / "app.pyz")
    assert (proof["same"], [*proof["hashes"]]) == (True, [output["path"]])
    assert differing["same"] is False
    assert [item["path"] for item in differing["files"]] == ["app.pyz"]
    assert not list(Path("/nix/store").glob(f"{Path(differing['output']).name}.check"))

    shutil.copytree(root, other, ignore=shutil.ignore_patterns(".devkeel"))
    settings = (other / "devkeel.toml").read_text().replace(f'secret_key_file = "{secret}"\n', "")
    (other / "devkeel.toml").write_text(settings)  # the key of those who upload is not on this machine
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    monkeypatch.setenv("NIX_REMOTE", str(tmp_path / "store"))
    monkeypatch.setenv("NIX_CONFIG", "substitute = true\nsubstituters =\nmax-jobs = 0\n")
    with Wire(other, flags=TOOLSET, agrees=True) as wire:
        assert wire.error("check_cache", paths=["#app"])["code"] == "not_agreed"
        wire.told("configure_cache", url=cache["url"], public_key=signing_key(tmp_path, "else-1")[1])
        assert wire.error("build_output", target="#app")["code"] == "cache_not_believed"
        wire.told("configure_cache", **cache)
        (taken,) = wire.told("build_output", target="#app")["outputs"]
        assert len(wire.questions) == 2
    assert taken == output
    _run(tmp_path / "store" / taken["path"][1:] / "app.pyz")


def _run(made: Path) -> None:
    told = subprocess.run(["python3", made], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout == "hello\n"
    assert zipfile.ZipFile(made).namelist()
