"""What a caller may do and why, as lines that both clients say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.errors import ProjectError
    from devkeel.policy.explanation import CallView, PolicyReport, PolicyView, RuleView

__all__ = ["calls", "report", "view", "without_settings"]


def view(found: PolicyView) -> Iterator[str]:
    """Yield what a caller may do, the rules that it comes of, and the roles that there are."""
    role = f"in the role {found.role}: " if found.role else ""
    size = "" if found.minimal else " (more than a minimal role has)"
    yield f"{role}{', '.join(found.permissions) or 'nothing'}{size}"
    yield from (f"held to {', '.join(item.permissions) or 'nothing'} by {_rule(item)}" for item in found.rules)
    if found.sandbox:
        yield "what it runs is enclosed"
    for name, permissions in found.roles.items():
        yield f"role {name}: {', '.join(permissions) or 'nothing'}"


def calls(found: Iterable[CallView]) -> Iterator[str]:
    """Yield of each call whether it is allowed, and by which rule it is not."""
    for item in found:
        title = f"{item.action} with {item.argument}" if item.argument else item.action
        if item.allowed:
            yield f"{title}: allowed ({', '.join(item.takes)})"
        else:
            why = f", which {_rule(item.rule)} does not give" if item.rule else ""
            yield f"{title}: denied, it takes {', '.join(item.lacks)}{why}"


def report(found: PolicyReport) -> Iterator[str]:
    """Yield what is not sound in the roles."""
    yield "The roles are sound." if found.ok else "The roles are not sound."
    for item in found.diagnostics:
        yield f"{item.place or 'devkeel.toml'}: {item.severity}: {item.message} [{item.code}]"


def without_settings(error: ProjectError) -> str:
    """Return what a caller is told who looked where the settings cannot be used."""
    place = f" ({error.place})" if error.place else ""
    return f"This was looked at without devkeel.toml, and nothing else is allowed. {error.message}{place}"


def _rule(rule: RuleView) -> str:
    parts = [rule.rule, f"({rule.place})" if rule.place else "", f"given by {rule.by}" if rule.by else ""]
    whose = f", which is for {rule.whose} to change" if rule.whose else ""
    return " ".join(filter(None, parts)) + whose
