"""The ladder of checks: `syntax` < `schema` < `evaluation` < `build`."""

from devkeel.checks.ladder import LEVELS, added_errors, available_levels, run_checks

__all__ = ["LEVELS", "added_errors", "available_levels", "run_checks"]
