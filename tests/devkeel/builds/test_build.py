"""Building attributes of a flake and of a file: what the answer has, and what is refused before anything is built."""

from __future__ import annotations

import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from tests.derivations import derivation, flake_text, nix, unique

from devkeel.errors import CheckFailed, PolicyRefused, ProjectError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from devkeel.api import Environment

    from ..cold_inputs import Mirror  # noqa: TID252  (the tests are no installed package)

pytestmark = [pytest.mark.nix, pytest.mark.usefixtures("nix_machine")]


def built(environment: Environment, target: str = ".", **given: Any) -> Any:
    job = environment.build(target, **given)
    assert job.wait(120)
    return environment.result(job)


def test_it_says_where_settings_and_not_the_system_held_the_evaluation(
    environment: Environment, root: Path, without: Callable[..., None]
) -> None:
    (root / "flake.nix").write_text(flake_text({"hello": derivation("echo > $out")}))
    without("namespaces")
    assert "into the store" in built(environment, "#hello").notes[-1]


def test_a_package_is_built_and_described(environment: Environment, root: Path) -> None:
    needed = derivation("echo needed > $out")
    made = derivation(f"echo ${{{needed}}} > $out; echo more > $doc", outputs='[ "out" "doc" ]')
    (root / "flake.nix").write_text(flake_text({"hello": made}))
    before = {path: path.read_bytes() for path in root.iterdir() if path.is_file()}
    result = built(environment, "#hello")
    out, doc = result.outputs
    assert (out.name, doc.name) == ("out", "doc")
    (reference,) = out.references
    assert Path(out.path).read_text().strip() == reference
    told = nix("path-info", "-s", "-S", out.path).split()
    assert [out.bytes, out.closure_bytes] == [int(word) for word in told[1:]]
    assert result.derivation.endswith(".drv")
    assert {path: path.read_bytes() for path in root.iterdir() if path.is_file()} == before


def test_an_attribute_of_a_file_is_built(environment: Environment, root: Path) -> None:
    (root / "source.txt").write_text("from the project")
    (root / "default.nix").write_text(f"{{ named ? 1 }}: {{ app = {derivation('cat ${./source.txt} > $out')}; }}")
    result = built(environment, "app", file="default.nix")
    assert Path(result.outputs[0].path).read_text() == "from the project"
    (root / "default.nix").write_text("import ./app.nix")
    (root / "app.nix").write_text(derivation("cat ${./source.txt} > $out"))
    assert built(environment, file="default.nix").target == "default.nix"


def test_a_file_that_git_does_not_know_is_named(environment: Environment, root: Path) -> None:
    (root / "flake.nix").write_text(flake_text({"made": derivation("true")}, lib="import ./lib.nix"))
    (root / "lib.nix").write_text("1")
    (root / ".gitignore").write_text("/default.nix\n")
    (root / "default.nix").write_text("2")
    subprocess.run(["git", "init", "-q", root], check=True, timeout=20)
    with pytest.raises(CheckFailed, match=r"Git does not know flake\.nix"):
        built(environment, "#made")
    with pytest.raises(CheckFailed, match=r"Git does not know flake\.nix"):
        environment.describe_shell()
    subprocess.run(["git", "-C", root, "add", "-N", "flake.nix"], check=True, timeout=20)
    with pytest.raises(CheckFailed) as caught:
        built(environment, "#lib")
    assert caught.value.seen == "lib.nix"
    assert "git add --intent-to-add lib.nix" in (caught.value.remedy or "")
    with pytest.raises(CheckFailed) as caught:
        environment.evaluate_nix(file="default.nix")
    assert (caught.value.seen, "ignores it" in (caught.value.remedy or "")) == ("default.nix", True)


