"""Jobs: what they follow, how they end, what others see of them."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from devkeel.errors import Busy, DevkeelError, StateError, Unavailable, UsageError
from devkeel.runtime import Completed, process_tree, run
from devkeel.runtime.excerpt import excerpt
from devkeel.runtime.jobs import Job, Jobs, JobSpec
from devkeel.runtime.log import Slice
from devkeel.state.files import make_directory, read_record, write_record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

LONG = 60.0
MEGABYTE = 1024 * 1024


@pytest.fixture
def jobs(tmp_path: Path) -> Iterator[Jobs]:
    found = Jobs(tmp_path / ".devkeel")
    yield found
    found.close()


def shell(script: str, timeout: float = LONG) -> Callable[[Job], Completed]:
    return lambda _: run(("sh", "-c", script), timeout=timeout, limit=4096)


def start(jobs: Jobs, script: str, timeout: float = LONG, **request: Any) -> Job:
    return jobs.start(JobSpec("test", "a test", **request), shell(script, timeout))


def until(condition: Callable[[], object]) -> None:
    deadline = time.monotonic() + LONG
    while not condition():
        assert time.monotonic() < deadline, "it never came to that"
        threading.Event().wait(0.01)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def pid_in(path: Path) -> int:
    until(lambda: path.exists() and path.read_text().strip())
    return int(path.read_text())


def test_a_job_gives_what_its_work_returned(jobs: Jobs) -> None:
    job = start(jobs, "echo out; echo err >&2; exit 3")
    assert job.wait(LONG)
    assert (job.state, job.value().returncode) == ("succeeded", 3)
    assert sorted(job.log.slice(0, 100).data.split()) == [b"err", b"out"]


def test_what_the_work_raises_is_raised_to_who_asks(jobs: Jobs) -> None:
    def work(_: Job) -> None:
        raise UsageError("bad_argument", "No.")

    job = jobs.start(JobSpec("test", "fails"), work)
    assert job.wait(LONG)
    assert (job.state, jobs.find(job.id).error) == ("failed", {"code": "bad_argument", "message": "No."})
    with pytest.raises(UsageError):
        job.value()


def test_a_short_job_leaves_no_trace_on_disk(jobs: Jobs, tmp_path: Path) -> None:
    assert start(jobs, "echo x").wait(LONG)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("each_system")
@pytest.mark.parametrize(
    "script",
    [
        "echo $$ > {pid}; exec sleep 1000",
        "trap '' TERM; echo $$ > {pid}; while :; do sleep 1; done",
        "setsid sh -c 'echo $$ > {pid}; exec sleep 1000' & wait",
        "setsid sh -c 'echo $$ > {pid}; exec sleep 1000' & exit",
        "setsid sh -c 'trap \"\" TERM; echo $$ > {pid}; while :; do sleep 1; done' >/dev/null 2>&1 & sleep 1000",
        "env -i setsid sh -c 'echo $$ > {pid}; exec /bin/sleep 1000' & sleep 1000",
        "(setsid setsid sh -c 'echo $$ > {pid}; exec sleep 1000' &) ; sleep 1000",
    ],
    ids=["plain", "deaf", "own session", "orphan", "deaf in its own session", "no mark", "twice removed"],
)
def test_cancelling_leaves_nothing_running(jobs: Jobs, tmp_path: Path, script: str) -> None:
    file = tmp_path / "pid"
    job = start(jobs, script.format(pid=file))
    pid = pid_in(file)
    assert job.cancel()
    assert job.survivors == ()
    assert not alive(pid)
    if job.error is not None:
        assert (job.state, job.error) == ("cancelled", job.stopped())


def test_a_pause_ends_when_it_is_cancelled_also_where_more_than_1024_files_are_open(jobs: Jobs) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 1200), hard))
    held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1050)]
    try:
        job = jobs.start(JobSpec("test", "waits"), lambda job: job.pause(LONG))
        assert not job.wait(0.2)
        job.cancel()
        assert job.wait(LONG)
        assert isinstance(job.error, DevkeelError), job.error
    finally:
        for descriptor in held:
            os.close(descriptor)
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_cancelled_job_runs_nothing_more(jobs: Jobs, tmp_path: Path) -> None:
    reached = tmp_path / "reached"

    def work(_: Job) -> None:
        try:
            run(("sh", "-c", f"echo $$ > {tmp_path / 'pid'}; sleep 1000"), timeout=LONG)
        except Unavailable:
            run(("touch", str(reached)), timeout=LONG)

    job = jobs.start(JobSpec("test", "stubborn"), work)
    pid_in(tmp_path / "pid")
    assert job.cancel()
    assert (job.state, reached.exists()) == ("cancelled", False)


@pytest.mark.usefixtures("each_system")
def test_what_is_left_behind_is_ended_and_named_unless_the_job_may_leave_it(jobs: Jobs, tmp_path: Path) -> None:
    script = "setsid sh -c 'echo $$ > {}; exec sleep 1000' >/dev/null 2>&1 & while [ ! -s {} ]; do :; done"
    first, second = tmp_path / "first", tmp_path / "second"
    job = start(jobs, script.format(first, first))
    assert job.wait(LONG)
    assert [name.rpartition(" ")[2] for name in job.ended_too] == [f"{pid_in(first)})"]
    assert not alive(pid_in(first))
    assert start(jobs, script.format(second, second), sweeps=False).wait(LONG)
    assert alive(pid_in(second))
    os.kill(pid_in(second), signal.SIGKILL)


@pytest.mark.usefixtures("each_system")
def test_two_jobs_end_apart(jobs: Jobs, tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    one = start(jobs, f"setsid sh -c 'echo $$ > {first}; exec sleep 1000' & sleep 1000")
    other = start(jobs, f"setsid sh -c 'echo $$ > {second}; exec sleep 1000' & sleep 1000")
    pids = pid_in(first), pid_in(second)
    assert one.cancel()
    assert [alive(pid) for pid in pids] == [False, True]
    assert other.cancel()
    assert not alive(pids[1])


def test_a_gigabyte_of_output_costs_little_memory_and_a_capped_log(tmp_path: Path) -> None:
    code = f"""
