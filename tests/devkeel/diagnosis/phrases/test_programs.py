"""A program that is called and is not there, as shells, make, runners and languages say it."""

from __future__ import annotations

import subprocess
import sys

import pytest

from devkeel.diagnosis.reading import read

SAID = [
    ("./scripts/thumbs.sh: line 14: convert: command not found", "convert"),
    ("bash: rg: command not found", "rg"),
    ("-bash: jq: command not found", "jq"),
    ("/bin/sh: line 1: shellcheck: command not found", "shellcheck"),
    ("/bin/bash: line 3: exec: hugo: not found", "hugo"),
    ("./run: line 7: exec: envsubst: not found", "envsubst"),
    ("bash: line 1: clang-format: command not found\nmake: *** [Makefile:3: fmt] Error 127", "clang-format"),
    ("sudo: dnsmasq: command not found", "dnsmasq"),
    ("zsh: command not found: rg", "rg"),
    ("zsh:1: command not found: kubectl", "kubectl"),
    ("./build.zsh:12: command not found: sassc", "sassc"),
    ("fish: Unknown command: jq", "jq"),
    ("fish: Unknown command 'bat'", "bat"),
    ("~/p/x.fish (line 3): Unknown command: fzf", "fzf"),
    ("csh: xsltproc: Command not found.", "xsltproc"),
    ("sh: 1: protoc: not found", "protoc"),
    ("/bin/sh: 1: pdflatex: not found", "pdflatex"),
    ("./autogen.sh: 9: autoreconf: not found", "autoreconf"),
    ("./x.sh: 22: ./x.sh: m4: not found", "m4"),
    ("sh: line 4: dot: not found", "dot"),
    ("/bin/sh: xgettext: not found", "xgettext"),
    ("ash: curl: not found", "curl"),
    ("/entrypoint.sh: exec: line 5: uvicorn: not found", "uvicorn"),
    ("/usr/bin/ksh: nawk: not found [No such file or directory]", "nawk"),
    ("mksh: gsed: inaccessible or not found", "gsed"),
    ("Command 'tree' not found, but can be installed with:\nsudo apt install tree", "tree"),
    ("Command 'gdb' not found, did you mean:", "gdb"),
    ("The program 'cowsay' is not in your PATH. It is provided by several packages.", "cowsay"),
    ("The program 'unzip' is currently not installed. You can install it by typing:", "unzip"),
    ("make: protoc: No such file or directory\nmake: *** [Makefile:9: gen] Error 127", "protoc"),
    ("make[2]: cmake: No such file or directory\nmake[2]: *** [Makefile:4: all] Error 127", "cmake"),
    ("make: yarn: Command not found\nmake: *** [Makefile:2: js] Error 127", "yarn"),
    ("gmake[1]: bison: Command not found", "bison"),
    ("make: execvp: gperf: No such file or directory\nmake: *** [x] Error 127", "gperf"),
    ("env: \u2018node\u2019: No such file or directory", "node"),
    ("/usr/bin/env: 'python3': No such file or directory", "python3"),
    ("/usr/bin/env: \u2018ruby\u2019: No such file or directory", "ruby"),
    ("env: python3: No such file or directory", "python3"),
    ("env: can't execute 'bash': No such file or directory", "bash"),
    ("timeout: failed to run command \u2018k6\u2019: No such file or directory", "k6"),
    ("nohup: failed to run command 'gunicorn': No such file or directory", "gunicorn"),
    ("nice: \u2018ffmpeg\u2019: No such file or directory", "ffmpeg"),
    ("xargs: shfmt: No such file or directory", "shfmt"),
    ("time: cannot run hyperfine: No such file or directory", "hyperfine"),
    ("error: cannot run gpg: No such file or directory", "gpg"),
    ("error: cannot spawn gpg: No such file or directory\nerror: gpg failed to sign the data", "gpg"),
    ("git: 'lfs' is not a git command. See 'git --help'.", "git-lfs"),
    ("git: 'flow' is not a git command. See 'git --help'.", "git-flow"),
    ("error: no such command: `nextest`", "cargo-nextest"),
    ("error: no such subcommand: `watch`", "cargo-watch"),
    ("error: no such command: `deny`\n\n\thelp: view all installed commands with `cargo --list`", "cargo-deny"),
    ("docker: 'compose' is not a docker command.\nSee 'docker --help'", "docker-compose"),
    ('error: unknown command "krew" for "kubectl"', "kubectl-krew"),
    ('exec: "terraform": executable file not found in $PATH', "terraform"),
    ('Error: failed to start: exec: "helm": executable file not found in $PATH', "helm"),
    ('task: Failed to run task "gen": "buf": executable file not found in $PATH', "buf"),
    ("Error: spawn ffmpeg ENOENT\n    at ChildProcess._handle.onexit (node:internal/child_process:285:19)", "ffmpeg"),
    ("Error: spawnSync git ENOENT", "git"),
    ("npm error enoent spawn git ENOENT", "git"),
    (
        'File "/usr/lib/python3.13/subprocess.py", line 1955, in _execute_child\n'
        "    raise child_exception_type(errno_num, err_msg, err_filename)\n"
        "FileNotFoundError: [Errno 2] No such file or directory: 'dot'",
        "dot",
    ),
    (
        '  File "subprocess.py", line 1863, in _execute_child\n    raise child_exception_type(errno_num, err_msg)\n'
        "    ^^^^^^^^\nFileNotFoundError: [Errno 2] No such file or directory: PosixPath('dot')",
        "dot",
    ),
    ("unable to execute 'swig': No such file or directory", "swig"),
    ("    error: command 'swig' failed: No such file or directory", "swig"),
    ("  error: [Errno 2] No such file or directory: 'cmake'", "cmake"),
    ('java.io.IOException: Cannot run program "dot": error=2, No such file or directory', "dot"),
    ('Caused by: java.io.IOException: Cannot run program "node" (in directory "/w"): Exec failed, error: 2', "node"),
    (
        'Can\'t exec "aclocal": No such file or directory at /usr/share/autoconf/Autom4te/FileUtils.pm line 274.',
        "aclocal",
    ),
    ("x.rb:3:in `spawn': No such file or directory - convert (Errno::ENOENT)", "convert"),
    ("x.rb:3:in 'Kernel#`': No such file or directory - identify (Errno::ENOENT)", "identify"),
    ("hsc2hs: alex: readCreateProcess: posix_spawnp: does not exist (No such file or directory)", "alex"),
    ("Error: Program menhir not found in the tree or in PATH", "menhir"),
    ("Executable `shellcheck` not found", "shellcheck"),
    ("error occurred: Failed to find tool. Is `nasm` installed?", "nasm"),
    ("failed to execute command: No such file or directory (os error 2)\nis `cmake` not installed?", "cmake"),
    ("error: could not execute process `sccache rustc -vV` (never executed)", "sccache"),
    ("error: linker `clang` not found\n  |\n  = note: No such file or directory (os error 2)", "clang"),
    ("error: linker `aarch64-linux-gnu-gcc` not found", "aarch64-linux-gnu-gcc"),
    ("protoc-gen-go: program not found or is not executable", "protoc-gen-go"),
    (
        "nbconvert failed: xelatex not found on PATH, if you have not installed xelatex you may need to do so.",
        "xelatex",
    ),
    ("Error: Could not find 'ffmpeg' in PATH", "ffmpeg"),
    ("tesseract is not installed or it's not in your PATH. See README file for more information.", "tesseract"),
    ("bash: ./tool: /usr/bin/perl: bad interpreter: No such file or directory", "perl"),
    ("zsh: ./tool: bad interpreter: /usr/bin/ruby: no such file or directory", "ruby"),
    ("bash: ./tool: cannot execute: required file not found", "./tool"),
    ("bash: line 2: /usr/bin/xmllint: No such file or directory", "xmllint"),
    ("/bin/sh: 1: /usr/bin/awk: not found", "awk"),
    ("Error: Could not find jq executable", "jq"),
    ("fatal: 'git-lfs' was not found", ""),
    ("ERROR: pandoc is not installed", "pandoc"),
    ("OpenSSL: Command 'perl' not found. Is perl installed?", "perl"),
    ("Command 'qmake' not available", "qmake"),
    ("LaTeX command 'latex' cannot be run (needed for math display), check the imgmath_latex setting", "latex"),
    ('couldn\'t find required command: "ninja"', "ninja"),
    ("Unable to connect to the server: getting credentials: exec: executable aws not found", "aws"),
    ("gyp: Call to 'pg_config --libdir' returned exit status 127 while in binding.gyp.", "pg_config"),
    (
        "subprocess.CalledProcessError: Command 'krb5-config --libs gssapi' returned non-zero exit status 127.",
        "krb5-config",
    ),
    ("ERROR: 'ffmpeg' not found. Please install it.", "ffmpeg"),
    ("-density: 1: -density: convert: not found", "convert"),
    ('Failed to run `"pkg-config" "--libs" "openssl"`: No such file or directory (os error 2)', "pkg-config"),
    ('failed to execute protoc: Os { code: 2, kind: NotFound, message: "No such file or directory" }', "protoc"),
    ("error: failed to run command: `wasm-opt`: No such file or directory (os error 2)", "wasm-opt"),
    (
        'subprocess.py", line 1551, in _execute_child\n    raise child_exception_type(errno_num, err_msg, err_filename)\n'
        "FileNotFoundError: [Errno 2] No such file or directory: 'dot': 'dot'",
        "dot",
    ),
    ("Error: yq is required but it's not installed. Aborting.", "yq"),
]
NOTHING = [
    'failed to spawn process: Os { code: 2, kind: NotFound, message: "No such file or directory" }',
    "sh: 1: source: not found",
    "./run.sh: 3: [[: not found",
    "bash: nvm: command not found",
    "bash: apt-get: command not found",
    '#9 0.412 /bin/sh: 1: npm: not found\nERROR: failed to solve: process "/bin/sh -c npm ci" did not complete: exit code: 127',
    "main.c: not found",
    "HTTP/1.1 404 Not Found",
    "error: pathspec 'x' did not match: not found",
    "bash: ./configure: No such file or directory",
    "bash: ./deploy.sh: Permission denied",
    "make: *** No rule to make target 'foo.mk'.  Stop.",
    "make: rules.mk: No such file or directory\nmake: *** No rule to make target 'rules.mk'.  Stop.",
    "make: 'build' is up to date.",
    "FileNotFoundError: [Errno 2] No such file or directory: 'data.csv'",
    "error: [Errno 2] No such file or directory: 'README.md'",
    "env: 'bash\\r': No such file or directory",
    "ls: cannot access 'x': No such file or directory",
    "cat: notes: No such file or directory",
    "Error: spawn /srv/app/bin/tool ENOENT",
    "Error: ENOENT: no such file or directory, open '/w/config.json'",
    "sh: 1: ./gradlew: not found",
    "assert 'jq: missing' in 'nothing of it'",
    "ERROR: the service was not found",
    "Error: package is not installed",
    "the user was not found in your PATH-based route table",
    "Error response from daemon: failed to create task: OCI runtime create failed: runc create failed: unable to start "
    'container process: exec: "python": executable file not found in $PATH: unknown',
]


