"""Reports that attack their reader end in a refusal, soon and within bounds."""

from __future__ import annotations

import tracemalloc

import pytest

from devkeel.gates.figures import Counts, added_up
from devkeel.gates.readers.registry import reader_of
from devkeel.gates.readers.trust import Differs, UnreadReport

LAUGHS = "".join(f'<!ENTITY a{n + 1} "{f"&a{n};" * 10}">' for n in range(9))
SUITE = '<testsuite name="{}" tests="1"><testcase name="a"/></testsuite>'
HOSTILE = {
    "entity": f'<!DOCTYPE testsuite [<!ENTITY e "x">]>{SUITE.format("&e;")}',
    "billion laughs": f'<!DOCTYPE testsuite [<!ENTITY a0 "ha">{LAUGHS}]>{SUITE.format("&a9;")}',
    "external entity": f'<!DOCTYPE testsuite [<!ENTITY e SYSTEM "file:///etc/passwd">]>{SUITE.format("&e;")}',
    "parameter entity": f'<!DOCTYPE testsuite [<!ENTITY % p SYSTEM "file:///etc/passwd"> %p;]>{SUITE.format("")}',
    "quadratic": f'<!DOCTYPE testsuite [<!ENTITY e "{"x" * 50_000}">]>{SUITE.format("&e;" * 1000)}',
    "deep": f"{'<testsuite>' * 100_000}{'</testsuite>' * 100_000}",
    "deep cases": f"<testsuite>{'<properties>' * 1000}{'</properties>' * 1000}</testsuite>",
    "other encoding": '<?xml version="1.0" encoding="utf-7"?><testsuite/>',
    "coverage with an entity": '<!DOCTYPE coverage [<!ENTITY e "1">]><coverage line-rate="&e;"/>',
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_xml_is_unread(name: str) -> None:
    data = HOSTILE[name].encode()
    reader = reader_of(data)
    assert reader is not None
    with pytest.raises((UnreadReport, Differs)):
        reader.read(data, b"")


def test_a_document_type_without_entities_is_what_cobertura_has() -> None:
    head = '<!DOCTYPE coverage SYSTEM "http://cobertura.sourceforge.net/xml/coverage-04.dtd">'
    lines = '<lines><line number="1" hits="1"/></lines>'
    data = f'{head}<coverage line-rate="1"><class filename="a">{lines}</class></coverage>'.encode()
    reader = reader_of(data)
    assert reader is not None
    assert reader.read(data, b"").coverage == {"a": {"1": (1, True)}}


def test_a_long_report_is_read_without_being_kept() -> None:
    cases = "".join(
        f'<testcase classname="c" name="n{n}"><system-out>{"x" * 200}</system-out></testcase>' for n in range(5_000)
    )
    data = f'<testsuite tests="5000">{cases}</testsuite>'.encode()
    reader = reader_of(data)
    assert reader is not None
    tracemalloc.start()
    report = reader.read(data, b"")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert added_up([report]).tests == Counts(5_000, 0, 0)
    assert peak < 8 * len(data)


@pytest.mark.parametrize(
    "text",
    [
        "TAP version 13\n" + "".join(f"{'    ' * n}1..1\n" for n in range(100)),
        "TAP version 13\n1..99999999999999999999\nok 1\n",
        "TAP version 13\n1..1\nok 999999999999999999999999\n",
        "TAP version 13\n1..1\nok 1\n  ---\n  open\n",
        "TAP version 13\nBail out! no database\n1..0\n",
        "TAP version 12\n1..1\nnot ok 1\n1..1\n",
        "TAP version 13\n    ok 1\n    1..1\n1..0\n",
        "mode: set\n" + "a.go:1.1,2.2 " + "9" * 30 + " 1\n",
        "SF:a\nDA:" + "9" * 400 + ",1\nend_of_record\n",
        "SF:a\nDA:1,1e999\nend_of_record\n",
        '{"meta": {"branch_coverage": 1}, "totals": {}, "files": {"a": {"summary": {}, "executed_lines": [1e400]}}}',
        '{"meta": {"branch_coverage": 1}, "files": [], "totals": {}}',
        '{"meta": {"branch_coverage": 1}' + "[" * 100_000,
        '{"Action": "run", "Package": "p", "Test": "T"}\n{"Action": "pass", "Package": "p", "Test": "T"}\n',
        '{"Action": "pass", "Package": "p"}\n{"Action": "pass", "Pack',
    ],
)
def test_hostile_text_is_refused(text: str) -> None:
    data = text.encode()
    reader = reader_of(data)
    assert reader is not None
    with pytest.raises((UnreadReport, Differs)):
        reader.read(data, b"")
