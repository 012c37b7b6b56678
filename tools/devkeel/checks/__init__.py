"""The ladder of checks: `syntax` < `schema` < `evaluation` < `build`."""

from devkeel.checks.findings import added_errors
from devkeel.checks.ladder import LEVELS, available_levels, run_checks, unavailable

__all__ = ["LEVELS", "added_errors", "available_levels", "run_checks", "unavailable"]
