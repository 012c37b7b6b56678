"""The verbs: what the MCP server and the `devkeel` command both call, one line each."""

from __future__ import annotations

from copy import copy
from typing import TYPE_CHECKING, Any, Literal

from msgspec.structs import replace

from devkeel.candidate.basis import Basis
from devkeel.context import Context, Opened
from devkeel.deferred import Deferred
from devkeel.events.listeners import Listeners
from devkeel.judgement import judged, judged_part, require, shared, turned_down
from devkeel.policy.permission import EVERYTHING
from devkeel.policy.roles import LIBRARY
from devkeel.project.declaration import declared_revision, read_declaration
from devkeel.project.root import Project
from devkeel.runtime import distrust

if TYPE_CHECKING:
    import threading
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from pathlib import Path

    from devkeel.backends.registry import Selection
    from devkeel.builds import build as building
    from devkeel.builds import (
        builders,
        caches,
        configuration,
        evaluation,
        package_run,
        reproducibility,
        reproduction,
        shell_description,
    )
    from devkeel.builds.builders import BuilderReport
    from devkeel.builds.caches import CacheList, CacheReport
    from devkeel.builds.evaluation import Evaluation, EvaluationLimits
    from devkeel.builds.reproducibility import Reproducibility
    from devkeel.builds.shell_description import ShellDescription
    from devkeel.catalogue import lookup
    from devkeel.catalogue.lookup import SearchResult
    from devkeel.change import changes, policy
    from devkeel.change.result import ChangeResult
    from devkeel.checks.report import CheckReport
    from devkeel.context import InSandbox
    from devkeel.detection import detect as detection
    from devkeel.detection import usage as uses
    from devkeel.detection.detect import Proposal
    from devkeel.detection.usage import Usage
    from devkeel.doctor import examine
    from devkeel.doctor.examine import Examination
    from devkeel.edits.base import Edit
    from devkeel.environments import bootstrap, declared_run, entry, job_views, named, run
    from devkeel.environments import locks as asking
    from devkeel.environments.job_views import JobList, JobView
    from devkeel.environments.named import Environments
    from devkeel.environments.run import Invocation, RunSpec
    from devkeel.errors import DevkeelError, PolicyRefused, ProjectError
    from devkeel.events.event import Event
    from devkeel.events.reading import EventReader
    from devkeel.gates import applying
    from devkeel.gates import gate as gates
    from devkeel.gates import records as gate_records
    from devkeel.gates.records import GateHistory
    from devkeel.generate import generate as generating
    from devkeel.generate.generate import GeneratorList
    from devkeel.history import log, selection
    from devkeel.history import timeline as times
    from devkeel.history.log import HistoryPage, OperationDetail, WorkingDiff
    from devkeel.history.timeline import Timeline
    from devkeel.inspection import added, check, inspect, why
    from devkeel.inspection import course as courses
    from devkeel.inspection import marks as marking
    from devkeel.inspection import told as written
    from devkeel.inspection.course import Course
    from devkeel.inspection.inspect import Inspection
    from devkeel.inspection.marks import Marks
    from devkeel.inspection.why import Explanation
    from devkeel.locks import ages, life
    from devkeel.locks.ages import LockAges
    from devkeel.locks.life import LockReport
    from devkeel.nix_cli import overrides
    from devkeel.policy import allowed, explanation
    from devkeel.policy.allowed import Distribution
    from devkeel.policy.explanation import CallView, PolicyReport, PolicyView
    from devkeel.policy.permission import Permission
    from devkeel.policy.roles import Caller
    from devkeel.processes import declared_text, following, manage, reading
    from devkeel.processes.declared_text import NamedProcess
    from devkeel.processes.state import ProcessesResult, ProcessState
    from devkeel.project.contents import Contents
    from devkeel.project.events import EventSettings
    from devkeel.project.gates import Gates
    from devkeel.proposals import verbs as proposals
    from devkeel.proposals.proposal import ProposalList, ProposalView
    from devkeel.remedies import changing, known_causes, repair
    from devkeel.remedies import diagnose as diagnosing
    from devkeel.remedies.diagnose import Diagnosis
    from devkeel.remedies.known_causes import KnownCause
    from devkeel.report import period
    from devkeel.report.result import PeriodReport
    from devkeel.runtime.jobs import Job, Jobs
    from devkeel.source.plain_data import Data
    from devkeel.templates import verbs as templates
    from devkeel.templates.listing import TemplateInfo, TemplateList
    from devkeel.templates.validation import TemplateValidation
    from devkeel.transaction.chain import ChainHead
    from devkeel.transaction.verification import Verification

__all__ = ["Environment"]


