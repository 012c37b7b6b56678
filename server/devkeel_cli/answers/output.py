"""Result -> what a person reads, or JSON; click drops the colours unless a terminal reads along."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

import click

from devkeel.deferred import Deferred
from devkeel.text.clean import clean
from devkeel.text.data import as_data
from devkeel_cli.answers.suggest import as_command
from devkeel_cli.answers.telling import say, told
from devkeel_words import gate_lines, lines

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from devkeel.catalogue.lookup import OptionDetail, SearchResult
    from devkeel.catalogue.search import Hit
    from devkeel.change.result import ChangeResult
    from devkeel.checks.report import CheckReport, Skipped
    from devkeel.doctor.examine import Examination
    from devkeel.environments.apply import ApplyResult
    from devkeel.environments.job_views import JobList, JobView
    from devkeel.environments.run import RunResult
    from devkeel.errors import Diagnostic
    from devkeel.gates.measure import GateResult
    from devkeel.history.log import HistoryEntry, HistoryPage, OperationDetail, WorkingDiff
    from devkeel.inspection.inspect import Inspection
    from devkeel.inspection.status import Stages
    from devkeel.inspection.why import Explanation
    from devkeel.locks.life import LockReport
    from devkeel.processes.state import ProcessesResult
    from devkeel.project.survey import DefinitionView
    from devkeel.remedies.diagnose import Diagnosis
    from devkeel.remedies.repair import Repair
    from devkeel.transaction.verification import Verification
    from devkeel_cli.answers import diagnosis
    from devkeel_words import cause_lines
else:
    cause_lines = Deferred("devkeel_words.cause_lines")
    diagnosis = Deferred("devkeel_cli.answers.diagnosis")

__all__ = [
    "applied",
    "as_json",
    "change",
    "check",
    "checks_line",
    "diagnosed",
    "examination",
    "finding",
    "history",
    "inspection",
    "job",
    "jobs",
    "locks",
    "operation",
    "paint_diff",
    "process_logs",
    "processes",
    "repaired",
    "search",
    "verified",
    "working_diff",
    "write",
    "write_exactly",
    "write_json",
    "write_run",
]

_MAX_VALUE = 100
_SEVERITY = {"error": "red", "warning": "yellow", "info": "blue"}


def write(lines: Iterable[str], *, err: bool = False) -> None:
    """Write lines to stdout, or to stderr."""
    for line in lines:
        say(line, err=err)


def write_json(data: object, *, exact: bool = False) -> None:
    """Write data as JSON: ASCII only, so that a terminal obeys nothing in it. exact: it is what was asked for."""
    click.echo(json.dumps(data if exact else _treated(data), indent=2, default=str))


def as_json(result: object) -> str:
    """Return a result as JSON, as far as it may be shown."""
    return json.dumps(_treated(as_data(told().data(result))), indent=2, default=str)


def _treated(data: object) -> object:
    # Each text is masked by itself: in JSON a line break is no blank, and the lines behind a secret would go with it.
    treated: object = told().data(json.loads(json.dumps(data, default=str)))
    return treated


def write_exactly(line: str) -> None:
    """Write a line that was asked for as it is, and that whoever makes it has treated."""
    click.echo(line)


def inspection(result: Inspection) -> Iterable[str]:
    """Yield the lines about what is declared, and where."""
    yield f"{_bold(clean(result.root))}  revision {result.revision}  backend {clean(result.backend)}"
    yield f"files:    {clean(', '.join(item.name for item in result.files)) or 'none'}"
    yield f"packages: {clean(', '.join(result.packages)) or 'none'}"
    for name, names in (result.inside or {}).items():
        yield f"inside {clean(name)}: {clean(', '.join(names)) or 'none'}"
    yield f"enabled:  {clean(', '.join(result.enabled)) or 'none'}"
    yield from map(clean, lines.flake(result.flake) if result.flake is not None else ())
    yield from map(_definition_line, result.definitions)
    yield from map(clean, result.notes)
    yield from _findings(result.problems)
    yield f"{clean(lines.checks_here(result.levels, result.skipped))}"
    yield from _stages(result.stages)
    if result.environments:
        yield f"environments: {clean(', '.join(map(lines.environment, result.environments)))}"
    if result.last_operation:
        yield f"last operation: {_entry_line(result.last_operation)}"
    if result.changed_since:
        yield f"changed by somebody else since: {clean(', '.join(result.changed_since))}"
    yield from _pending(result.recovery_pending)


def explanation(result: Explanation) -> Iterable[str]:
    """Yield the lines about where something is and is not."""
    yield _bold(clean(result.answer))
    yield from (f"{clean(line)}" for line in lines.seen(result))
    if result.next:
        yield f"next: {clean(result.next)}"


def _stages(stages: Stages | None) -> Iterable[str]:
    if stages is None:
        return
    applied = _green("what is declared") if stages.current else f"revision {stages.applied}"
    yield f"applied: {applied}, at {stages.time}" if stages.applied else "applied: never"
    manager = f"(process manager {stages.manager or 'silent'})"
    yield f"running: {f'revision {stages.running} {manager}' if stages.running else 'nothing'}"
    yield from (f"differs: {clean(sentence)}" for sentence in stages.differs)


def applied(result: ApplyResult) -> Iterable[str]:
    """Yield the lines about what applying gave."""
    yield from (f"note: {clean(note)}" for note in result.notes)
    whole = "applied in part" if result.left_out else "applied"
    done = _green(whole) if result.applied else _bold("builds (dry run)")
    yield f"{done} revision {result.revision} in {result.seconds:g} s: {clean(result.prefix)}"
    yield from map(clean, lines.active(result))
    if result.installed is not None:
        yield from map(clean, lines.installed(result.installed))
    if result.gate is not None:
        yield from map(clean, gate_lines.gate(cast("GateResult", result.gate)))


def write_run(result: RunResult, *, as_json: bool) -> None:
    """Write what a command printed, each output where it belongs."""
    if as_json:
        write_json(as_data(result))
        return
    result = told().data(result)
    say(result.stdout, nl=False)
    say(result.stderr, nl=False, err=True)
    for note in result.notes:
        say(f"note: {clean(note)}", err=True)
    if result.ended_too:
        say(f"note: left behind and ended: {clean(', '.join(result.ended_too))}", err=True)
    for line in lines.sandbox(result.sandbox) if result.sandbox is not None else ():
        say(f"note: {clean(line)}", err=True)
    for line in diagnosis.known(result.causes, f"{result.stdout}\n{result.stderr}") if result.causes else ():
        say(line, err=True)


def job(view: JobView) -> Iterable[str]:
    """Yield the lines about a job, with a part of its log."""
    yield f"{_bold(view.id)} {view.kind} {view.state}: {clean(view.title)}"
    if view.log:
        yield clean(view.log).rstrip()
    if view.progress and view.state == "running":
        yield f"now: {clean(view.progress)}"
    if view.error is not None:
        yield f"error[{view.error['code']}]: {clean(view.error['message'])}"
    if causes := _causes(view):
        yield from diagnosis.known(causes, view.log)
    if view.survivors:
        yield f"could not be ended: {clean(', '.join(view.survivors))}"


def _causes(view: JobView) -> Sequence[object] | None:
    """Return the causes that the result or the error of a job carries."""
    held = view.result if view.error is None else view.error.get("details")
    found: Sequence[object] | None = held.get("causes") if isinstance(held, dict) else None
    return found


def repaired(found: Repair) -> Iterable[str]:
    """Yield what a search for versions of libraries came to."""
    yield clean(found.answer)
    yield from (f"  {clean(line)}" for line in cause_lines.repair(found, diagnosis.making))


def diagnosed(found: Diagnosis) -> Iterable[str]:
    """Yield the causes with what mends them, the diff of the first fix, and what comes next."""
    yield _bold(clean(found.answer))
    yield from map(clean, cause_lines.diagnosis(found, diagnosis.making))
    best = next(iter(cause_lines.fixes(found)), None)
    if best is not None and best.diff:
        yield paint_diff(best.diff)
    if found.next:
        yield f"next: {clean(found.next)}"


def jobs(found: JobList) -> Iterable[str]:
    """Yield the jobs, one a line."""
    for item in found.jobs:
        yield f"{_bold(item['id'])} {item['started']}  {item['kind']:<6} {item['state']:<9} {clean(item['title'])}"
    if not found.jobs:
        yield "no jobs"


def check(report: CheckReport) -> Iterable[str]:
    """Yield the lines about what the checks found."""
    yield from _findings(report.diagnostics)
    count = sum(item.severity == "error" for item in report.diagnostics)
    verdict = _green("no errors") if report.ok else click.style(f"{count} error(s)", fg="red", bold=True)
    yield f"{verdict}; {checks_line(report.ran, report.skipped)}"
    if report.note:
        yield f"note: {report.note}"


def change(result: ChangeResult) -> Iterable[str]:
    """Yield the lines about what a write did, or would do."""
    yield from _differences(result)
    yield from (f"note: {clean(note)}" for note in result.notes)
    if result.runs_on_enter:
        yield f"note: this adds text or expressions that run {', '.join(result.runs_when)}"
    yield from _findings(result.checks.diagnostics)
    if result.looked_at:
        yield f"looked at: {clean(result.looked_at.names)}"
    files = clean(", ".join(result.files))
    checks = checks_line(result.checks.ran, result.checks.skipped)
    place = f" in {clean(result.root)}" if result.root else ""
    if not result.changed:
        yield f"nothing to do{place}; {checks}"
    elif result.published:
        yield f"{_green(f'changed {files}{place}')} (operation {result.operation}); {checks}"
    else:
        yield f"{_bold(f'would change {files}{place}')} (dry run); {checks}"


def _differences(result: ChangeResult | OperationDetail | WorkingDiff) -> Iterable[str]:
    yield from map(clean, lines.moves(result.locks))
    if result.diff:
        yield paint_diff(result.diff)


def locks(report: LockReport) -> Iterable[str]:
    """Yield how the locks are, one a line."""
    for item in report.locks:
        yield clean(lines.lock(item))
        if item.remedy:
            yield f"  {clean(item.remedy)}"
    yield _green("the locks fit the declaration") if report.ok else f"next: {clean(report.next)}"


def history(page: HistoryPage) -> Iterable[str]:
    """Yield the lines about the operations of a page, newest first."""
    yield from map(_entry_line, page.operations) if page.operations else ("no operations",)
    yield from _pending(page.recovery_pending)
    yield from (f"note: {clean(note)}" for note in page.notes)
    if page.next_before is not None:
        yield f"older ones: devkeel history --before {page.next_before}"


def verified(found: Verification) -> Iterable[str]:
    """Yield the lines about whether the history is as it was written."""
    for fault in found.faults:
        yield f"{click.style(fault.code, fg='red')}: {clean(fault.message)}"
    if (more := found.total - len(found.faults)) > 0:
        yield f"and {more} more"
    yield from map(clean, lines.verified(found))


def operation(detail: OperationDetail) -> Iterable[str]:
    """Yield the lines about one operation, with its diff."""
    yield _entry_line(detail.operation)
    yield from _differences(detail)
    yield f"checks that ran: {', '.join(detail.checks.get('ran', ())) or 'none'}"


def search(result: SearchResult) -> Iterable[str]:
    """Yield the lines about what a search found."""
    if result.option:
        yield from _option_lines(result.option)
    yield from map(_hit_line, result.hits)
    if not result.hits and not result.option:
        yield "nothing found: try one word of the name, or another kind"
    yield click.style(f"options: {clean(result.options_from)}; packages: {clean(result.packages_from)}", dim=True)
    if result.next_cursor:
        yield f"more: the same with --cursor {result.next_cursor}"


_PHASE = {"ready": "green", "gave_up": "red", "starting": "yellow", "waiting": "yellow"}


def processes(result: ProcessesResult) -> Iterable[str]:
    """Yield the lines about what runs, and what was done about it."""
    if not result.running and result.manager is None:
        yield "nothing runs"
    width = max((len(item.name) for item in result.processes), default=0)
    for item in result.processes:
        facts = [click.style(clean(item.phase), fg=_PHASE.get(item.phase)), *map(clean, item.ports)]
        facts += [f"{item.restart_count} restarts"] if item.restart_count else []
        yield f"{_bold(clean(item.name).ljust(width))}  {'  '.join(facts)}"
    yield from process_logs(result)
    if result.ended:
        yield f"ended what was left: {', '.join(result.ended)}"
    yield from (f"note: {clean(note)}" for note in result.notes)


def process_logs(result: ProcessesResult) -> Iterable[str]:
    """Yield the lines about what processes wrote."""
    for log in result.logs:
        for stream, text in (("stdout", log.stdout), ("stderr", log.stderr)):
            if text:
                yield click.style(f"==> {clean(log.name)} {stream} <==", dim=True)
                yield text.removesuffix("\n")


def _option_lines(option: OptionDetail) -> Iterable[str]:
    yield f"{_bold(clean(option.path))}: {clean(option.type)}{' (read-only)' * option.read_only}"
    if option.default is not None:
        yield f"  default: {clean(option.default)}"
    if option.allowed:
        yield f"  allowed: {clean(json.dumps(option.allowed, ensure_ascii=False))}"
    if option.description:
        yield f"  {clean(' '.join(option.description.split()))}"
    yield from map(_definition_line, option.definitions)


def _hit_line(item: Hit) -> str:
    facts = f": {clean(item.type)}" if item.type else ""
    default = f"; default {clean(item.default)}" if item.default else ""
    match = click.style(f"  ({item.match})", dim=True) if item.match in ("alias", "spelling") else ""
    by = f"  is in {clean(', '.join(item.by))}" if item.by else ""
    said = click.style(f"  {clean(item.description)}", dim=True) if item.description else ""
    return f"{item.kind:<8} {_bold(clean(item.name))}{facts}{default}{by}{match}{said}"


def working_diff(result: WorkingDiff) -> Iterable[str]:
    """Yield the lines about how the files differ from what the newest operation left."""
    if result.operation is None:
        yield "no operations yet: nothing to compare with"
    elif not result.files:
        yield f"no difference since operation {result.operation}"
    else:
        yield from _differences(result)


def examination(result: Examination) -> Iterable[str]:
    """Yield the lines about what `doctor` found, what it put right and what is left to do."""
    yield f"{_bold(clean(result.root))}  {', '.join(f'{name} {value}' for name, value in result.machine.items())}"
    shades = {"good": "green", "note": "blue", "problem": "red", "repaired": "yellow"}
    for item in result.findings:
        label = click.style(f"{item.verdict}:", fg=shades[item.verdict])
        sentence = clean(item.message)
        if item.remedy:
            sentence = f"{sentence.rstrip('.')}. {clean(item.remedy)}"
        yield f"{item.about:8} {label} {sentence}"


def _finding_line(item: Diagnostic) -> str:
    """Return one finding as one line, as compilers print it."""
    place = f"{clean(str(item.place))}: " if item.place else ""
    label = click.style(f"{item.severity}[{item.code}]:", fg=_SEVERITY[item.severity])
    subject = f" [{clean(item.subject)}]" if item.subject else ""
    return f"{place}{label} {clean(item.message)}{subject}"


def finding(item: Diagnostic) -> Iterable[str]:
    """Return one finding as lines: what was found, and the commands that would mend it."""
    yield _finding_line(item)
    yield from (f"  try: {clean(as_command(edit))}" for edit in item.suggestions[:_SUGGESTED])


def _findings(items: Iterable[Diagnostic]) -> Iterable[str]:
    for item in items:
        yield from finding(item)


def paint_diff(diff: str) -> str:
    """Return a unified diff with its lines coloured."""
    return "\n".join(_paint(line) for line in clean(diff).removesuffix("\n").split("\n"))


def _paint(line: str) -> str:
    if line.startswith(("--- ", "+++ ")):
        return _bold(line)
    for prefix, shade in (("@@", "cyan"), ("+", "green"), ("-", "red")):
        if line.startswith(prefix):
            return click.style(line, fg=shade)
    return line


def _bold(text: str) -> str:
    return click.style(text, bold=True)


def _green(text: str) -> str:
    return click.style(text, fg="green")


def checks_line(ran: Sequence[str], skipped: Sequence[Skipped]) -> str:
    """Return which checks ran, and which did not and why."""
    return clean(lines.checks(ran, skipped))


_SUGGESTED = 3


def _definition_line(item: DefinitionView) -> str:
    first, more = lines.value(item)
    first = clean(first)
    value = f"{first[:_MAX_VALUE]} …" if more or len(first) > _MAX_VALUE else first
    condition = f"  if {clean(item.condition)}" if item.condition else ""
    place = click.style(f"{clean(item.file)}:{item.line}", dim=True)
    return f"  {clean(item.path)} = {value}  {place}{condition}"


def _entry_line(entry: HistoryEntry) -> str:
    facts = [_bold(f"#{entry.id}"), entry.time, entry.kind, lines.caller(entry), ", ".join(entry.files)]
    facts += [*lines.relations(entry), *lines.past_devkeel(entry)]
    shown = [facts[0], *(clean(fact) for fact in facts[1:])]
    return "  ".join(shown) + (f"  {clean(entry.reason)}" if entry.reason else "")


def _pending(pending: bool) -> Iterable[str]:
    if pending:
        yield "a write was interrupted: the next write finishes or reverts it"
