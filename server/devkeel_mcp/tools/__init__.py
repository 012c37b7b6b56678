"""The tools, one thin module per family; the order is the order of `tools/list`."""

from devkeel_mcp.tools import (
    apply,
    build,
    builders,
    caches,
    check,
    command,
    detection,
    diagnosis,
    edit,
    evaluation,
    gates,
    generation,
    history,
    inspect,
    jobs,
    library,
    library_repair,
    locks,
    package_run,
    packages,
    patch,
    policy,
    policy_explanation,
    processes,
    report,
    reproduction,
    search,
    services,
    shell,
    templates,
)

__all__ = ["CORE", "NIX", "POLICY", "PROJECT", "TOOLS"]

CORE = (
    inspect.INSPECT,
    search.SEARCH,
    check.CHECK,
    history.SHOW_HISTORY,
    packages.ADD_PACKAGES,
    library.ADD_LIBRARY,
    services.ENABLE_SERVICE,
    edit.EDIT,
    patch.PATCH,
    locks.UPDATE_LOCKS,
    history.UNDO,
    apply.APPLY,
    processes.MANAGE_PROCESSES,
    processes.READ_PROCESSES,
    command.RUN,
    diagnosis.DIAGNOSE,
    jobs.JOB,
    jobs.CANCEL,
)
# In the order of the work.
NIX = (
    build.BUILD,
    evaluation.EVALUATE,
    package_run.RUN_PACKAGES,
    shell.DESCRIBE_SHELL,
    reproduction.CHECK_REPRODUCIBILITY,
    reproduction.PROVE_REPRODUCIBILITY,
    caches.CHECK_CACHE,
    caches.UPLOAD_TO_CACHE,
    caches.CONFIGURE_CACHE,
    builders.CHECK_BUILDERS,
)
# In the order of the work: from a repository to a declaration, and from that to everything else.
PROJECT = (
    detection.DETECT,
    templates.LIST_TEMPLATES,
    templates.USE_TEMPLATE,
    generation.GENERATE,
    library_repair.REPAIR_REQUIREMENTS,
)
POLICY = (
    policy_explanation.EXPLAIN_POLICY,
    policy.CONFIGURE_POLICY,
    gates.CHECK_GATE,
    report.REPORT,
    report.VERIFY_HISTORY,
)
TOOLS = (*CORE, *NIX, *PROJECT, *POLICY)
