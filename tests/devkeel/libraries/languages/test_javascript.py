"""package.json is edited where a library stands, as npm would, whatever section that is."""

from __future__ import annotations

import itertools
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from devkeel.errors import DevkeelError
from devkeel.libraries.languages import javascript
from devkeel.libraries.planning import plan
from devkeel.libraries.request import LibraryPlan, Request

SECTIONS = ("dependencies", "devDependencies", "optionalDependencies", "peerDependencies")
GROUPS = {"prod": SECTIONS[0], "dev": SECTIONS[1], "optional": SECTIONS[2], "peer": SECTIONS[3]}
NPM = shutil.which("npm")
# Within npm, or beside it as Debian has it.
ARBORIST = [
    file
    for folder in ((Path(NPM).resolve().parents[1] / "node_modules", Path(NPM).resolve().parents[2]) if NPM else ())
    if (file := folder / "@npmcli/arborist/lib/add-rm-pkg-deps.js").is_file()
]
needs_arborist = pytest.mark.skipif(not ARBORIST, reason="npm is not installed")


def planned(text: str, *names: str, group: str | None = None, remove: bool = False) -> LibraryPlan:
    request = Request("javascript", names, group, remove=remove)
    return plan(request, lambda name: text.encode() if name == "package.json" else None)


def edited(text: str, *names: str, group: str | None = None, remove: bool = False) -> str:
    return planned(text, *names, group=group, remove=remove).files.get("package.json", text.encode()).decode()


def manifest(**tables: object) -> str:
    return json.dumps({"name": "x", "version": "1.0.0", **tables}, indent=2) + "\n"


@pytest.mark.parametrize("section", SECTIONS)
def test_a_version_changes_where_the_library_is(section: str) -> None:
    text = manifest(scripts={"odd": "1"}, **{section: {"even": "1", "odd": "~2.0.0"}})
    assert edited(text, "odd@3.0.0") == text.replace("~2.0.0", "3.0.0")
    assert edited(text, "odd") == text
    assert section in planned(text, "odd").notes[0]


@pytest.mark.parametrize("section", SECTIONS)
def test_a_library_is_removed_where_it_is_and_so_is_an_empty_section(section: str) -> None:
    assert edited(manifest(**{section: {"even": "1", "odd": "2"}}), "odd", remove=True) == manifest(
        **{section: {"even": "1"}}
    )
    assert edited(manifest(**{section: {"odd": "2"}}), "odd", remove=True) == manifest()


def test_a_library_that_stands_twice_changes_twice() -> None:
    text = manifest(devDependencies={"odd": "1"}, peerDependencies={"odd": ">=1"})
    assert edited(text, "odd@2") == manifest(devDependencies={"odd": "2"}, peerDependencies={"odd": "2"})
    assert edited(text, "odd", remove=True) == manifest()


def test_a_name_alone_keeps_both_versions_that_it_has() -> None:
    text = manifest(devDependencies={"odd": "1", "JSONStream": "^1"}, peerDependencies={"odd": ">=1"})
    assert edited(text, "odd") == edited(text, "odd", group="dev") == text
    assert edited(text, "JSONStream@^1.3.5") == text.replace("^1", "^1.3.5")


def test_with_its_section_only_that_one_changes() -> None:
    text = manifest(devDependencies={"odd": "1"}, peerDependencies={"odd": ">=1"})
    assert edited(text, "odd@2", group="dev") == text.replace('"odd": "1"', '"odd": "2"')
    assert edited(text, "odd", group="dev", remove=True) == manifest(peerDependencies={"odd": ">=1"})


def test_another_section_moves_it_with_its_version() -> None:
    text = manifest(dependencies={"even": "1", "odd": "^2.0.0"}, devDependencies={"zero": "1"})
    made = planned(text, "odd", group="dev")
    assert made.files["package.json"].decode() == manifest(
        dependencies={"even": "1"}, devDependencies={"odd": "^2.0.0", "zero": "1"}
    )
    assert any("moves from dependencies to devDependencies" in note for note in made.notes)


def test_what_is_not_there_is_said_with_every_section_that_was_read() -> None:
    text = manifest(dependencies={"even": "1"}, overrides={"odd": "1"})
    made = planned(text, "odd", remove=True)
    assert not made.files
    assert all(section in made.notes[0] for section in SECTIONS)
    assert "dependencies" in planned(text, "even", group="dev", remove=True).notes[0].partition("It is in")[2]


