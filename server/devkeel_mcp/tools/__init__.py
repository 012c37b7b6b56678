"""The tools, one thin module per family; the order is the order of `tools/list`."""

from devkeel_mcp.tools import (
    apply,
    check,
    command,
    edit,
    history,
    inspect,
    jobs,
    library,
    packages,
    patch,
    search,
    services,
)

__all__ = ["TOOLS"]

TOOLS = (
    inspect.INSPECT,
    search.SEARCH,
    check.CHECK,
    packages.ADD_PACKAGES,
    library.ADD_LIBRARY,
    services.ENABLE_SERVICE,
    edit.EDIT,
    patch.PATCH,
    history.SHOW_HISTORY,
    history.UNDO,
    apply.APPLY,
    command.RUN,
    jobs.JOB,
    jobs.CANCEL,
)