def test_a_file_with_secrets_is_not_named_for_git(environment: Environment, root: Path) -> None:
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    read = derivation("true", x="builtins.readFile ./.env")
    (root / "flake.nix").write_text(flake_text({"reads": read}))
    (root / "default.nix").write_text(read)
    (root / ".env").write_text("A=b\n")
    subprocess.run(["git", "-C", str(root), "add", "flake.nix"], check=True)
    for target, file in (("#reads", None), (".", "default.nix")):
        with pytest.raises(CheckFailed, match=r"\.env") as caught:
            built(environment, target, file=file)
        assert "git add" not in (caught.value.remedy or "")
        assert "Git" not in caught.value.message


def test_an_import_that_does_not_build_is_not_taken_for_one_without_a_network(
    environment: Environment, root: Path
) -> None:
    broken = derivation("echo unable to download; exit 1", unique("broken"))
    (root / "flake.nix").write_text(flake_text({"imports": f"import {broken}"}))
    with pytest.raises(CheckFailed, match="imports from what does not build: broken-") as caught:
        built(environment, "#imports")
    assert (caught.value.code, caught.value.further[0].code) == ("evaluation_failed", "build_failed")


def test_what_an_error_says_is_not_said_once_more(environment: Environment, root: Path) -> None:
    (root / "flake.nix").write_text(flake_text({}))
    with pytest.raises(CheckFailed) as caught:
        built(environment, "#absent")
    assert (len(caught.value.diagnostics), caught.value.further) == (1, ())


def test_a_build_that_fails_says_the_end_of_its_log(environment: Environment, root: Path) -> None:
    name = unique("bad")
    (root / "flake.nix").write_text(flake_text({"bad": derivation("echo widget.c:3 >&2; exit 1", name)}))
    with pytest.raises(CheckFailed) as caught:
        built(environment, "#bad")
    assert (caught.value.code, caught.value.seen) == ("build_failed", name)
    assert "widget.c:3" in caught.value.message


def test_what_is_no_derivation_is_refused_with_the_names_in_it(environment: Environment, root: Path) -> None:
    (root / "flake.nix").write_text(flake_text({}, lib="{ one = 1; two = 2; }"))
    with pytest.raises(UsageError) as caught:
        built(environment, "#lib")
    assert (caught.value.code, caught.value.alternatives) == ("not_a_derivation", ("one", "two"))


def test_what_does_not_evaluate_is_said_as_nix_says_it(environment: Environment, root: Path) -> None:
    (root / "flake.nix").write_text(flake_text({"thrown": 'throw "not on this system"'}))
    with pytest.raises(CheckFailed, match="not on this system"):
        built(environment, "#thrown")


@pytest.mark.parametrize(
    ("target", "kind", "code"),
    [
        ("hello", UsageError, "bad_installable"),
        ("default.nix", UsageError, "bad_installable"),
        ("#a b", UsageError, "bad_installable"),
        ("nixpkgs#hello", PolicyRefused, "reference_refused"),
        (".", ProjectError, "missing_file"),
    ],
)
def test_what_cannot_be_meant_is_refused(environment: Environment, target: str, kind: type[Any], code: str) -> None:
    with pytest.raises(kind) as caught:
        environment.build(target)
    assert caught.value.code == code


def test_a_flake_reads_the_revision_that_it_fetches_by_git(
    root: Path, environment: Environment, mirror: Mirror
) -> None:
    work = root.parent / "work"
    work.mkdir()
    (work / "text").write_text(content := unique())
    git = ("git", "-c", "user.name=a", "-c", "user.email=a@example.org", "-C", str(work))
    for words in (("init", "-q"), ("add", "."), ("commit", "-q", "-m", "made"), ("update-server-info",)):
        subprocess.run([*git, *words], check=True, timeout=20)
    told = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True, timeout=20)
    (mirror.folder / "made.git").symlink_to(work / ".git")
    fetched = f'builtins.fetchGit {{ url = "{mirror.url}/made.git"; rev = "{told.stdout.strip()}"; ref = "HEAD"; }}'
    script = f'echo "${{builtins.readFile ({fetched} + "/text")}}" > $out'
    (root / "flake.nix").write_text(flake_text({"made": derivation(script)}))
    assert Path(built(environment, "#made").outputs[0].path).read_text() == f"{content}\n"
    assert mirror.asked