def test_what_belongs_to_a_library_goes_with_it() -> None:
    text = manifest(
        peerDependencies={"odd": "1"},
        peerDependenciesMeta={"odd": {"optional": True}, "even": {"optional": True}},
        bundleDependencies=["odd", "even"],
    )
    assert json.loads(edited(text, "odd", remove=True)) == json.loads(
        manifest(peerDependenciesMeta={"even": {"optional": True}}, bundleDependencies=["even"])
    )
    alone = manifest(dependencies={"odd": "1"}, bundledDependencies=["odd"])
    assert edited(alone, "odd", remove=True) == manifest()


@pytest.mark.parametrize(
    ("old", "asked"),
    [
        ("npm:even@^1.0.0", "npm:even@2"),
        ("github:owner/odd", "github:owner/odd#v2"),
        ("owner/odd", "owner/odd#v2"),
        ("git+https://example.org/odd.git", "git+https://example.org/odd.git#v2"),
        ("file:../odd", None),
        ("link:../odd", None),
        ("https://example.org/odd.tgz", "https://example.org/odd-2.tgz"),
        ("workspace:*", "workspace:^"),
        ("catalog:", "catalog:next"),
    ],
)
def test_a_library_from_elsewhere_is_not_replaced_by_one_of_the_registry(old: str, asked: str | None) -> None:
    text = manifest(devDependencies={"odd": old})
    assert edited(text, "odd") == text
    with pytest.raises(DevkeelError) as caught:
        edited(text, "odd@2.0.0")
    assert caught.value.code == "ambiguous"
    # The ways out: in its own form, or by removing it first.
    if asked is not None:
        assert edited(text, f"odd@{asked}") == text.replace(old, asked)
    assert edited(edited(text, "odd", remove=True), "odd@2.0.0", group="dev") == text.replace(old, "2.0.0")


@pytest.mark.parametrize("version", ["latest", "next", "^1.2 || 2.x", "1.2.3 - 2", ">=1 <2", "*", "npm:odd@1"])
def test_a_range_takes_the_place_of_any_range(version: str) -> None:
    text = manifest(dependencies={"odd": "^0.1.0 || 1"})
    assert edited(text, f"odd@{version}") == text.replace("^0.1.0 || 1", version)


def test_a_version_that_an_override_contradicts_is_refused() -> None:
    text = manifest(dependencies={"odd": "1.0.0"}, overrides={"odd": "1.0.0"})
    with pytest.raises(DevkeelError) as caught:
        edited(text, "odd@2.0.0")
    assert caught.value.code == "ambiguous"
    assert edited(text, "odd") == text
    same = text.replace('"odd": "1.0.0"\n  }\n}', '"odd": "$odd"\n  }\n}')
    assert json.loads(edited(same, "odd@2.0.0"))["dependencies"] == {"odd": "2.0.0"}


@pytest.mark.parametrize("forced", [{"resolutions": {"odd": "1"}}, {"pnpm": {"overrides": {"odd": "1"}}}])
def test_what_decides_a_version_elsewhere_is_said(forced: dict[str, object]) -> None:
    made = planned(manifest(dependencies={"odd": "1"}, **forced), "odd@2")
    assert json.loads(made.files["package.json"])["dependencies"] == {"odd": "2"}
    assert any("'1'" in note for note in made.notes)


@pytest.mark.parametrize(
    "style",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: text.replace("  ", "\t"),
        lambda text: text.replace("  ", "    "),
        lambda text: text.rstrip("\n"),
        lambda text: text + "\n\n",
    ],
)
def test_the_style_of_the_file_stays(style: object) -> None:
    assert callable(style)
    text = style(manifest(dependencies={"a": "1", "c": "1"}, devDependencies={"b": "1"}))
    changed = edited(text, "b@2", "a2@1")
    assert changed == style(manifest(dependencies={"a": "1", "a2": "1", "c": "1"}, devDependencies={"b": "2"}))
    assert edited(edited(changed, "a2", remove=True), "b@1") == text


