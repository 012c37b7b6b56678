"""The exit codes that are not the library's own: errors of devkeel carry theirs in `exit_code`."""

from __future__ import annotations

__all__ = [
    "CHECK_FAILED",
    "GATE",
    "INTERNAL",
    "INTERRUPTED",
    "PIPE_CLOSED",
    "TABLE",
    "TIMED_OUT",
    "USAGE",
    "of_command",
]

# As what is refused.
GATE = 1
USAGE = 2
CHECK_FAILED = 3
# EX_SOFTWARE of sysexits.h(3head).
INTERNAL = 70
# 128 and SIGINT, as bash(1) reports it (EXIT STATUS); below 128 and SIGPIPE.
INTERRUPTED = 130
PIPE_CLOSED = 141
# As timeout(1).
TIMED_OUT = 124


def of_command(code: int) -> int:
    """Return the exit code that a shell reports for a command. code: as waitid(2) has it; below 0 the signal."""
    # POSIX.1-2024, Shell Command Language, 2.8.2: more than 128 for a signal; bash and dash add its number.
    return 128 - code if code < 0 else code % 256


TABLE = """\
\b
Exit codes:
  0    done, or nothing to do
  1    refused: the edit, the project's files or its settings do not allow it;
       a gate in block that does not pass
  2    wrong usage
  3    a check found errors
  4    conflict: somebody else changed what the request builds on
  5    this machine cannot do it
  6    another process holds the project
  7    devkeel's own records cannot be used
  124  a command that was run reached its deadline
  70   unexpected error inside devkeel
  129  hung up (SIGHUP)
  130  interrupted
  141  whoever read the output has closed it
  143  terminated (SIGTERM)
"""
