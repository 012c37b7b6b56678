"""Result -> text and structured content, each complete alone: some hosts show the model only one of them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace

from devkeel.deferred import Deferred
from devkeel.errors import stands
from devkeel.text.actions import do, say
from devkeel_mcp.answers import causes
from devkeel_mcp.answers.answer import answer
from devkeel_mcp.answers.text import cut_line, cut_middle, few, plain
from devkeel_mcp.resources.addresses import ENVIRONMENT, OPERATIONS
from devkeel_words import gate_lines, lines
from devkeel_words.speech import as_tool

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from mcp_types import CallToolResult

    from devkeel.catalogue.lookup import OptionDetail, SearchResult
    from devkeel.catalogue.search import Hit
    from devkeel.change import result as outcomes
    from devkeel.change.result import ChangeResult
    from devkeel.checks.report import CheckReport, Skipped
    from devkeel.environments import apply, run
    from devkeel.environments.apply import ApplyResult
    from devkeel.environments.job_views import JobList, JobView
    from devkeel.environments.run import RunResult
    from devkeel.errors import Diagnostic
    from devkeel.gates.measure import GateResult
    from devkeel.history.log import HistoryEntry, HistoryPage, OperationDetail
    from devkeel.inspection.inspect import Inspection
    from devkeel.inspection.status import Stages
    from devkeel.inspection.why import Explanation
    from devkeel.locks.life import LockReport
    from devkeel.processes.state import ProcessesResult, ProcessLog
    from devkeel.project.survey import DefinitionView
    from devkeel.remedies.repair import Repair
    from devkeel_mcp.answers import nix_toolset
    from devkeel_words import cause_lines
else:
    cause_lines = Deferred("devkeel_words.cause_lines")
    apply = Deferred("devkeel.environments.apply")
    run = Deferred("devkeel.environments.run")
    outcomes = Deferred("devkeel.change.result")
    nix_toolset = Deferred("devkeel_mcp.answers.nix_toolset")

__all__ = [
    "change",
    "check",
    "checks_line",
    "diagnostic_line",
    "history",
    "inspection",
    "job",
    "jobs",
    "locks",
    "operation",
    "outcome",
    "processes",
    "search",
]

_HEAD_LINE = 1_000
_ARGV = 200


def inspection(result: Inspection) -> CallToolResult:
    """Render what is declared, and where."""
    head = [f"Environment of {result.root}: revision {result.revision}, backend {result.backend}."]
    if result.lock_revision:
        head.append(f"Lock files: revision {result.lock_revision}.")
    files = ", ".join(f"{item.name} ({item.role}, {item.bytes} bytes)" for item in result.files)
    head.append(f"Files: {files or 'none'}.")
    head.append(f"Packages ({len(result.packages)}): {', '.join(result.packages) or 'none'}.")
    head += [f"Inside {name}: {', '.join(names) or 'none'}." for name, names in (result.inside or {}).items()]
    head.append(f"Enabled: {', '.join(result.enabled) or 'none'}.")
    body = [*map(_sentence, lines.flake(result.flake))] if result.flake is not None else []
    body += [f"Definitions ({len(result.definitions)}):", *map(_definition_line, result.definitions)]
    tail = [*result.notes, *few(map(diagnostic_line, result.problems))]
    tail.append(f"{_sentence(lines.checks_here(result.levels, result.skipped))}.")
    tail += _stages(result.stages)
    tail += [f"Environments: {', '.join(map(lines.environment, result.environments))}."] if result.environments else []
    if result.last_operation:
        tail.append(f"Last operation: {_entry_line(result.last_operation)}")
    if result.changed_since:
        tail.append(f"Changed by somebody else since then: {', '.join(result.changed_since)}.")
    tail += _pending(result.recovery_pending)
    return answer(
        result, _short(head), body, [*tail, f"Next: {result.next}"], f"Narrow with prefix, or read {ENVIRONMENT}."
    )


def explanation(result: Explanation) -> CallToolResult:
    """Render where a variable, program or port is and is not."""
    tail = [f"Next: {result.next}"] if result.next else []
    return answer(result, [result.answer], list(lines.seen(result)), tail, "Ask for one name.")


def _stages(stages: Stages | None) -> list[str]:
    if stages is None:
        return []
    checked = f"checked up to {stages.checked[-1]}" if stages.checked else "not checked by a change of devkeel"
    applied = f"{stages.applied} at {stages.time}" if stages.applied else "never"
    running = f"{stages.running} (process manager {stages.manager or 'silent'})" if stages.running else "nothing"
    line = f"Declared: {stages.declared}, {checked}. Applied: {applied}. Running: {running}."
    return [line, *(f"Differs: {sentence}" for sentence in stages.differs)]


def check(report: CheckReport) -> CallToolResult:
    """Render a check report."""
    count = sum(item.severity == "error" for item in report.diagnostics)
    verdict = "No errors." if report.ok else f"{count} error{'s' * (count != 1)}."
    lines = [diagnostic_line(item) for item in report.diagnostics]
    tail = [checks_line(report.ran, report.skipped), *([f"Note: {report.note}"] if report.note else [])]
    return answer(report, [verdict], lines, tail, "Mend these first.")


def change(result: ChangeResult) -> CallToolResult:
    """Render the answer of a write; what goes wrong then says that the change stands."""
    try:
        return _change(result)
    except Exception as error:
        if result.operation is not None:
            stands(error, result.operation)
        raise


def _change(result: ChangeResult) -> CallToolResult:
    notes = [f"Note: {note}" for note in result.notes]
    if result.runs_on_enter:
        notes.append(f"Note: this adds text or expressions that run {', '.join(result.runs_when)}.")
    if result.looked_at:
        notes.append(cut_line(f"Looked at: {result.looked_at.names}."))
    tail = [
        *few(notes),
        *few(map(diagnostic_line, result.checks.diagnostics)),
        checks_line(result.checks.ran, result.checks.skipped),
    ]
    moved = result.revision != result.revision_before
    came_from = f" (before: {result.revision_before})" if moved else ""
    tail.append(f"Revision: {result.revision}{came_from}.")
    advice = f"Read {OPERATIONS}{result.operation} for the rest." if result.published else "Try fewer edits at once."
    body = [*lines.moves(result.locks), *_lines(result.diff)]
    return answer(result, [_headline(result)], body, [*tail, f"Next: {result.next}"], advice)


def history(page: HistoryPage) -> CallToolResult:
    """Render a page of operations."""
    count = len(page.operations)
    head = [f"{count} operation{'s' * (count != 1)}, newest first." if count else "No operations."]
    tail = [*_pending(page.recovery_pending), *(f"Note: {note}" for note in page.notes)]
    if page.next_before is not None:
        tail.append(say(f"Next: {do('history', before=page.next_before)} for older ones.", as_tool))
    return answer(page, head, map(_entry_line, page.operations), tail, "Ask for fewer with limit.")


def operation(detail: OperationDetail) -> CallToolResult:
    """Render one operation with its diff."""
    ran = ", ".join(detail.checks.get("ran", ())) or "none"
    entry = detail.operation
    tail = [
        f"Edits: {_compact(entry.edits)}",
        f"Checks that ran: {ran}.",
        f"Revision: {entry.revision_before} -> {entry.revision_after}.",
    ]
    body = [*lines.moves(detail.locks), *_lines(detail.diff)]
    return answer(detail, [_entry_line(entry)], body, _short(tail), f"Read {OPERATIONS}{entry.id} for the rest.")


def locks(report: LockReport) -> CallToolResult:
    """Render how the locks are."""
    verdict = "The locks fit the declaration." if report.ok else "Not every lock fits the declaration."
    return answer(report, [verdict], map(lines.lock, report.locks), [f"Next: {report.next}"], "Name fewer.")


def outcome(result: ApplyResult | RunResult | ProcessesResult | ChangeResult | GateResult | Repair) -> CallToolResult:
    """Render what came of a job that ended within its call."""
    if isinstance(result, outcomes.ChangeResult):
        return change(result)
    if isinstance(result, apply.ApplyResult):
        return applied(result)
    if type(result).__name__ == "GateResult":
        return gate(cast("GateResult", result))
    if type(result).__name__ == "Repair":
        return repaired(cast("Repair", result))
    if nix_toolset.is_known(result):
        return nix_toolset.rendered(result)
    return ran(result) if isinstance(result, run.RunResult) else processes(cast("ProcessesResult", result))


def applied(result: ApplyResult) -> CallToolResult:
    """Render a realised environment."""
    whole = "Applied in part" if result.left_out else "Applied"
    done = whole if result.applied else "Dry run: this builds; nothing was kept"
    same = "" if result.changed or result.dry_run else " It is what was applied before."
    head = [f"{done}: revision {result.revision} in {result.seconds:g} s, by {result.judge}.{same}"]
    tail = [f"{'Store path' if result.prefix.startswith('/nix/') else 'Place'}: {result.prefix}"]
    if result.operation is not None:
        tail.append(f"Newest operation in it: {result.operation}.")
    told = [*lines.active(result), *(() if result.installed is None else lines.installed(result.installed))]
    tail += [f"{_sentence(line)}." for line in told]
    tail += [f"Note: {note}" for note in result.notes]
    tail += (
        [] if result.gate is None else [_sentence(line) for line in gate_lines.gate(cast("GateResult", result.gate))]
    )
    return answer(result, head, (), [*_short(tail), f"Next: {result.next}"], "")


def repaired(result: Repair) -> CallToolResult:
    """Render what a search for versions of libraries came to."""
    diff = result.fixes[0].diff or "" if result.fixes else ""
    body = [*cause_lines.repair(result, causes.making), *diff.splitlines()]
    return answer(result, [result.answer], body, (), "The structured content has the edits of each fix.")


def gate(result: GateResult) -> CallToolResult:
    """Render what a gate came to."""
    head, *body = gate_lines.gate(result)
    return answer(result, [_sentence(head) + "."], body, [f"Next: {result.next}"], "The structured content has it too.")


def ran(result: RunResult) -> CallToolResult:
    """Render what a command did."""
    code = "it was ended by its deadline" if result.timed_out else f"exit code {result.exit_code}"
    head = [f"{cut_line(_compact(result.argv), _ARGV)}: {code}, {result.seconds:g} s."]
    body = [
        *(["stdout:", result.stdout] if result.stdout else []),
        *(["stderr:", result.stderr] if result.stderr else []),
    ]
    tail = [f"Note: {note}" for note in result.notes]
    if result.ended_too:
        tail.append(f"Processes that it left behind were ended: {', '.join(result.ended_too)}.")
    tail += [f"{_sentence(line)}." for line in (lines.sandbox(result.sandbox) if result.sandbox is not None else ())]
    tail += causes.lines(result.causes, f"{result.stdout}\n{result.stderr}")
    advice = "Write it to a file and read parts of that."
    return answer(result, _short(head), body, _short(tail), advice, shorten=cut_middle)


def job(view: JobView) -> CallToolResult:
    """Render a job with a part of its log."""
    view = _once(view)
    head = [f"Job {view.id} ({view.kind}) {view.state}: {view.title}."]
    if view.state == "running":
        head.append("It goes on after this answer and ends with this server.")
    if view.progress:
        head.append(f"Progress: {view.progress}.")
    if view.omitted:
        head.append(f"{view.omitted} bytes of the log before this were left out.")
    tail = [f"Log: up to byte {view.cursor} of {view.log_bytes}."] if view.log_bytes else []
    if view.error is not None:
        tail.append(f"error[{view.error['code']}]: {view.error['message']}")
        tail += causes.lines(view.error.get("details", {}).get("causes"), f"{view.log}\n{view.error['message']}")
    elif view.result is not None:
        tail += _result_lines(view)
    if view.survivors:
        tail.append(f"These could not be ended: {', '.join(view.survivors)}.")
    log = [view.log] if view.log else []
    return answer(view, _short(head), log, [*_short(tail), f"Next: {view.next}"], "", shorten=cut_middle)


def _result_lines(view: JobView) -> list[str]:
    """Return what came of a job; its causes have lines of their own."""
    if not isinstance(view.result, dict):
        return [f"Result: {_compact(view.result)}"]
    told = {name: value for name, value in view.result.items() if name not in ("argv", "causes")}
    return [f"Result: {_compact(told)}", *causes.lines(view.result.get("causes"), view.log)]


def _once(view: JobView) -> JobView:
    """Return a job whose result does not repeat what the log has: what a command printed."""
    if not view.log or not isinstance(view.result, dict) or "exit_code" not in view.result:
        return view
    return replace(
        view, result={name: value for name, value in view.result.items() if name not in ("stdout", "stderr")}
    )


def jobs(found: JobList) -> CallToolResult:
    """Render the jobs, without their logs."""
    lines = [f"{item['id']} {item['state']} {item['kind']} {item['started']} {item['title']}" for item in found.jobs]
    return answer(found, [f"{len(lines)} job{'s' * (len(lines) != 1)}, newest first."], map(cut_line, lines), (), "")


def search(result: SearchResult) -> CallToolResult:
    """Render a page of what a search found."""
    count = len(result.hits) + (result.option is not None)
    told = f"{count} result{'s' * (count != 1)}" if count else "Nothing"
    head = [f"{told} for {result.query!r} (options: {result.options_from}; packages: {result.packages_from})."]
    if result.option:
        head += _option_lines(result.option)
    tail = [say(f"Next: {do('search', cursor=result.next_cursor)} for more.", as_tool)] if result.next_cursor else []
    if not count:
        tail = ["Next: search again with one word of the name, or another kind."]
    return answer(result, _short(head), map(_hit_line, result.hits), tail, "Ask for fewer with limit.")


def processes(result: ProcessesResult) -> CallToolResult:
    """Render what runs, and what was done about it."""
    if result.running:
        known = f", with revision {result.revision} of the declaration" if result.revision else ""
        head = [f"The process manager runs (PID {result.manager}, {result.mode}){known}."]
    else:
        head = ["Nothing runs."]
    for item in result.processes:
        ports = f", ports {', '.join(item.ports)}" if item.ports else ""
        head.append(f"  {item.name}: {item.phase}, {item.restart_count} restarts{ports}")
    body = [line for log in result.logs for line in _log_lines(log)]
    tail = [f"Ended what was left: {', '.join(result.ended)}."] if result.ended else []
    tail += [f"Note: {note}" for note in result.notes]
    tail += [f"Cursor of the log of {log.name}: {log.cursor}" for log in result.logs]
    return answer(result, _short(head), body, [*few(tail), f"Next: {result.next}"], "Read on with the cursor.")


def _log_lines(log: ProcessLog) -> list[str]:
    cut_off = " (the end)" if log.cut else ""
    streams = (("stdout", log.stdout), ("stderr", log.stderr))
    told = [[f"{log.name} {name}{cut_off}:", *_lines(text)] for name, text in streams if text]
    return [line for part in told for line in part] or [f"{log.name} wrote nothing."]


def _option_lines(option: OptionDetail) -> list[str]:
    lines = [f"Option {option.path}: {option.type}{'; read-only' * option.read_only}."]
    if option.default is not None:
        lines.append(f"  Default: {option.default}")
    if option.allowed:
        lines.append(f"  Allowed: {_compact(option.allowed)}")
    if option.description:
        lines.append(f"  {' '.join(option.description.split())}")
    return lines + (few(map(_definition_line, option.definitions)) or ["  Not set in the environment files."])


def _hit_line(item: Hit) -> str:
    facts = f": {item.type}" if item.type else ""
    default = f"; default {item.default}" if item.default else ""
    match = f" ({item.match})" if item.match in ("alias", "spelling") else ""
    by = f" is in {', '.join(item.by)}" if item.by else ""
    said = f" - {item.description}" if item.description else ""
    return cut_line(f"{item.kind} {item.name}{facts}{default}{by}{match}{said}", 200)


def diagnostic_line(item: Diagnostic) -> str:
    """Return one finding as one line, as compilers print it, with the edits that would mend it."""
    place = f"{item.place}: " if item.place else ""
    subject = f" [{item.subject}]" if item.subject else ""
    mend = f" Suggested edits: {_compact(item.suggestions)}" if item.suggestions else ""
    return f"{place}{item.severity}[{item.code}]: {item.message}{subject}{mend}"


def _lines(diff: str) -> list[str]:
    # At line feeds only: other separators are content.
    return diff.removesuffix("\n").split("\n")


def _headline(result: ChangeResult) -> str:
    files = ", ".join(result.files)
    if not result.changed:
        return "Nothing to do. No file was written."
    if result.published:
        return f"Done: operation {result.operation} changed {files}."
    return f"Dry run: this would change {files}. No file was written."


def checks_line(ran: Sequence[str], skipped: Sequence[Skipped]) -> str:
    """Return which checks ran, and which did not and why."""
    return f"{_sentence(lines.checks(ran, skipped))}."


def _sentence(line: str) -> str:
    return line[0].upper() + line[1:]


def _definition_line(item: DefinitionView) -> str:
    first, more = lines.value(item)
    value = f"{first} …" if more else first
    condition = f"  if {item.condition}" if item.condition else ""
    comment = f"  # {' '.join(item.comment.lstrip('# ').split())}" if item.comment else ""
    return cut_line(f"  {item.path} = {value}  ({item.file}:{item.line}){condition}{comment}")


def _entry_line(entry: HistoryEntry) -> str:
    facts = [
        f"#{entry.id}",
        entry.time,
        entry.kind,
        lines.caller(entry),
        f"in {', '.join(entry.files) or 'no file'}",
    ]
    facts += [*lines.relations(entry), *lines.past_devkeel(entry)]
    reason = f": {entry.reason}" if entry.reason else ""
    return cut_line(" ".join(facts) + reason)


def _pending(pending: bool) -> list[str]:
    sentence = "A write was interrupted; the next write finishes or reverts it, and until then files may be older."
    return [sentence] if pending else []


def _compact(data: object) -> str:
    return json.dumps(plain(data), ensure_ascii=False, default=str)


def _short(lines: Iterable[str]) -> list[str]:
    return [cut_line(line, _HEAD_LINE) for line in lines]