# Each verb waits for its own rooms alone: all of them take three times as long as `devkeel add` needs.
if not TYPE_CHECKING:
    lookup, log = Deferred("devkeel.catalogue.lookup"), Deferred("devkeel.history.log")
    selection, times = Deferred("devkeel.history.selection"), Deferred("devkeel.history.timeline")
    changes, entry = Deferred("devkeel.change.changes"), Deferred("devkeel.environments.entry")
    policy = Deferred("devkeel.change.policy")
    run, job_views = Deferred("devkeel.environments.run"), Deferred("devkeel.environments.job_views")
    applying = Deferred("devkeel.gates.applying")
    building = Deferred("devkeel.builds.build")
    detection, uses = Deferred("devkeel.detection.detect"), Deferred("devkeel.detection.usage")
    builders = Deferred("devkeel.builds.builders")
    caches = Deferred("devkeel.builds.caches")
    configuration = Deferred("devkeel.builds.configuration")
    evaluation = Deferred("devkeel.builds.evaluation")
    package_run = Deferred("devkeel.builds.package_run")
    reproducibility = Deferred("devkeel.builds.reproducibility")
    reproduction = Deferred("devkeel.builds.reproduction")
    shell_description = Deferred("devkeel.builds.shell_description")
    life, ages = Deferred("devkeel.locks.life"), Deferred("devkeel.locks.ages")
    asking = Deferred("devkeel.environments.locks")
    declared_run = Deferred("devkeel.environments.declared_run")
    named, bootstrap = Deferred("devkeel.environments.named"), Deferred("devkeel.environments.bootstrap")
    generating = Deferred("devkeel.generate.generate")
    gates, gate_records = Deferred("devkeel.gates.gate"), Deferred("devkeel.gates.records")
    proposals = Deferred("devkeel.proposals.verbs")
    manage, reading = Deferred("devkeel.processes.manage"), Deferred("devkeel.processes.reading")
    following, declared_text = Deferred("devkeel.processes.following"), Deferred("devkeel.processes.declared_text")
    added = Deferred("devkeel.inspection.added")
    courses = Deferred("devkeel.inspection.course")
    why = Deferred("devkeel.inspection.why")
    written = Deferred("devkeel.inspection.told")
    marking = Deferred("devkeel.inspection.marks")
    period = Deferred("devkeel.report.period")
    diagnosing, known_causes = Deferred("devkeel.remedies.diagnose"), Deferred("devkeel.remedies.known_causes")
    changing, repair = Deferred("devkeel.remedies.changing"), Deferred("devkeel.remedies.repair")
    overrides = Deferred("devkeel.nix_cli.overrides")
    allowed = Deferred("devkeel.policy.allowed")
    explanation = Deferred("devkeel.policy.explanation")
    templates = Deferred("devkeel.templates.verbs")
    inspect, check, examine = (
        Deferred("devkeel.inspection.inspect"),
        Deferred("devkeel.inspection.check"),
        Deferred("devkeel.doctor.examine"),
    )


def _causes(context: Context, text: str, error: DevkeelError | None) -> tuple[KnownCause, ...]:
    """Return the causes of a failure in short; the room that finds them is loaded then."""
    return known_causes.known_causes(context, text, error)