@pytest.mark.parametrize(("text", "program"), [row for row in SAID if row[1]])
def test_the_program_is_named(text: str, program: str) -> None:
    first = read(f"building\n{text}\nfailed\n").causes[0]
    assert (first.kind, first.subject) == ("program", program)


@pytest.mark.parametrize("text", NOTHING)
def test_other_words_name_no_program(text: str) -> None:
    assert [
        (cause.kind, cause.subject) for cause in read(f"building\n{text}\nfailed\n").causes if cause.kind == "program"
    ] == []


# What programs of every machine print here and now, and not as it was written down.
CALLS = [
    ["bash", "-c", "{}"],
    ["bash", "-c", "exec {}"],
    ["sh", "-c", "{}"],
    ["sh", "-c", "echo; {} --version"],
    ["env", "{}"],
    ["nice", "{}"],
    ["nohup", "{}"],
    ["timeout", "3", "{}"],
    ["xargs", "{}"],
    [sys.executable, "-c", "import subprocess; subprocess.run(['{}'])"],
]


@pytest.mark.parametrize("call", CALLS, ids=" ".join)
def test_what_is_printed_here_is_read(call: list[str]) -> None:
    argv = [part.replace("{}", "devkeel-has-no-such-program") for part in call]
    done = subprocess.run(argv, capture_output=True, text=True, input="a\n", check=False)
    assert done.returncode != 0
    assert [(cause.kind, cause.subject) for cause in read(done.stderr).causes] == [
        ("program", "devkeel-has-no-such-program")
    ]