from pathlib import Path
from devkeel.runtime import run
from devkeel.runtime.jobs import Jobs, JobSpec
jobs = Jobs(Path({str(tmp_path / ".devkeel")!r}))
work = lambda job: run(("sh", "-c", "echo first; yes {"x" * 99} | head -c 1073741824; echo last"), timeout=300)
job = jobs.start(JobSpec("test", "flood"), work)
jobs.keep(job)
assert job.wait(300)
assert job.log.size == 2**30 + 11, job.log.size
assert job.log.slice(0, 6).data == b"first\\n"
assert job.log.slice(-5, 100).data == b"last\\n"
part = job.log.slice(100 * 2**20, 10)
assert part.omitted == 2**30 + 11 - 2**20 - 100 * 2**20, part.omitted
# Not ru_maxrss: on Linux a child that executes another program keeps the peak of its parent.
peak = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
print(int(peak.split()[1]) // 1024)
print(jobs.folder / (job.id + ".log"))
print(Jobs(jobs.state).read(job.id, -5, 100).data)
"""
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=LONG * 5)
    memory, path, tail = found.stdout.splitlines()
    assert int(memory) < 200
    assert Path(path).stat().st_size == 9 * MEGABYTE
    assert tail == "b'last\\n'"


def test_a_log_is_read_on_by_its_cursor(jobs: Jobs) -> None:
    job = start(jobs, "seq 20000")
    assert job.wait(LONG)
    cursor, found = 0, b""
    while (part := jobs.read(job.id, cursor, 1000)).data:
        found, cursor = found + part.data, part.cursor
    assert found == b"".join(b"%d\n" % number for number in range(1, 20001))


def test_progress_is_read_from_what_programs_say(jobs: Jobs) -> None:
    job = start(jobs, "printf 'at one\\nnoise\\nat' >&2; printf ' two\\n' >&2", reads=_at)
    assert job.wait(LONG)
    assert job.progress == "at two"


def _at(line: str) -> str | None:
    return line if line.startswith("at ") else None


# What other processes see


def test_a_kept_job_is_seen_by_another_process_while_it_runs_and_after(jobs: Jobs, tmp_path: Path) -> None:
    go = tmp_path / "go"
    job = start(jobs, f"echo begun; while [ ! -e {go} ]; do sleep 0.01; done; echo ended")
    until(lambda: job.log.size)
    jobs.keep(job)
    other = Jobs(jobs.state)
    assert other.find(job.id).state == "running"
    assert other.read(job.id, 0, 100).data == b"begun\n"
    go.touch()
    assert other.wait(job.id, LONG).state == "succeeded"
    assert other.read(job.id, 6, 100).data == b"ended\n"
    assert [item.id for item in other.every()] == [job.id]


def test_another_process_ends_a_job_through_the_one_that_runs_it(jobs: Jobs, tmp_path: Path) -> None:
    job = start(jobs, f"echo $$ > {tmp_path / 'pid'}; setsid sleep 1000 & exec sleep 1000")
    pid = pid_in(tmp_path / "pid")
    jobs.keep(job)
    code = (
        "import sys; from pathlib import Path; from devkeel.runtime.jobs import Jobs; "
        "print(Jobs(Path(sys.argv[1])).cancel(sys.argv[2], 'a person').state)"
    )
    command = [sys.executable, "-c", code, str(jobs.state), job.id]
    told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=LONG)
    assert told.stdout.strip() == "cancelled"
    assert isinstance(job.error, Unavailable)
    assert "a person" in job.error.message
    assert not alive(pid)
    assert process_tree.marked(process_tree.MARK, job.id) == []
    until(lambda: not list(jobs.folder.glob("*.end")))


@pytest.mark.parametrize("owner", [{"hears": False}, {"pid": os.getppid(), "start": None, "host": "elsewhere"}])
def test_a_job_whose_process_does_not_hear_is_not_said_to_have_ended(
    jobs: Jobs, monkeypatch: pytest.MonkeyPatch, owner: dict[str, Any]
) -> None:
    monkeypatch.setattr("devkeel.runtime.jobs._PATIENCE", 0.1)
    monkeypatch.setattr("devkeel.runtime.jobs._ANSWER", 0.1)
    job = start(jobs, "exec sleep 1000")
    jobs.keep(job)
    stranger = "0123456789abcdef"
    record = read_record(jobs.folder / f"{job.id}.json")
    assert record is not None
    write_record(jobs.folder / f"{stranger}.json", record | {"id": stranger, "owner": record["owner"] | owner})
    with pytest.raises(Busy) as caught:
        Jobs(jobs.state).cancel(stranger)
    assert caught.value.code == "job_elsewhere"
    assert caught.value.details["pid"] == (owner.get("pid") or os.getpid())
    assert job.running


def test_a_wish_that_devkeel_did_not_write_ends_nothing(jobs: Jobs) -> None:
    job = start(jobs, "read line < /dev/null; sleep 0.7; echo whole")
    jobs.keep(job)
    (jobs.folder / f"{job.id}.end").write_text('{"by": "a clone"}')
    assert job.wait(LONG)
    assert job.state == "succeeded"


def test_what_takes_a_while_or_fails_is_seen_by_who_looks_on_and_is_no_job_of_a_caller(
    jobs: Jobs, tmp_path: Path
) -> None:
    make_directory(jobs.state)
    go = tmp_path / "go"
    job = start(jobs, f"echo begun; while [ ! -e {go} ]; do sleep 0.01; done")
    other = Jobs(jobs.state)
    until(lambda: [item.id for item in other.every()] == [job.id])
    assert other.every()[0].owner["pid"] == os.getpid()
    assert other.read(job.id, 0, 100).data == b"begun\n"
    go.touch()
    assert other.wait(job.id, LONG).state == "succeeded"
    assert other.every() == []
    failed = start(jobs, "echo why >&2; exit 3", failed=lambda result: result.exit_code != 0)
    assert failed.wait(LONG)
    short = start(jobs, "true")
    assert short.wait(LONG)
    assert {item.id: item.state for item in other.every(noted=True)} == {job.id: "succeeded", failed.id: "failed"}
    assert other.read(failed.id, 0, 100).data == b"why\n"
    assert other.every() == []


def test_no_job_begins_the_records_of_a_project_or_goes_into_those_of_a_clone(jobs: Jobs) -> None:
    assert start(jobs, "exit 3", failed=lambda _: True).wait(LONG)
    assert not jobs.state.exists()
    (jobs.state / "jobs").mkdir(parents=True)
    (jobs.state / "origin.json").write_text("{}")
    assert start(jobs, "exit 3", failed=lambda _: True).wait(LONG)
    assert list((jobs.state / "jobs").iterdir()) == []


def test_what_is_only_noted_makes_room_for_itself_alone(jobs: Jobs) -> None:
    told = start(jobs, "true")
    told.wait(LONG)
    jobs.keep(told)
    for _ in range(52):
        start(jobs, "exit 3", failed=lambda _: True).wait(LONG)
    until(lambda: len(list(jobs.folder.glob("*.json"))) <= 51)
    assert (jobs.folder / f"{told.id}.json").exists()


def test_jobs_end_with_their_process_and_are_recorded_as_cancelled(tmp_path: Path) -> None:
    jobs = Jobs(tmp_path / ".devkeel")
    job = start(jobs, f"echo $$ > {tmp_path / 'pid'}; exec sleep 1000")
    pid = pid_in(tmp_path / "pid")
    jobs.close()
    assert not alive(pid)
    assert Jobs(jobs.state).find(job.id).state == "cancelled"
    with pytest.raises(Unavailable):
        start(jobs, "true")


@pytest.mark.usefixtures("each_system")
def test_the_job_of_a_process_that_was_killed_is_ended_by_who_looks_next(tmp_path: Path) -> None:
    state, file = tmp_path / ".devkeel", tmp_path / "pid"
    code = f"""
from pathlib import Path
from devkeel.runtime import run
from devkeel.runtime.jobs import Jobs, JobSpec
jobs = Jobs(Path({str(state)!r}))
script = "setsid sh -c 'echo $$ > {file}; exec sleep 1000' & sleep 1000"
job = jobs.start(JobSpec("test", "x"), lambda _: run(("sh", "-c", script), timeout=600))
jobs.keep(job)
print(job.id, flush=True)
job.wait(600)
"""
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        identifier = process.stdout.readline().strip()
        pid = pid_in(file)
        assert Jobs(state).find(identifier).state == "running"
        process.kill()
    found = Jobs(state).find(identifier)
    assert (found.state, found.survivors) == ("cancelled", ())
    assert not alive(pid)
    assert json.loads((state / "jobs" / f"{identifier}.json").read_text())["state"] == "cancelled"


@pytest.mark.parametrize("name", ["", "../../etc/passwd", "0" * 16, "g" * 16, "0" * 15])
def test_an_id_that_names_no_job_is_told(jobs: Jobs, name: str) -> None:
    with pytest.raises(UsageError) as caught:
        jobs.find(name)
    assert caught.value.code == "unknown_job"


def test_old_jobs_make_room(jobs: Jobs) -> None:
    for _ in range(55):
        job = start(jobs, "true")
        job.wait(LONG)
        jobs.keep(job)
    assert len(list(jobs.folder.glob("*.json"))) == 50
    assert len(list(jobs.folder.glob("*.log"))) == 50


def test_a_directory_that_others_have_filled_is_looked_at_within_bounds(jobs: Jobs) -> None:
    make_directory(jobs.state, "jobs")
    for number in range(1_000):
        path = jobs.folder / f"{number:016x}.json"
        path.write_text("{}")
        os.utime(path, (1, 1))
    job = start(jobs, "true")
    job.wait(LONG)
    jobs.keep(job)
    assert [item.id for item in Jobs(jobs.state).every()] == [job.id]
    assert len(Jobs(jobs.state)._paths()) == 200


def test_a_state_directory_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / ".devkeel").symlink_to(tmp_path / "elsewhere")
    jobs = Jobs(tmp_path / ".devkeel")
    job = start(jobs, "true")
    with pytest.raises(StateError):
        jobs.keep(job)
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_logs_and_records_are_their_owner_s_alone(jobs: Jobs) -> None:
    job = start(jobs, "echo secret")
    jobs.keep(job)
    assert job.wait(LONG)
    for path in jobs.folder.iterdir():
        assert path.stat().st_mode & 0o077 == 0, path


# What goes wrong beside the work


@pytest.mark.parametrize(("kept", "seen"), [("while it runs", b"1\n2\n"), ("when it has ended", b"")])
def test_a_full_disk_costs_the_log_and_not_the_job(tmp_path: Path, kept: str, seen: bytes) -> None:
    # A limit on the size of a file is the full disk of those who may mount none; Python ignores its signal.
    code = f"""
import resource, threading
from pathlib import Path
from devkeel.runtime import run
from devkeel.runtime.jobs import Jobs, JobSpec
jobs = Jobs(Path({str(tmp_path / ".devkeel")!r}))
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
begin = threading.Event()
job = jobs.start(JobSpec("test", "x"), lambda _: begin.wait(60) and run(("seq", "300000"), timeout=60, limit=100))
if {kept!r} == "while it runs":
    jobs.keep(job)
begin.set()
assert job.wait(60)
jobs.keep(job)
assert (job.state, job.value().returncode) == ("succeeded", 0), job.error
cursor, found = 0, 0
while (part := jobs.read(job.id, cursor, 50_000)).data:
    found += len(part.data) + part.omitted
    cursor = part.cursor
assert cursor == found == job.log.size, (cursor, found, job.log.size)
assert jobs.read(job.id, -7, 100).data == b"300000\\n"
other = Jobs(jobs.state)
assert other.find(job.id).state == "succeeded"
assert other.read(job.id, 0, 4).data == {seen!r}
"""
    subprocess.run([sys.executable, "-c", code], check=True, timeout=LONG)


@pytest.mark.parametrize("script", ["seq 100000", "echo few"])
def test_a_directory_of_jobs_that_is_a_link_is_neither_written_nor_read(
    jobs: Jobs, tmp_path: Path, script: str
) -> None:
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    make_directory(jobs.state)
    jobs.folder.symlink_to(elsewhere)
    name = "0123456789abcdef"
    record = {"id": name, "kind": "x", "title": "x", "state": "running", "started": "", "survivors": []}
    owner = {"pid": 2**22, "start": 1, "host": socket.gethostname()}
    (elsewhere / f"{name}.json").write_text(json.dumps(record | {"owner": owner, "log": {}}))
    before = (elsewhere / f"{name}.json").read_bytes()
    job = start(jobs, script)
    with pytest.raises(StateError):
        jobs.keep(job)
    assert job.wait(LONG)
    assert (job.state, jobs.read(job.id, 0, 1).data) == ("succeeded", b"1" if "seq" in script else b"f")
    with pytest.raises(UsageError):
        jobs.find(name)
    assert [path.read_bytes() for path in elsewhere.iterdir()] == [before]


@pytest.mark.parametrize(
    "change", [{"id": ""}, {"id": "f" * 16}, {"survivors": 5}, {"log": []}, {"owner": None}, {"started": 1}]
)
def test_a_record_that_makes_no_sense_is_no_job_and_ends_nothing(
    jobs: Jobs, tmp_path: Path, change: dict[str, Any]
) -> None:
    name, file = "0123456789abcdef", tmp_path / "pid"
    job = jobs.start(JobSpec("test", "x", sweeps=False), shell(f"echo $$ > {file}; exec sleep 1000"))
    record = {"id": name, "kind": "x", "title": "x", "state": "running", "started": "", "survivors": [], "log": {}}
    record["owner"] = {"pid": 2**22, "start": 1, "host": socket.gethostname()}
    jobs.folder.mkdir(parents=True)
    (jobs.folder / f"{name}.json").write_text(json.dumps(record | change))
    with pytest.raises(UsageError):
        jobs.find(name)
    assert [item.id for item in jobs.every()] == [job.id]
    assert alive(pid_in(file))


def test_the_last_step_reaches_others_however_soon_it_follows(jobs: Jobs, tmp_path: Path) -> None:
    def work(job: Job) -> None:
        until(lambda: job.kept)
        job.tell("first")
        job.tell("second")
        until((tmp_path / "go").exists)

    job = jobs.start(JobSpec("test", "x"), work)
    jobs.keep(job)
    until(lambda: Jobs(jobs.state).find(job.id).progress == "second")
    assert job.running
    (tmp_path / "go").touch()
    assert job.wait(LONG)


@pytest.mark.parametrize("cursor", [10**6, 2**80, -(10**6), -(2**80)])
def test_a_cursor_beyond_an_end_is_that_end(jobs: Jobs, cursor: int) -> None:
    job = start(jobs, "echo few")
    jobs.keep(job)
    assert job.wait(LONG)
    for reader in (jobs, Jobs(jobs.state)):
        part = reader.read(job.id, cursor, 100)
        assert (part.data, part.cursor) == (b"few\n" if cursor < 0 else b"", 4)


@pytest.mark.parametrize(
    "script",
    [
        "exec >&- 2>&-; echo $$ > {pid}; exec sleep 1000",
        "echo $$ > {pid}; head -c 9000000 /dev/zero | tr '\\0' x; exec sleep 1000",
    ],
    ids=["closes its outputs", "prints no newline"],
)
def test_a_strange_talker_is_ended_by_its_deadline(jobs: Jobs, tmp_path: Path, script: str) -> None:
    job = start(jobs, script.format(pid=tmp_path / "pid"), timeout=1.5, reads=lambda _: None)
    assert job.wait(LONG)
    assert isinstance(job.error, Unavailable)
    assert job.error.code == "timeout"
    assert not alive(pid_in(tmp_path / "pid"))


def test_whole_lines_alone_are_read_where_that_is_asked_for_and_the_rest_later(jobs: Jobs) -> None:
    job = start(jobs, "printf 'one\\ntwo\\nthr'")
    assert job.wait(LONG)
    text, part = excerpt(jobs, job.id, 0, 100, (), whole=True)
    assert (text, part.cursor) == ("one\ntwo\n", 8)
    assert excerpt(jobs, job.id, part.cursor, 100, (), whole=True)[1] == Slice(b"", 8)
    assert excerpt(jobs, job.id, part.cursor, 100, ())[0] == "thr"
    assert excerpt(jobs, job.id, -9, 100, (), whole=True)[0] == "two\n"
    assert excerpt(jobs, job.id, 0, 2, (), whole=True)[0] == "on"
