"""What compilers print where a file that is included is not there."""

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

PHRASES = (
    # gcc/c-family and clang's err_pp_file_not_found: place, severity, the name as it is written in the source.
    Phrase(
        "gcc.header", "header", "No such file or directory", r"fatal error: (?P<subject>[^\s:]+): No such", weight=90
    ),
    Phrase(
        "clang.header", "header", "file not found", r"fatal error: '(?P<subject>[^\s']+)' file not found", weight=90
    ),
)
