"""Cargo.toml is edited where a crate stands; `cargo metadata` says what the result asks for."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import DevkeelError
from devkeel.libraries.planning import plan
from devkeel.libraries.request import LibraryPlan, Request

if TYPE_CHECKING:
    from pathlib import Path

needs_cargo = pytest.mark.skipif(shutil.which("cargo") is None, reason="cargo is not installed")
PACKAGE = '[package]\nname = "m"\nversion = "0.1.0"\nedition = "2021"\n\n'
WORKSPACE = '[workspace]\nmembers = ["m"]\nresolver = "2"\n\n[workspace.dependencies]\n'


def planned(
    files: dict[str, str], *names: str, file: str | None = None, group: str | None = None, remove: bool = False
) -> LibraryPlan:
    held = {name: text.encode() for name, text in files.items()}
    return plan(Request("rust", names, group, file, remove=remove), held.get)


def edited(text: str, *names: str, group: str | None = None, remove: bool = False) -> str:
    made = planned({"Cargo.toml": text}, *names, group=group, remove=remove)
    return made.files.get("Cargo.toml", text.encode()).decode()


def asked(root: Path, files: dict[str, str]) -> list[tuple[Any, ...]]:
    """Return what cargo reads: kind, target, name, requirement, features, whether optional, by what other name."""
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
        for place in ("src/lib.rs", "build.rs"):
            held = (root / name).parent / place
            held.parent.mkdir(exist_ok=True)
            held.write_text("")
    argv = ["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"]
    told = subprocess.run(argv, cwd=root, capture_output=True, check=False, timeout=60)
    assert not told.returncode, told.stderr.decode()
    keys = ("kind", "target", "name", "req", "features", "optional", "rename")
    found = [item for package in json.loads(told.stdout)["packages"] for item in package["dependencies"]]
    return sorted(((*(item[key] for key in keys), item["source"]) for item in found), key=repr)


# How a manifest may write a dependency on log 0.4.17: the text, and where it is for cargo.
SHAPES = (
    ('[dependencies]\na = "1"\nlog = "0.4.17"  # text\n', "normal"),
    ("[dependencies]\nlog = '0.4.17'\nz = '1'\n", "normal"),
    ('[dependencies]\nlog = { version = "0.4.17", features = ["std"], default-features = false } # kept\n', "normal"),
    ('[dependencies]\nlog = { version = "0.4.17", optional = true }\n', "normal"),
    ('[dependencies.log]\nversion = "0.4.17" # kept\nfeatures = ["std"]\n\n[dev-dependencies]\na = "1"\n', "normal"),
    ('[dependencies]\nlog.version = "0.4.17"\nlog.features = ["std"]\na = "1"\n', "normal"),
    ('[dev-dependencies]\nlog = "0.4.17"\n\n[dependencies]\na = "1"\n', "dev"),
    ('[build-dependencies]\n# why\nlog = "0.4.17"\na = "1"\n', "build"),
    ("[target.'cfg(unix)'.dependencies]\nlog = \"0.4.17\"\n", "normal"),
    ("[target.'cfg(unix)'.dev-dependencies]\nlog = \"0.4.17\"\n", "dev"),
    ('[target.x86_64-pc-windows-msvc.build-dependencies.log]\nversion = "0.4.17"\n', "build"),
    ('[dependencies]\nlogger = { package = "log", version = "0.4.17" }\n', "normal"),
    ('[dependencies]\nlog = { version = "0.4.17", registry-index = "https://example.org/i" }\n', "normal"),
    ('[dependencies]\nlog = { version = "0.4.17", git = "https://example.org/log" }\n', "normal"),
    ('[dependencies]\nlog = "0.4.17"\n\n[dev-dependencies]\nlog = { version = "0.4.17", features = ["std"] }\n', "all"),
    (
        "[target.'cfg(unix)'.dependencies]\nlog = '0.4.17'\n[target.w32.dependencies]\nlog.version = '0.4.17'\n",
        "normal",
    ),
)


@needs_cargo
@pytest.mark.parametrize(("body", "kind"), SHAPES)
def test_a_version_changes_wherever_the_crate_stands_and_nothing_else_does(
    tmp_path: Path, body: str, kind: str
) -> None:
    text = PACKAGE + body
    changed = edited(text, "log@0.4.20")
    # No comment, feature or layout changes: the text is the same but for the version.
    assert changed == text.replace("0.4.17", "0.4.20")
    before, after = asked(tmp_path, {"Cargo.toml": text}), asked(tmp_path, {"Cargo.toml": changed})
    assert after == [tuple("^0.4.20" if item == "^0.4.17" else item for item in entry) for entry in before]
    assert not planned({"Cargo.toml": changed}, "log@0.4.20").files
    if kind != "all":
        assert edited(text, "log@0.4.20", group=kind) == changed


@needs_cargo
@pytest.mark.parametrize(("body", "kind"), SHAPES)
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_a_crate_is_removed_wherever_it_stands(tmp_path: Path, body: str, kind: str, newline: str) -> None:
    text = (PACKAGE + body).replace("\n", newline)
    changed = edited(text, "log", remove=True)
    before, after = asked(tmp_path, {"Cargo.toml": text}), asked(tmp_path, {"Cargo.toml": changed})
    assert after == [entry for entry in before if entry[2] != "log"]
    assert changed.count(newline) == changed.count("\n")
    assert "log" not in changed.replace("# why", "")
    assert kind == "all" or edited(text, "log", group=kind, remove=True) == changed


@needs_cargo
@pytest.mark.parametrize(
    ("features", "left"),
    [
        ('default = ["std", "log"] # on\nstd = []\n', {"default": ["std"], "std": []}),
        ('default = ["std"]\nstd = ["dep:log", "log?/std"]\n', {"default": ["std"], "std": []}),
        (
            'default = [\n  "std",\n  "log/std", # gone\n  "b", # stays\n]\nstd = []\nb = []\n',
            {"default": ["std", "b"], "std": [], "b": []},
        ),
        ("# all\nall = ['log']\n", {"all": []}),
    ],
)
def test_features_forget_a_crate_that_is_gone_as_cargo_remove_does(
    tmp_path: Path, features: str, left: dict[str, list[str]]
) -> None:
    text = (
        f'{PACKAGE}[dependencies]\nlog = {{ version = "0.4.17", optional = true }}\na = "1"\n\n[features]\n{features}'
    )
    changed = edited(text, "log", remove=True)
    assert "log" not in changed
    assert [entry[2] for entry in asked(tmp_path, {"Cargo.toml": changed})] == ["a"]
    for comment in ("# on", "# stays", "# all"):
        assert (comment in changed) == (comment in text)
    assert toml_of(changed)["features"] == left
    argv = ["cargo", "remove", "--offline", "--quiet", "log"]
    (tmp_path / "Cargo.toml").write_text(text)
    removed = subprocess.run(argv, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    if b"no such" not in removed.stderr:  # Cargo has it since 1.66
        assert toml_of((tmp_path / "Cargo.toml").read_text()) == toml_of(changed)


def toml_of(text: str) -> dict[str, Any]:
    import tomllib

    return tomllib.loads(text)


@pytest.mark.parametrize("form", ['log = { workspace = true, features = ["std"] }', "log.workspace = true"])
@pytest.mark.parametrize(
    ("shared", "wanted"),
    [('log = "0.4.17"', 'log = "0.4.20"'), ('log = { version = "0.4.17" }', 'log = { version = "0.4.20" }')],
)
@needs_cargo
def test_a_version_of_the_workspace_changes_there(tmp_path: Path, form: str, shared: str, wanted: str) -> None:
    member = f"{PACKAGE}[dependencies]\n{form}\n"
    files = {"Cargo.toml": f"{WORKSPACE}{shared} # all\n", "m/Cargo.toml": member}
    made = planned(files, "log@0.4.20", file="m/Cargo.toml")
    assert {name: data.decode() for name, data in made.files.items()} == {"Cargo.toml": f"{WORKSPACE}{wanted} # all\n"}
    assert "Cargo.toml" in made.notes[0]
    after = files | {name: data.decode() for name, data in made.files.items()}
    assert [entry[2:4] for entry in asked(tmp_path, after)] == [("log", "^0.4.20")]
    assert not planned(after, "log@0.4.20", file="m/Cargo.toml").files
    assert not planned(after, "log", file="m/Cargo.toml").files


def test_a_workspace_is_found_as_cargo_finds_it() -> None:
    member = f"{PACKAGE}[dependencies]\nlog.workspace = true\n"
    root = f'{WORKSPACE}log = "0.4.17"\n'
    deep = planned({"Cargo.toml": root, "crates/a/m/Cargo.toml": member}, "log@0.5", file="crates/a/m/Cargo.toml")
    assert [*deep.files] == ["Cargo.toml"]
    named = member.replace("[package]\n", '[package]\nworkspace = "../w"\n')
    assert [*planned({"w/Cargo.toml": root, "m/Cargo.toml": named}, "log@0.5", file="m/Cargo.toml").files] == [
        "w/Cargo.toml"
    ]
    with pytest.raises(DevkeelError) as caught:
        planned({"Cargo.toml": member}, "log@0.5")
    assert caught.value.code == "inherited"


@needs_cargo
def test_a_name_that_the_workspace_gives_is_that_of_the_crate(tmp_path: Path) -> None:
    root = f'{WORKSPACE}ranges = {{ version = "0.1.2", package = "version-ranges" }}\n'
    files = {"Cargo.toml": root, "m/Cargo.toml": f"{PACKAGE}[dependencies]\nranges = {{ workspace = true }}\n"}
    made = planned(files, "version-ranges@0.1.3", file="m/Cargo.toml")
    assert {name: data.decode() for name, data in made.files.items()} == {"Cargo.toml": root.replace("0.1.2", "0.1.3")}
    assert planned(files, "version-ranges", remove=True, file="m/Cargo.toml").files
    with pytest.raises(DevkeelError) as caught:
        planned(files, "ranges@1", file="m/Cargo.toml")
    assert caught.value.code == "ambiguous"
    bare = files | {"m/Cargo.toml": f"{PACKAGE}[dependencies]\n"}
    after = bare | {
        name: data.decode() for name, data in planned(bare, "version-ranges", file="m/Cargo.toml").files.items()
    }
    assert [entry[2:4] for entry in asked(tmp_path, after)] == [("version-ranges", "^0.1.2")]


@needs_cargo
def test_a_new_crate_inherits_what_the_workspace_has(tmp_path: Path) -> None:
    files = {"Cargo.toml": f'{WORKSPACE}log = "0.4.17"\n', "m/Cargo.toml": f'{PACKAGE}[dependencies]\na = "1"\n'}
    made = planned(files, "log", file="m/Cargo.toml")
    after = files | {name: data.decode() for name, data in made.files.items()}
    assert [entry[2:4] for entry in asked(tmp_path, after)] == [("a", "^1"), ("log", "^0.4.17")]
    pinned = planned(files, "log@0.3", file="m/Cargo.toml").files
    assert pinned["m/Cargo.toml"].decode() == files["m/Cargo.toml"] + 'log = "0.3"\n'


@needs_cargo
def test_a_workspace_without_a_package_gets_no_dependencies(tmp_path: Path) -> None:
    files = {"Cargo.toml": f'{WORKSPACE}log = "0.4.17"\n', "m/Cargo.toml": f"{PACKAGE}[dependencies]\n"}
    with pytest.raises(DevkeelError) as caught:
        planned(files, "rand@0.9")
    assert "m/Cargo.toml" in str(caught.value.remedy)
    made = planned(files, "log@0.4.20")
    assert made.files["Cargo.toml"].decode() == files["Cargo.toml"].replace("17", "20")
    assert "workspace.dependencies" in planned(files, "log", remove=True).notes[0]
    assert asked(tmp_path, files) == []


def test_a_name_alone_that_is_in_another_table_gets_an_entry_like_that() -> None:
    text = f'{PACKAGE}[dependencies]\na = "1"\n\n[dev-dependencies]\nlog = {{ version = "0.4.17", optional = true }}\n'
    assert edited(text, "log") == text.replace('a = "1"\n', 'a = "1"\nlog = "0.4.17"\n')
    assert edited(text, "log", group="dev") == text
    assert edited(text, "log@0.4.20", group="normal") == text.replace('a = "1"\n', 'a = "1"\nlog = "0.4.20"\n')


def test_a_crate_by_another_name_is_no_other_crate() -> None:
    text = f'{PACKAGE}[dependencies]\nlog = {{ package = "slog", version = "1" }}\n'
    with pytest.raises(DevkeelError) as caught:
        edited(text, "log@0.4")
    assert caught.value.code == "ambiguous"
    assert edited(text, "slog@2") == text.replace('"1"', '"2"')
    assert edited(text, "log", remove=True) == edited(text, "slog", remove=True) == f"{PACKAGE}[dependencies]\n"


@needs_cargo
@pytest.mark.parametrize("entry", ['{ git = "https://example.org/log", branch = "x" }', '{ path = "log" }'])
def test_a_crate_from_elsewhere_keeps_its_source_and_the_answer_says_so(tmp_path: Path, entry: str) -> None:
    text = f"{PACKAGE}[dependencies]\nlog = {entry}\n"
    made = planned({"Cargo.toml": text}, "log@0.4.20")
    assert any("still" in note for note in made.notes)
    found = asked(tmp_path, {"Cargo.toml": made.files["Cargo.toml"].decode()})
    assert found[0][3] == "^0.4.20"
    assert (
        toml_of(made.files["Cargo.toml"].decode())["dependencies"]["log"].items()
        > toml_of(text)["dependencies"]["log"].items()
    )
    assert edited(text, "log") == text
    assert edited(edited(text, "log", remove=True), "log@0.4.20") == f'{PACKAGE}[dependencies]\nlog = "0.4.20"\n'


def test_a_version_changes_in_tables_that_are_continued_behind_others() -> None:
    text = (
        f"{PACKAGE}[target.a.dependencies]\nlog = '0.4.17' # one\n\n[[bin]]\nname = 'm'\npath = 'm.rs'\n\n"
        "[target.b.dependencies]\nlog = '0.4.17' # two\n"
    )
    assert edited(text, "log@0.4.20") == text.replace("0.4.17", "0.4.20")


def test_what_is_not_there_is_said_with_every_table_that_was_read() -> None:
    text = f'{PACKAGE}[dev-dependencies]\nlog = "1"\n'
    made = planned({"Cargo.toml": text}, "rand", remove=True)
    assert not made.files
    assert all(table in made.notes[0] for table in ("dev-dependencies", "build-dependencies", "target"))
    assert "It is in dev-dependencies" in planned({"Cargo.toml": text}, "log", group="build", remove=True).notes[0]


def vendored(root: Path, *versions: str) -> None:
    """Make a source of crates that has log in some versions (Cargo book, "Source Replacement")."""
    for version in versions:
        crate = root / "vendor" / f"log-{version}"
        (crate / "src").mkdir(parents=True)
        (crate / "src" / "lib.rs").write_text("")
        (crate / "Cargo.toml").write_text(f'[package]\nname = "log"\nversion = "{version}"\n\n[features]\nstd = []\n')
        (crate / ".cargo-checksum.json").write_text('{"files": {}, "package": null}')
    (root / ".cargo").mkdir()
    source = '[source.crates-io]\nreplace-with = "vendored"\n\n[source.vendored]\ndirectory = "vendor"\n'
    (root / ".cargo" / "config.toml").write_text(source)


@needs_cargo
@pytest.mark.parametrize("body", [body for body, kind in SHAPES if "registry" not in body and "git" not in body])
def test_cargo_resolves_to_the_version_that_was_asked_for(tmp_path: Path, body: str) -> None:
    text = PACKAGE + re.sub(r"^[az] = .*\n", "", body, flags=re.MULTILINE)
    vendored(tmp_path, "0.4.17", "0.4.20", "0.4.21")
    asked(tmp_path, {"Cargo.toml": edited(text, "log@=0.4.20")})
    argv = ["cargo", "metadata", "--offline", "--all-features", "--format-version", "1"]
    told = subprocess.run(argv, cwd=tmp_path, capture_output=True, check=False, timeout=60)
    assert not told.returncode, told.stderr.decode()
    found = {item["name"]: item["version"] for item in json.loads(told.stdout)["packages"]}
    assert found == {"m": "0.1.0", "log": "0.4.20"}