@judged
class Environment:
    """The development environment that a project declares.

    root: the project root. actor: who is calling, kept with each operation. jobs: those of the process, where calls
    share them. backend: the one that the call names. permission: what the caller may do at most. caller: who that is,
    by which roles narrow it. executes: whether a call may run what the project or a library brings, as builds and
    resolvers do. listeners: those of the process, where calls share them.
    """

    def __init__(
        self,
        root: Path,
        *,
        actor: str,
        jobs: Jobs | None = None,
        backend: str | None = None,
        executes: bool = True,
        permission: Permission = EVERYTHING,
        listeners: Listeners | None = None,
        caller: Caller = LIBRARY,
    ) -> None:
        self.project = Project(root)
        distrust(self.project.root)
        may = permission if executes else permission.still()
        opened = Opened(jobs, listeners=listeners or Listeners(), shares=listeners is not None, explains=_causes)
        self._context = Context(self.project, actor, backend, may, opened, caller=caller)

    def close(self) -> None:
        """Close the history, and deliver the events that wait."""
        self._context.opened.close()

    def subscribe(self, subscriber: Callable[[Event], object]) -> Callable[[], None]:
        """Have a callable called with each event from now on, in a thread of its own; return what ends that.

        No call waits for it. It gets events as they may be shown, until the environment is closed.
        """
        return self._context.events.subscribe(subscriber)

    def events(self, path: Path | None = None, *, since: str | None = None, kinds: Sequence[str] = ()) -> EventReader:
        """Return what reads the events of the project's file, or of another one; what it yields is text of anybody.

        since: a date, or so long ago (`7d`). Raises UsageError `no_events_file`, `bad_time`.
        """
        return written.read_events(self.context, path, since, kinds)

    def listening(self) -> EventSettings | None:
        """Return which listeners the project's settings switch on; None for none, or settings that cannot be read."""
        return self.context.listened

    def overriding(self, inputs: Mapping[str, str], base: Path) -> Environment:
        """Return this environment for calls that take inputs of its flake from directories, by their names.

        No file says so. base: what a relative directory is below. Raises UsageError `bad_override`.
        """
        other = copy(self)
        other._context = replace(self._context, instead=overrides.as_overrides(inputs, base))  # noqa: SLF001  (its own)
        return other

    @property
    def context(self) -> Context:
        """What this call shares, or the next one; each begins with none of the files read."""
        return shared(self) or self._context.again()

    @property
    def unread(self) -> ProjectError | None:
        """Why devkeel.toml could not be used, where a call looked nevertheless and took the defaults."""
        return self._context.opened.unread

    def require(self, action: str, **given: object) -> None:
        """Judge what a client is about to do by itself, as a verb is judged; raises as one.

        action: a row of ACTIONS that is no verb. given: its arguments.
        """
        require(self, action, given)

    def asking(self) -> Environment:
        """Return this environment for a caller who asks a person where one has to agree.

        A refusal for that is no end: `turned_down` says where nobody agreed.
        """
        other = copy(self)
        other._context = replace(self._context, asks=True)  # noqa: SLF001  (its own)
        return other

    def turned_down(self, action: str, error: PolicyRefused, given: Mapping[str, Any]) -> None:
        """Have listeners and the history know that a client did not do an action, as no person has agreed to it.

        given: its arguments. It raises nothing.
        """
        turned_down(self, action, error, given)

    def inspect(self, *, prefix: str | None = None) -> Inspection:
        """Return what is declared, and where; `prefix` keeps only definitions at and below an option path."""
        return inspect.inspect(self.context, prefix)

    def why(self, name: str, *, kind: str | None = None, shell: Mapping[str, str] | None = None) -> Explanation:
        """Return where a variable, program or port is and is not, and what would change that.

        kind: where the name alone does not say it. shell: the variables of the caller's shell, None where it has none.
        """
        return why.explain(self.context, name, kind, shell)

    def search(self, query: str, *, kind: str = "all", limit: int = 20, cursor: str | None = None) -> SearchResult:
        """Return packages, options, services and languages that a query finds; all about an option at its path."""
        return lookup.look_up(self.project, query, kind=kind, limit=limit, cursor=cursor)

    def detect(self, *, direnv: bool = False) -> Proposal:
        """Return what the repository's files say that it needs, as edits with their reasons and their dry run.

        Nothing is written, and nothing of the repository runs. direnv: the dry run is one with an .envrc.
        """
        return detection.detect(self.context, direnv=direnv)

    def usage(self) -> Usage:
        """Return what is declared and nothing uses, and what scripts use and nothing declares, as suggestions."""
        return uses.usage(self.context)

    def diagnose(self, text: str | None = None, *, job: str | None = None) -> Diagnosis:
        """Return what made a run fail, by what it printed, with what mends it; edits were tried as a dry run.

        text: of any length; its end is looked at. job: instead, the id of one that failed. Nothing is written, and
        nothing of the text is run. Raises UsageError `nothing_to_diagnose`, `unknown_job`.
        """
        diagnosing.require_one(text, job)
        return diagnosing.diagnose(self.context, job_views.said(self.context, job) if job is not None else text or "")

    def repair_libraries(self, edits: Sequence[Edit] = (), *, seconds: float = 180.0) -> Job:
        """Search for the smallest change with which the project's Python libraries resolve and import, as a job.

        What is found was resolved, installed and imported in an environment that is thrown away; nothing is written.
        edits: made first, such as those of a call that was refused. seconds: of the whole search.
        """
        return repair.begin(self.context, edits, repair.SearchBounds(seconds))

    def check(self, *, level: str | None = None, second_opinion: bool = False, strict: bool = False) -> CheckReport:
        """Run the ladder on the files as they are, and look at their locks.

        second_opinion: ask Nix to parse them too. strict: a lock that is stale or missing is an error.
        """
        return check.check(self.context, level, second_opinion=second_opinion, strict=strict)

    def check_added(self, against: str | None = None, *, index: Path | None = None) -> CheckReport:
        """Return the errors that the files as they are add since HEAD left a reference, by their text alone.

        against: a branch or commit of Git; without one, what is staged is judged, and what that adds to HEAD. index:
        the file that Git has it in, where that is not its own.
        """
        if against is not None:
            return added.check_branch(self.project, against)
        return added.check_staged(self.project, index)

    def change(
        self,
        edits: Sequence[Edit],
        *,
        reason: str | None = None,
        dry_run: bool = False,
        level: str | None = None,
        expected_revision: str | None = None,
        create: bool = False,
        direnv: bool = False,
    ) -> ChangeResult:
        """Apply edits as one transaction; `create` makes a minimal declaration first where there is none.

        direnv: with an .envrc that enters it, where there is none either.
        """
        asked = changes.Asked(reason, dry_run, expected_revision)
        return changing.change(self.context, edits, asked, level=level, create=create, direnv=direnv)

    def undo(
        self,
        operation: int | None = None,
        *,
        redo: bool = False,
        reason: str | None = None,
        dry_run: bool = False,
        expected_revision: str | None = None,
        agreed: bool = False,
    ) -> ChangeResult:
        """Revert an operation as a new one.

        Without an id: the newest one that is neither an undo nor undone; with `redo` the newest undo. agreed: a person
        has agreed to that, without whom no policy changes (PolicyRefused `person_needed`).
        """
        asked = changes.Asked(reason, dry_run, expected_revision, agreed)
        return changes.undo(self.context, operation, asked, redo=redo)

    def restore(
        self,
        wanted: int | str,
        *,
        reason: str | None = None,
        dry_run: bool = False,
        expected_revision: str | None = None,
    ) -> ChangeResult:
        """Put the files back to what an operation, or the one that left a revision, left; as a new operation."""
        return changes.restore(self.context, wanted, changes.Asked(reason, dry_run, expected_revision))

    def templates(self) -> TemplateList:
        """Return the templates that come with devkeel."""
        return templates.every()

    def template(self, source: str, *, anywhere: bool = False) -> TemplateInfo:
        """Return what a template is: its parameters, files and edits, and what its result needs.

        source: the name of one that comes with devkeel, or a directory with a kit.toml beneath the project's work tree;
        anywhere: an absolute one may be elsewhere. Raises UsageError `unknown_template`, ProjectError `bad_template`,
        `outside_root`.
        """
        return templates.one(self.context, source, anywhere=anywhere)

    def validate_template(self, source: str, *, anywhere: bool = False) -> TemplateValidation:
        """Return what is not sound in a template, each set of its example parameters tried by the text rungs."""
        return templates.examine(self.context, source, anywhere=anywhere)

    def use_template(
        self,
        source: str,
        parameters: Mapping[str, Any],
        *,
        anywhere: bool = False,
        reason: str | None = None,
        dry_run: bool = False,
        level: str | None = None,
        expected_revision: str | None = None,
    ) -> ChangeResult:
        """Add what a template has to the project as one transaction: files that are not there, edits of what is.

        What the project says already stays. Raises as `template`, UsageError `bad_template_parameter`, Refused
        `template_value`.
        """
        asked = changes.Asked(reason, dry_run, expected_revision)
        return templates.add(self.context, source, parameters, asked, level=level, anywhere=anywhere)

    def lock(
        self,
        action: Literal["create", "renew"] = "create",
        names: Sequence[str] = (),
        *,
        inputs: bool = False,
        reason: str | None = None,
        dry_run: bool = False,
        expected_revision: str | None = None,
    ) -> Job:
        """Make the locks as a job that ends in one operation: what is missing or stale of them, or all anew.

        names: of lock files, of kinds, or of what they hold; none for all. inputs: those of inputs alone.
        Raises UsageError `no_locks`, `unknown_lock`, Refused `lock_failed`.
        """
        asked = changes.Asked(reason, dry_run, expected_revision)
        return life.lock(self.context, action, names, asked, inputs=inputs)

    def check_locks(self, names: Sequence[str] = ()) -> LockReport:
        """Return how the locks are, by what is on this machine."""
        return life.check_locks(self.context, names)

    def lock_ages(self) -> LockAges:
        """Return the locks that the project's environment is made of: when each was written, how old its pins are."""
        return ages.lock_ages(self.context)

    def locks_to_ask_about(self) -> tuple[str, ...]:
        """Return the locks that are stale or missing and that a person was not asked about as they are now."""
        return asking.unanswered(self.context)

    def asked_about_locks(self, names: Sequence[str]) -> None:
        """Remember that a person was asked about these locks."""
        asking.asked_about(self.context, names)

    def write_envrc(
        self, name: str | None = None, *, prompt: bool = False, template: str | None = None, dry_run: bool = False
    ) -> ChangeResult:
        """Write the .envrc that enters the project's environment, or a named one; see `devkeel.project.envrc`."""
        return entry.write_envrc(self.context, name, prompt=prompt, template=template, dry_run=dry_run)

    def generators(self) -> GeneratorList:
        """Return what can be generated, with the parameters of each."""
        return generating.generators()

    def generate(
        self,
        kind: str,
        parameters: Mapping[str, object] | None = None,
        *,
        replace: bool = False,
        reason: str | None = None,
        dry_run: bool = False,
        level: str | None = None,
        expected_revision: str | None = None,
    ) -> ChangeResult:
        """Make files of a kind from what the project declares; each has a part that the next call makes anew.

        parameters: those that are not given are as the last time. replace: take away what was changed by hand in the
        part, or a file that has none. Raises UsageError `unknown_generator`, `unknown_parameter`, `bad_parameter`,
        Refused `generated_part_edited`, `not_generated`.
        """
        asked = changes.Asked(reason, dry_run, expected_revision)
        return generating.generate(self.context, kind, parameters or {}, asked, level=level, replace=replace)

    def history(
        self,
        *,
        limit: int = 20,
        before: int | None = None,
        since: str | None = None,
        until: str | None = None,
        by: str | None = None,
        about: str | None = None,
        external: bool = False,
    ) -> HistoryPage:
        """Return operations, newest first.

        since, until: a date, or so long ago (`7d`). by: a part of who did it, a role, or `not by devkeel`. about: an
        option with what is above and below it, a package, library, input or file. external: what went past devkeel.
        Raises UsageError `bad_time`, `bad_limit`.
        """
        wanted = selection.Query(before, since, until, by, about, external)
        basis = Basis(self.project)
        return log.page(self.context.through(basis).records, wanted, limit=limit, contents=basis.seen)

    def timeline(
        self,
        *,
        limit: int = 40,
        before: int | None = None,
        down_to: int = 0,
        since: str | None = None,
        until: str | None = None,
        by: str | None = None,
        about: str | None = None,
        external: bool = False,
    ) -> Timeline:
        """Return operations with what they did and which checks ran, and refused attempts between them, newest first.

        down_to: the id to end with. The rest, and what it raises, is as of `history`.
        """
        wanted = selection.Query(before, since, until, by, about, external, down_to)
        basis = Basis(self.project)
        return times.timeline(self.context.through(basis).records, wanted, limit=limit, contents=basis.seen)

    def operation(self, identifier: int) -> OperationDetail:
        """Return one operation with its diff."""
        return log.detail(self.context.records, identifier)

    def verify_history(self, head: str | None = None) -> Verification:
        """Return whether the history is as devkeel wrote it, and goes on from a head that was kept elsewhere.

        head: the hash, or number and hash. Raises UsageError `bad_head`, StateError `foreign_records`.
        """
        return self.context.records.verify(head)

    def history_head(self) -> ChainHead:
        """Return the newest operation, and the hash of the history after it."""
        return self.context.records.head()

    def export_history(self, *, diffs: bool = False, contents: bool = False) -> Iterator[dict[str, Any]]:
        """Yield the history as lines of data, oldest first, by which it can be verified elsewhere.

        diffs: with the diff of each operation; contents: with the bytes of its files. Raises StateError
        `foreign_records`, `state_corrupt`.
        """
        return self.context.records.export(diffs=diffs, contents=contents)

    def report(
        self, *, since: str | None = None, until: str | None = None, by: str | None = None, about: str | None = None
    ) -> PeriodReport:
        """Return what changed in a period, by whom and why, what was refused and undone, how long checks took.

        since: by default seven days ago; until: by default now; by, about: as `history` takes them. Raises UsageError
        `bad_time`.
        """
        return period.period_report(self.context, since, until, by, about)

    def course(self, *, limit: int = 100) -> Course:
        """Return how long the checks of the newest operations took, and how large environments were when made.

        limit: operations to look at, and environments.
        """
        return courses.course(self.context, limit)

    def diff(self) -> WorkingDiff:
        """Return how the working files differ from what devkeel's newest operation left."""
        return log.working_diff(self.context.records)

    def adopt(self) -> tuple[int, int]:
        """Take over a history that is not believed; see `Transactions.adopt`. A person asks for it, and no tool."""
        return self.context.records.adopt()

    def apply(  # noqa: PLR0913  (one for each option of `devkeel apply`)
        self,
        *,
        dry_run: bool = False,
        on_failure: str = "keep",
        expected_revision: str | None = None,
        reason: str | None = None,
        timeout: float = 3600.0,
        environment: str | None = None,
        strict: bool = False,
        contents: Contents | None = None,
        activate: bool = False,
    ) -> Job:
        """Realise the declaration as a job; a dry run keeps and remembers nothing of it.

        on_failure: `restore` takes back, as a new operation, what devkeel's operations since the last environment that
        was applied did. timeout: seconds. environment: the name of another one to make or bring up to date. strict:
        raise CheckFailed `lock_stale` or `lock_missing` where a lock does not fit the declaration, or is not there.
        contents: what is installed beside what the declaration says by itself; None for what was asked for that
        environment before. activate: it is the active one from then on; one that is made of these files is not made
        again for that.
        """
        return applying.apply(
            self.context,
            dry_run=dry_run,
            on_failure=on_failure,
            expected_revision=expected_revision,
            reason=reason,
            timeout=timeout,
            environment=environment,
            strict=strict,
            contents=contents,
            activate=activate,
        )

    def gate(
        self, stage: str | None = None, *, run: bool = True, reports: Sequence[str] = (), timeout: float | None = None
    ) -> Job:
        """Run the tests, and judge what their reports say by the thresholds of a stage, as a job.

        stage: without one, that of the settings. run: without it reports are read as they are, and nothing is kept or
        taken back. reports: paths and patterns in place of those of the settings. timeout: seconds. Raises UsageError
        `unknown_stage`; the job Refused `report_untrusted`.
        """
        return gates.gate(self.context, stage, run=run, reports=reports, timeout=timeout)

    def gate_history(self, *, limit: int = 500) -> GateHistory:
        """Return what gates came to, newest first."""
        return gate_records.history(self.project.state, limit)

    def gate_settings(self) -> Gates | None:
        """Return what the settings say of gates, with all stages; None where they say nothing."""
        return self.context.settings.gates

    def run(
        self,
        argv: Sequence[str] = (),
        *,
        task: str | None = None,
        test: bool = False,
        cwd: str | None = None,
        timeout: float = 600.0,
        environment: str | None = None,
        pure: bool = False,
        held: InSandbox | None = None,
    ) -> Job:
        """Run a command, a task or the project's test as a job, in the environment that was applied, or a named one.

        cwd: relative to the root. timeout: seconds. pure: without the host's programs. held: in a sandbox.
        Raises Unavailable `not_applied`, `not_in_environment`, `not_sandboxed`, ProjectError `unknown_environment`.
        """
        wanted = run.RunSpec(tuple(argv), task, test, cwd, environment, pure, held)
        begin = declared_run.run if self._by_nix(wanted) else run.run
        return begin(self.context, wanted, timeout)

    def call(
        self,
        argv: Sequence[str] = (),
        *,
        task: str | None = None,
        test: bool = False,
        cwd: str | None = None,
        environment: str | None = None,
        pure: bool = False,
        held: InSandbox | None = None,
    ) -> Invocation:
        """Return what `run` would run, for who runs it in a process of its own."""
        wanted = run.RunSpec(tuple(argv), task, test, cwd, environment, pure, held)
        prepared = declared_run.call if self._by_nix(wanted) else run.call
        return prepared(self.context, wanted)

    def build(self, target: str = ".", *, file: str | None = None, timeout: float = 3600.0) -> Job:
        """Build an attribute of the project's flake (`#hello`), or of a file, as a job.

        timeout: seconds. Raises UsageError `bad_installable`, PolicyRefused `reference_refused`.
        """
        return building.build(self.context, target, file=file, timeout=timeout)

    def evaluate_nix(
        self,
        target: str | None = None,
        *,
        expression: str | None = None,
        file: str | None = None,
        limits: EvaluationLimits | None = None,
    ) -> Evaluation:
        """Return the value of an attribute of the project's flake, of a file, or of an expression, as data.

        expression: of `project`, the directory with the project's files; with a target or file a function of that
        value. Pure and restricted: it reads the project and the store, has no network, builds nothing. Raises
        CheckFailed `evaluation_failed`, `evaluation_limit`, Unavailable `not_confined`, UsageError
        `bad_evaluation_limit`, and as `build`.
        """
        return evaluation.evaluate(self.context, target, expression, file, limits or evaluation.EvaluationLimits())

    def run_packages(
        self,
        packages: Sequence[str],
        argv: Sequence[str],
        *,
        file: str | None = None,
        cwd: str | None = None,
        timeout: float = 3600.0,
        pure: bool = False,
    ) -> Job:
        """Run a command with packages that are in no environment, as a job: nothing is declared or kept for it.

        packages: `jq` of the nixpkgs that a lock pins, `#hello` of the flake; `app` of a file. cwd: relative to the
        root. timeout: seconds, building included. pure: without the host's programs. Raises UsageError
        `bad_installable`, `bad_command`, PolicyRefused `reference_refused`, ProjectError `no_nixpkgs`.
        """
        wanted = package_run.PackageCommand(tuple(packages), tuple(argv), file, cwd, pure)
        return package_run.run(self.context, wanted, timeout)

    def call_packages(
        self,
        packages: Sequence[str],
        argv: Sequence[str],
        *,
        file: str | None = None,
        cwd: str | None = None,
        timeout: float = 3600.0,
        pure: bool = False,
    ) -> Job:
        """Build the packages of `run_packages`; the job ends with what that would run, as an Invocation."""
        wanted = package_run.PackageCommand(tuple(packages), tuple(argv), file, cwd, pure)
        return package_run.prepare(self.context, wanted, timeout)

    def describe_shell(
        self, name: str | None = None, *, file: str | None = None, timeout: float = 600.0
    ) -> ShellDescription:
        """Return the development shell as data: of devenv.nix, flake.nix or shell.nix, evaluated and not built.

        name: of `devShells`, or an attribute of the file. timeout: seconds. Raises as `build`, and Unavailable
        `check_unavailable` where nothing may be executed.
        """
        return shell_description.describe(self.context, name, file=file, timeout=timeout)

    def check_reproducibility(
        self, target: str | None = None, *, file: str | None = None, timeout: float = 600.0
    ) -> Reproducibility:
        """Return what of the project, or of an attribute too, is held so that it is built the same again.

        A file alone is asked for as a whole. Nothing is built. timeout: seconds of evaluating. Raises as `build`.
        """
        return reproducibility.report(self.context, target, file=file, timeout=timeout)

    def prove_reproducibility(self, target: str = ".", *, file: str | None = None, timeout: float = 3600.0) -> Job:
        """Build an attribute, and build it a second time, as a job; its result says what differs.

        timeout: seconds of both. Raises as `build`; the job Unavailable `not_provable`.
        """
        return reproduction.prove(self.context, target, file=file, timeout=timeout)

    def distribution(self) -> Distribution:
        """Return the caches and builders of devkeel.toml, and which of them wait for a person."""
        return self.context.distribution or allowed.Distribution()

    def agree(
        self, addresses: Sequence[str], *, forget: bool = False, shown: Distribution | None = None
    ) -> Distribution:
        """Keep that a person agrees to caches and builders; a person asks for it, and no tool.

        shown: what the person was shown, and agrees to; without it, what devkeel.toml says now. Raises UsageError
        `unknown_address`, StateError `state_unusable`.
        """
        return allowed.agree(self.project.root, self.context.settings, addresses, forget=forget, shown=shown)

    def caches(self) -> CacheList:
        """Return the caches of devkeel.toml."""
        return caches.known(self.context)

    def check_cache(
        self, targets: Sequence[str], *, cache: str | None = None, closure: bool = False, timeout: float = 60.0
    ) -> CacheReport:
        """Return whether a cache has paths, or which of all that a person has agreed to.

        targets: store paths, links to them, or attributes (`#hello`), which are evaluated and not built. closure: all
        that they need too. Raises UsageError `unknown_cache`, PolicyRefused `not_agreed`, Unavailable
        `cache_unreachable`.
        """
        return caches.check(self.context, targets, cache, closure=closure, timeout=timeout)

    def verify_cache(self, targets: Sequence[str], *, cache: str | None = None, timeout: float = 3600.0) -> Job:
        """Read paths of a cache with all that they need, as a job: whether they are as the cache's key signed them."""
        return caches.verify(self.context, targets, cache, timeout=timeout)

    def configure_cache(
        self,
        url: str,
        *,
        public_key: str | None = None,
        priority: int | None = None,
        secret_key_file: str | None = None,
        remove: bool = False,
        reason: str | None = None,
        dry_run: bool = False,
        expected_revision: str | None = None,
    ) -> ChangeResult:
        """Name a cache in devkeel.toml, change or remove it; a person asked for it, and so has agreed to it.

        What is None stays as it is. Raises UsageError `bad_cache`, `unknown_cache`, ProjectError `bad_settings`,
        `bad_signing_key`, Refused `unproven`.
        """
        wanted = configuration.WantedCache(url, public_key, priority, secret_key_file, remove)
        return configuration.configure(self.context, wanted, changes.Asked(reason, dry_run, expected_revision))

    def configure_policy(
        self,
        key: str,
        value: Data | None,
        *,
        reason: str | None = None,
        dry_run: bool = False,
        expected_revision: str | None = None,
    ) -> ChangeResult:
        """Set a key of the policy in devkeel.toml, or take it out (None), for a person who has agreed to that.

        key: names with dots between them, as `rules.packages.forbid`. Raises UsageError `bad_option_path`,
        `not_policy`, ProjectError `bad_settings`, Refused `unproven`.
        """
        return policy.configure(self.context, key, value, changes.Asked(reason, dry_run, expected_revision, True))

    def upload_to_cache(
        self, targets: Sequence[str], *, cache: str | None = None, dry_run: bool = False, timeout: float = 3600.0
    ) -> Job:
        """Upload paths with all that they need to a cache, as a job, signed with its secret key.

        Raises as `check_cache`, and ProjectError `no_signing_key`, `bad_signing_key`; the job Refused `path_missing`,
        `cache_refused`.
        """
        return caches.upload(self.context, targets, cache, dry_run=dry_run, timeout=timeout)

    def check_builders(self, *, timeout: float = 20.0) -> BuilderReport:
        """Ask the machines of devkeel.toml that a person has agreed to what they build; timeout: seconds for each."""
        return builders.check(self.context, timeout)

    def _by_nix(self, wanted: RunSpec) -> bool:
        """Return whether what is wanted is to be evaluated, and not a program in what was applied."""
        return not wanted.argv and declared_run.is_meant(self.context, wanted)

    def result(self, job: Job) -> Any:  # noqa: ANN401  (what the job was for)
        """Return what came of a job that has ended, or raise what ended it."""
        return job_views.result(job)

    def job(self, identifier: str, *, cursor: int = 0, wait: float = 0.0, whole: bool = False) -> JobView:
        """Return a job and a part of its log; `wait` is at most 30 seconds. whole: without a line that has no end."""
        return job_views.view(self.context, identifier, cursor=cursor, wait=wait, whole=whole)

    def job_log(self, identifier: str) -> str:
        """Return the whole log of a job, as far as it is kept."""
        return job_views.log(self.context, identifier)

    def patience(self) -> float:
        """Return after how many seconds a call is answered although its job goes on."""
        return self.context.settings.job_after

    def keep_job(self, job: Job) -> JobView:
        """Let a job go on after the call that asked for it."""
        return job_views.keep(self.context, job)

    def jobs(self, *, noted: bool = False) -> JobList:
        """Return the jobs, newest first. noted: also those that have ended with the call that they were for."""
        return job_views.every(self.context, noted=noted)

    def end_job(self, identifier: str) -> JobView:
        """End a job with everything that it started."""
        return job_views.cancel(self.context, identifier)

    def processes(
        self, name: str | None = None, *, cursor: str | None = None, limit: int = 8_000, whole: bool = False
    ) -> ProcessesResult:
        """Return phases, ports and restarts; with a name also the end of its log, or what came since a cursor.

        limit: bytes of each of its two streams. whole: without a line that has no end yet.
        """
        return reading.read(self.project, name=name, cursor=cursor, limit=limit, whole=whole)

    def process_changes(self, ended: threading.Event) -> Iterator[tuple[ProcessState, ...] | None]:
        """Yield the processes as they are, then each time that one is otherwise, until `ended` is set.

        None where no manager listens.
        """
        return following.changes(self.project, ended)

    def named_processes(self) -> tuple[NamedProcess, ...]:
        """Return the processes that the text of the declaration names; nothing is evaluated."""
        return declared_text.named_processes(self.project)

    def log_folders(self) -> tuple[Path, ...]:
        """Return the directories in which something changes when a process or a job writes to its log."""
        return following.log_folders(self.project)

    def manage(
        self,
        action: Literal["start", "stop", "restart"],
        names: Sequence[str] = (),
        *,
        timeout: float = 60.0,
        on_failure: Literal["keep", "restore"] = "keep",
    ) -> Job:
        """Start, stop or restart processes as a job: those named, or all that start by themselves.

        timeout: seconds to wait until they are ready, evaluating not counted. on_failure: `restore` goes back to the
        last good start.
        """
        context = self.context
        needed = action != "stop" and manage.runs_in_environment(context)
        entered = run.call(context, run.RunSpec(("sh",), None, False, None, None, False)).variables if needed else {}
        return manage.manage(context, action, tuple(names), timeout=timeout, on_failure=on_failure, entered=entered)

    def policy(self, *, role: str | None = None, client: str | None = None) -> PolicyView:
        """Return what this caller may do and by which rules; or what a role, or a client of a name, may.

        Raises PolicyRefused `unknown_role`.
        """
        permission = self._permission(role, client)
        return explanation.view(permission, self.context.settings.roles)

    def explain_call(
        self, actions: Sequence[str], *, role: str | None = None, client: str | None = None
    ) -> tuple[CallView, ...]:
        """Return whether calls are allowed, and which rule denies them; actions: rows of ACTIONS.

        Raises UsageError `unknown_action`, PolicyRefused `unknown_role`.
        """
        return explanation.explain(self._permission(role, client), actions)

    def validate_policy(self) -> PolicyReport:
        """Return what is not sound in the roles of devkeel.toml."""
        return explanation.problems(self.project)

    def _permission(self, role: str | None, client: str | None) -> Permission:
        context = self.context
        if role is None and client is None:
            return context.permission
        return explanation.judged_role(context.settings.roles, role, client)

    def environments(self) -> Environments:
        """Return the named environments."""
        return judged_part(self, "environments", named.Environments(self.context))

    def selection(self) -> Selection:
        """Return which backend the project has, and why."""
        return self.context.selection

    def bootstrap(self, what: str) -> Path:
        """Install what a backend misses, as its error names it; only ever called when asked."""
        return bootstrap.bootstrap(self.context, what)

    def examine(self, *, repair: bool = False) -> Examination:
        """Examine the records and files, and what there is of tools, locks and environments.

        `repair` puts right what needs no choice.
        """
        return examine.examine(self.context, repair=repair)

    def proposals(self) -> ProposalList:
        """Return what waits for a person to agree to it, the oldest first."""
        return proposals.waiting(self.context)

    def answer_proposal(self, identifier: str, *, agrees: bool, seen: str) -> ProposalView:
        """Keep what a person says to a proposal, once; whoever asked then does it, or does not.

        seen: the digest of what the person was shown. Raises UsageError `unknown_proposal`, Conflict
        `proposal_answered`, `proposal_differs`, PolicyRefused `person_needed` for an agent.
        """
        return proposals.answer(self.context, identifier, agrees=agrees, seen=seen)

    def revision(self) -> str:
        """Return the revision of the declaration as it is on disk."""
        return declared_revision(self.project, read_declaration(self.project))

    def files(self) -> dict[str, bytes]:
        """Return the files of the declaration: names and bytes."""
        return dict(read_declaration(self.project))

    def marks(self) -> Marks:
        """Return what differs when a part of what a client shows has changed, and where that is noticed."""
        return marking.marks(self.context)
