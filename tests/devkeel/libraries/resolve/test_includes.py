"""What a manifest of Python names outside of the work tree is told before an installer reads and quotes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from devkeel.api import Environment
from devkeel.edits.libraries import AddLibrary
from devkeel.errors import DevkeelError, ProjectError
from devkeel.libraries.resolve.includes import require_beneath
from devkeel.project.root import Project

if TYPE_CHECKING:
    from pathlib import Path

CANARY = "canary outside"


@pytest.fixture
def project(tmp_path: Path) -> Project:
    root = tmp_path.resolve() / "tree" / "project"
    (root / "sub").mkdir(parents=True)
    (root.parent / ".git").mkdir()
    (root / "sub" / "more.txt").write_text("idna\n")
    (root.parent / "shared.txt").write_text("idna\n")
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "key").write_text(f"{CANARY}\n")
    (root / "away.txt").symlink_to(tmp_path.resolve() / "outside" / "key")
    return Project(root)


@pytest.mark.parametrize(
    "line",
    [
        *("-r ../../outside/key", "-c../../outside/key", "--requirement=../../outside/key", "--constraint {out}/key"),
        *("-r {out}/key", "-r file://{out}/key", "-e {out}", "--editable ../../outside", "-f {out}", "-r away.txt"),
        *("{out}/a.whl", "../../outside", "a @ file://{out}/a", "a @ git+file://{out}", "~/a", "-r sub/again.txt"),
        *("-r ~/.netrc", '-r "{out}/key"', "--find-links={out}", "-f {out} -r sub/more.txt", "-i {out}"),
        *("--index-url {out}", "--extra-index-url file://{out}", "--index-url https://a.example -f {out}"),
        # pip and uv replace ${{NAME}}, and pip joins lines.
        *("-r ${{HOME}}/key", "-r${{HOME}}/key", "--requirement=${{HOME}}/key", "-c ${{X_1}}", "-r sub/${{X}}/key"),
        *("-e ${{HOME}}/a", "-f ${{HOME}}", "--index-url ${{HOME}}", "-r file://${{HOME}}/key", '-r "${{HOME}}/key"'),
        *("${{HOME}}/a.whl", "a @ ${{HOME}}/a", "a@file://${{HOME}}/a", "a[b]@ file:${{HOME}}", "${{X}}"),
        *("-r \\\n{out}/key", "-r \\\n${{HOME}}/key", "-r \\${{HOME}}/key"),
    ],
)
def test_a_line_that_leaves_is_named(project: Project, line: str) -> None:
    out = project.root.parent.parent / "outside"
    (project.root / "sub" / "again.txt").write_text("-r ../../../outside/key\n")
    (project.root / "requirements.txt").write_text(f"idna\n{line.format(out=out)}\n")
    with pytest.raises(ProjectError) as caught:
        require_beneath(project.root, "requirements.txt", project.read)
    assert caught.value.code == "outside_root"
    assert caught.value.place is not None
    again = "sub/again.txt" in line
    assert (caught.value.place.file, caught.value.place.line) == (
        ("sub/again.txt", 1) if again else ("requirements.txt", 2)
    )


@pytest.mark.parametrize(
    "text",
    [
        "-r sub/more.txt\n-c ../shared.txt\n-e .\n./sub\n-e ./sub[extra]\n",
        "idna==3.1 --hash=sha256:00\nhttps://example.org/a.whl\na @ https://example.org/a/b.whl\n",
        "-e git+https://example.org/a.git#egg=a\n--index-url https://example.org/simple\n# -r /etc/passwd\n",
        "-r https://example.org/r.txt\n-r missing.txt\na ; python_version < '3'  # -r /x\n",
        "--index-url https://${USER}:${TOKEN}@example.org/simple\n-i https://${TOKEN}@example.org\n",
        "a @ git+https://${TOKEN}@example.org/a.git\na@https://${HOST}/a.whl\n-r https://${HOST}/a.txt\n",
        "idna==${VERSION}\nidna == ${VERSION}\nidna[a]>=${LOW},<${HIGH}\n# -r ${HOME}/a\nidna # ${HOME}\n",
        "-r sub/$HOME.txt\n-r sub/${home}.txt\nidna \\\n  --hash=sha256:00\n",
    ],
)
def test_what_stays_beneath_is_not_refused(project: Project, text: str) -> None:
    (project.root / "requirements.txt").write_text(text)
    require_beneath(project.root, "requirements.txt", project.read)


@pytest.mark.parametrize(
    ("text", "leaves"),
    [
        ('[project]\ndependencies = ["a @ file://{out}/a"]\n', True),
        ('[tool.uv.sources]\na = {{ path = "{out}" }}\n', True),
        ('[tool.uv.sources]\na = {{ path = "../beside" }}\n', False),
        ('[tool.poetry.dependencies]\na = {{ path = "../../outside" }}\n', True),
        ('[tool.setuptools.dynamic]\ndependencies = {{ file = ["{out}/key"] }}\n', True),
        ('[tool.setuptools.dynamic]\ndependencies = {{ file = "sub/more.txt" }}\n', False),
        ('[project]\ndependencies = ["a @ file://${{HOME}}/a"]\n', True),
        ('[dependency-groups]\ndev = ["a@ ${{HOME}}/a"]\n', True),
        ('[project]\ndependencies = ["a @ https://${{TOKEN}}@example.org/a.whl"]\n', False),
        ('[project]\ndescription = "Reads ${{HOME}}/a, and mail @ ${{HOME}}"\n', False),
        ('[[tool.uv.index]]\nurl = "{out}"\n', True),
        ('[[tool.uv.index]]\nurl = "${{HOME}}/a"\n', True),
        ('[tool.uv]\nfind-links = ["{out}"]\n', True),
        ('[tool.uv]\nfind-links = ["sub"]\nindex-url = "https://${{TOKEN}}@example.org"\n', False),
        ('[tool.coverage]\npath = "/usr"\n[project]\ndependencies = ["idna>=3"]\n', False),
    ],
)
def test_a_pyproject_is_looked_at_too(project: Project, text: str, leaves: bool) -> None:
    out = project.root.parent.parent / "outside"
    (project.root / "pyproject.toml").write_text(text.format(out=out))
    try:
        require_beneath(project.root, "pyproject.toml", project.read)
    except ProjectError as error:
        assert leaves, error.message
    else:
        assert not leaves


@pytest.mark.parametrize("line", ["-r ../../outside/key", "-r ${HOME}/key", "-c ${HOME}/key"])
def test_no_resolver_quotes_what_is_outside(project: Project, line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(project.root.parent.parent / "outside"))
    (project.root / "requirements.txt").write_text(f"{line}\n")
    environment = Environment(project.root, actor="test")
    with pytest.raises(DevkeelError) as caught:
        environment.change([AddLibrary(language="python", names=["idna"])], dry_run=True, level="build")
    environment.close()
    assert caught.value.code == "outside_root"
    assert CANARY not in repr(caught.value.as_data())
