"""What a caller may do and why, as lines that both clients say."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.errors import ProjectError
    from devkeel.policy.explanation import CallView, PolicyReport, PolicyView, RuleView

__all__ = ["CHANGING", "calls", "report", "view", "without_settings"]

CHANGING = (
    "devkeel.toml is changed by a person: by hand, or through devkeel, which asks one each time. No agent changes it "
    "by itself."
)


def view(found: PolicyView) -> Iterator[str]:
    """Yield what a caller may do, the rules that it comes of, and the roles that there are."""
    role = f"in the role {found.role}: " if found.role else ""
    size = "" if found.minimal else " (more than a minimal role has)"
    yield f"{role}{', '.join(found.permissions) or 'nothing'}{size}"
    yield from (_rule(item) for item in found.rules)
    if found.sandbox:
        yield "what it runs is enclosed"
    for name, permissions in found.roles.items():
        yield f"role {name}: {', '.join(permissions) or 'nothing'}"
    asking = f", in the role {' or '.join(found.may_ask)}" if found.may_ask else ", in no role" if found.roles else ""
    yield f"{CHANGING} Such a change can be asked for{asking or ' by every caller'}."


def calls(found: Iterable[CallView]) -> Iterator[str]:
    """Yield of each call whether it is allowed, and at the end each rule that denies one, once."""
    rules: dict[str, RuleView] = {}
    for item in found:
        title = f"{item.action} with {item.argument}" if item.argument else item.action
        if item.allowed:
            yield f"{title}: allowed ({', '.join(item.takes)})"
            continue
        why = f" (not given by {item.rule.rule})" if item.rule else ""
        yield f"{title}: denied, for lack of {', '.join(item.lacks)}{why}"
        if item.rule is not None:
            rules[_rule(item.rule)] = item.rule
    yield from rules


def report(found: PolicyReport) -> Iterator[str]:
    """Yield what is not sound in the roles."""
    yield "The roles are sound." if found.ok else "The roles are not sound."
    for item in found.diagnostics:
        yield f"{item.place or 'devkeel.toml'}: {item.severity}: {item.message} [{item.code}]"


def without_settings(error: ProjectError) -> str:
    """Return the note for a caller who looked where the settings cannot be used."""
    place = f" ({error.place})" if error.place else ""
    return f"This was looked at without devkeel.toml, and nothing else is allowed. {error.message}{place}"


def _rule(rule: RuleView) -> str:
    """Return a sentence on a rule: what it gives, where it stands, how the caller came by it, who can change it."""
    place = f" ({rule.place})" if rule.place else ""
    by = f"; by {rule.by}" if rule.by else ""
    whose = f"; to change that, ask {rule.whose}" if rule.whose else ""
    return f"{rule.rule}{place} gives {', '.join(rule.permissions) or 'nothing'}{by}{whose}"
