"""Specifications of conda are read as py-rattler reads them, and change in nothing but what is asked for."""

from __future__ import annotations

import itertools

import pytest

from devkeel.libraries.manifests import match_spec

rattler = pytest.importorskip("rattler")

SPECS = (
    "zlib",
    "ZLib",
    "conda-forge::zlib[version='>=1.3,<2']",
    "pyyaml =6.0.1",
    "numpy 1.2",
    "numpy 1.2 py_0",
    "numpy=1.2=py_0",
    "numpy==1.2=py_0",
    "numpy=1.2.*=*cuda*",
    "numpy >=1.3,<2 *cuda*",
    "numpy>=1.3,<2=*cuda*",
    "a[version='=1.2']",
    "a[version=1.2]",
    "a >= 1, < 2",
    "conda-forge/linux-64::a=1",
    "https://conda.example.org/conda-forge::a=1",
    "a[build='*x',channel=conda-forge]",
    "a=1.2[build='*x']",
    "a = 1.2",
    "a==1.2.*",
    "a~=1.2",
    "a!=1.2",
    "a 1.2|1.3",
    "a=1.2, <2",
    "blas=*=openblas",
    "blas=1.0=mkl",
    "a[subdir=linux-64]",
    "a =1.3 *cuda*",
    "conda-forge::a [version='1']",
    "_libgcc_mutex=0.1=conda_forge",
    "ca-certificates=2023.05.30=h06a4308_0",
    "xorg-libx11",
    "font-ttf-dejavu-sans-mono=2.37=hab24e00_0",
)
REQUESTS = (
    "a=2.5",
    "a==2.5",
    "a>=2,<3",
    "a 2.5",
    "a=2.5.*",
    "a~=2.5",
    "a!=2.5",
    "a=2.5=py_0",
    "d::a",
    "d::a=2.5",
    "a[version='>=2']",
    "a=2.5|3",
)


@pytest.mark.parametrize("text", SPECS)
def test_a_specification_is_read_as_the_solver_reads_it(text: str) -> None:
    found, known = match_spec.read(text), rattler.MatchSpec(text)
    assert found is not None
    assert found.key == known.name.normalized
    assert found.meaning[2] == known.build
    version = found.meaning[1]
    assert (version is None) == (known.version is None)
    if version is not None:
        assert str(rattler.MatchSpec(f"a[version='{version}']").version) == str(known.version)


@pytest.mark.parametrize("text", ["", "a b c d", "a[", "a]", "a[extra]", "-r x", "==1", "a[version='1'][build='2']"])
def test_what_is_no_specification_is_none(text: str) -> None:
    assert match_spec.read(text) is None


def test_the_address_of_a_package_has_its_name() -> None:
    found = match_spec.read("https://example.org/conda-forge/linux-64/font-ttf-mono-2.37-hab24e00_0.conda")
    assert found is not None
    assert (found.key, found.meaning, found.address) == ("font-ttf-mono", (None, "2.37", "hab24e00_0"), True)


@pytest.mark.parametrize(("text", "request_"), [*itertools.product(SPECS, REQUESTS)])
def test_a_request_changes_what_it_names_and_nothing_else(text: str, request_: str) -> None:
    wanted = match_spec.read(request_)
    assert wanted is not None
    made, gone = match_spec.amended(text, wanted)
    old, asked, new = (rattler.MatchSpec(item) for item in (text, request_, made))
    assert new.name.normalized == old.name.normalized
    assert str(new.version) == str(asked.version or old.version)
    assert new.build == (asked.build or (None if gone else old.build))
    assert new.subdir == old.subdir or asked.channel is not None
    assert (new.channel and new.channel.name) == (
        (asked.channel or old.channel) and (asked.channel or old.channel).name
    )
    assert gone is None or "h" in gone


@pytest.mark.parametrize(
    ("text", "request_", "made"),
    [
        ("conda-forge::zlib[version='>=1.3,<2']", "zlib=1.2", "conda-forge::zlib[version='1.2.*']"),
        ("pyyaml =6.0.1", "pyyaml=6.0.2", "pyyaml =6.0.2"),
        ("pytorch=2.1=*cuda*", "pytorch=2.2", "pytorch=2.2.*=*cuda*"),
        ("numpy=1.26.4=py311h64a7726_0", "numpy=2.0", "numpy=2.0"),
        ("PyYAML>=5", "pyyaml>=6,<7", "PyYAML>=6,<7"),
    ],
)
def test_the_form_of_a_specification_stays(text: str, request_: str, made: str) -> None:
    wanted = match_spec.read(request_)
    assert wanted is not None
    assert match_spec.amended(text, wanted)[0] == made
