"""Generated environment files: after an edit the lists are the old ones with it made, and no comment is lost."""

from __future__ import annotations

import random

import pytest

from devkeel.errors import DevkeelError
from devkeel.libraries.manifests import conda_file, match_spec
from devkeel.libraries.manifests.requirement import canonicalize_name, key_of
from devkeel.libraries.planning import plan
from devkeel.libraries.request import Request

CONDA = ("numpy=1.26", "conda-forge::numpy[version='>=1,<2']", "python=3.12", "zlib =1.3", "scipy>=1,<2", "A_b", "rich")
PIP = ("idna==3.7", "uvicorn[standard]>=0.2", "-r x.txt", "rich>=13", "git+https://example.org/x.git", "A.b==1")
NAMES = ("numpy", "scipy", "a_b", "rich", "idna", "uvicorn", "zlib", "another")


def written(choose: random.Random, text: str, *, flow: bool) -> str:
    style = '"' if flow else choose.choice(("", '"', "'"))
    return f'"{text}"' if style == '"' else "'" + text.replace("'", "''") + "'" if style else text


def file_of(choose: random.Random) -> str:
    conda, pip = (choose.sample(specs, choose.randint(0, 4)) for specs in (CONDA, PIP))
    if choose.random() < 0.3:
        items = [written(choose, item, flow=True) for item in conda]
        below = ", ".join(written(choose, item, flow=True) for item in pip)
        items += [f"{{pip: [{below}]}}"] if pip else []
        rows = "".join(f"  {item},{choose.choice(('', ' # why'))}\n" for item in items)
        lines, line = f"[\n{rows}]", f"[{', '.join(items)}]"
        return f"dependencies: {choose.choice((lines, line))}\n"
    indent = choose.choice(("", "  "))
    lines = [f"{indent}- {written(choose, item, flow=False)}{choose.choice(('', '  # why'))}\n" for item in conda]
    if pip:
        rows = "".join(f"{indent}  - {written(choose, item, flow=False)}\n" for item in pip)
        lines.insert(choose.randint(0, len(lines)), f"{indent}- pip:\n{rows}")
    held = "".join(choose.choice(("", "", "\n", f"{indent}# about the next\n")) + line for line in lines)
    return f"# head\ndependencies:\n{held}prefix: /x\n"


def lists_of(text: str) -> tuple[list[str], list[str]]:
    known = conda_file.load(text.encode(), "environment.yml").get("dependencies") or []
    below = [line for item in known if isinstance(item, dict) for line in item["pip"]]
    return [item for item in known if isinstance(item, str)], below


def key(text: str) -> str | None:
    found = match_spec.read(text)
    return found.key if found else None


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_an_edit_changes_what_it_names_in_every_form_of_a_file(seed: int, newline: str) -> None:
    choose = random.Random(seed)
    for _ in range(25):
        text, name = file_of(choose).replace("\n", newline), choose.choice(NAMES)
        remove = choose.random() < 0.5
        conda, pip = lists_of(text)
        own = [key(item) == name for item in conda]
        below = [key_of(item) == canonicalize_name(name) for item in pip]
        asked = name if remove else f"{name}==9" if any(below) else f"{name}=9"
        request = Request("python", (asked,), remove=remove, manifests=("environment.yml",))
        try:
            made = plan(request, {"environment.yml": text.encode()}.get)
        except DevkeelError as error:
            assert error.code == "ambiguous", text
            assert any(own), text
            assert any(below), text
            continue
        after = made.files.get("environment.yml", text.encode()).decode()
        found, found_below = lists_of(after)
        if remove:
            assert found == [item for item, gone in zip(conda, own, strict=True) if not gone], text
            assert found_below == [item for item, gone in zip(pip, below, strict=True) if not gone], text
        elif not any([*own, *below]):
            assert (found, found_below) == ([*conda, asked], pip), text
        else:
            assert [new != old for new, old in zip(found, conda, strict=True)] == own, text
            assert [new != old for new, old in zip(found_below, pip, strict=True)] == below, text
        assert [line for line in text.splitlines() if line.strip().startswith("#")] == [
            line for line in after.splitlines() if line.strip().startswith("#")
        ], text
        assert after.count("\n") == after.count(newline)