@needs_arborist
def test_libraries_are_ordered_as_npm_orders_them() -> None:
    signs = ("a", "a-b", "a_b", "a.b", "a~b", "a1", "ab", "aB", "@a/b", "@a/c", "@ab/a", "-a", "b", "10", "2", "a/b")
    script = 'console.log(JSON.stringify(JSON.parse(process.argv[1]).sort((a, b) => a.localeCompare(b, "en"))))'
    told = subprocess.run(["node", "-e", script, json.dumps(signs)], capture_output=True, check=True, timeout=60)
    assert sorted(signs, key=javascript._order) == json.loads(told.stdout)


JUDGE = """
const {add, rm} = require(process.argv[1]);
const cases = JSON.parse(require('fs').readFileSync(0));
console.log(JSON.stringify(cases.map(([pkg, group, remove]) => remove
  ? rm(pkg, ['odd'])
  : add({pkg, add: [{name: 'odd', rawSpec: '2.0.0'}], saveType: group ?? undefined}))));
"""


@needs_arborist
def test_every_combination_of_sections_is_edited_as_npm_edits_it() -> None:
    cases = []
    for size in range(len(SECTIONS) + 1):
        for stands in itertools.combinations(SECTIONS, size):
            tables = {name: {"even": "1", "odd": "1.0.0"} for name in stands}
            cases += [(json.loads(manifest(**tables)), group, False) for group in (None, *GROUPS)]
            cases.append((json.loads(manifest(**tables)), None, True))
    told = subprocess.run(
        ["node", "-e", JUDGE, str(ARBORIST[0])],
        input=json.dumps(cases).encode(),
        capture_output=True,
        check=True,
        timeout=60,
    )
    for (before, group, remove), after in zip(cases, json.loads(told.stdout), strict=True):
        text = json.dumps(before, indent=2)
        found = json.loads(edited(text, "odd" if remove else "odd@2.0.0", group=group, remove=remove))
        stands = [name for name in SECTIONS if name in before]
        optional = "optionalDependencies" in after and "odd" in after["optionalDependencies"]
        if remove or (group is not None and not optional):
            assert found == after, (stands, group)
            continue
        # npm writes an optional library among the others too, and takes it out there when it saves; without a group it
        # changes one section and takes the library out of another: devkeel changes all, and drops none without a word.
        wanted = [GROUPS[group]] if group else stands or ["dependencies"]
        assert {found[name]["odd"] for name in wanted} == {"2.0.0"}, (stands, group)
        assert any(after.get(name, {}).get("odd") == "2.0.0" for name in wanted)


@pytest.mark.parametrize("name", ["@scope/_x", "@scope/-x", "JSONStream", "a!b", "~tilde", "node_modules_x", "@_s/x"])
def test_names_of_old_packages_are_names(name: str) -> None:
    text = manifest(dependencies={"odd": "1"})
    assert json.loads(edited(text, f"{name}@2"))["dependencies"] == {"odd": "1", name: "2"}


@pytest.mark.parametrize("name", [".x", "_x", "-x", "@scope/.x", "node_modules", "Favicon.ico@1", "$x", "a b", "@/x"])
def test_what_npm_would_not_install_is_no_name(name: str) -> None:
    with pytest.raises(DevkeelError) as error:
        planned(manifest(), name)
    assert error.value.code == "bad_library"


def test_what_stands_in_the_file_is_removed_whatever_its_name_is() -> None:
    text = manifest(devDependencies={"$utils": "workspace:^", "odd": "1"})
    assert edited(text, "$utils", remove=True) == manifest(devDependencies={"odd": "1"})


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed")
def test_names_are_sorted_as_npm_sorts_them() -> None:
    names = ["$u", "_a", "-a", "!a", "'a", "(a", "a)", "@a/b", "@a-b/c", "@a_b/c", "~a", "a.b", "a-b", "A-b", "a_b"]
    names += ["JSONStream", "jsonstream", "a1", "a10", "a2", "Ab", "aB", "ab", "a*b", "a!b", "a'b", "a~b"]
    script = "console.log(JSON.stringify(JSON.parse(process.argv[1]).sort((a, b) => a.localeCompare(b, 'en'))))"
    done = subprocess.run(["node", "-e", script, json.dumps(names)], capture_output=True, check=True, timeout=60)
    assert sorted(names, key=javascript._order) == json.loads(done.stdout)
