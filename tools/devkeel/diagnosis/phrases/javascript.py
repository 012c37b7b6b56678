"""What Node.js, its package managers and its build tools print where a package or another version is missing.

The subject of a `node_module` is what is imported, with the path inside of the package where there is one; the fact
`group` is `dev` where only development needs it.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

_DEVELOPMENT = MappingProxyType({"group": "dev"})
_TYPES = MappingProxyType({"group": "dev", "is": "types"})
_RANGE = r"[\dxX.,<>=!~^* |v-]{1,100}"
_VERSION = r"v?\d{1,3}(?:\.\d{1,4}){0,2}"
_MODULE = r"(?P<subject>[@A-Za-z0-9~_][^'\"`\s]{0,200})"


def _is_package(match: re.Match[str], text: str) -> bool:  # noqa: ARG001  (as a phrase wants it)
    """Return whether what is imported is a package, and no file of the project and no alias for one."""
    name = match["subject"]
    return not name.startswith(("@/", "~", "virtual:", "file:", "http:", "https:", "src/")) and "\\" not in name


def _fails(match: re.Match[str], text: str) -> bool:  # noqa: ARG001
    """Return whether a sentence about engines is an error: npm and pnpm warn in nearly the same words."""
    return "WARN" not in match.string and "warn " not in match.string


PHRASES = (
    # Node.js, lib/internal/modules/cjs/loader.js and esm/resolve.js; jest-resolve and TypeScript say it as well.
    Phrase(
        "node.module",
        "node_module",
        "Cannot find module",
        rf"Cannot find module ['\"]{_MODULE}['\"](?! or its corresponding)(?P<from> (?:from|imported from) "
        rf"['\"]?[^\s'\"]{{1,300}})?",
        weight=90,
        judge=lambda match, text: _is_package(match, text) and not match["subject"].startswith("node:"),
    ),
    Phrase(
        "node.package",
        "node_module",
        "Cannot find package",
        rf"Cannot find package ['\"]{_MODULE}['\"](?P<from> imported from ['\"]?[^\s'\"]{{1,300}})?",
        weight=90,
        judge=_is_package,
    ),
    # TypeScript, diagnosticMessages.json: 2307, 2792, 7016, 2688, and those of built-in names.
    Phrase(
        "typescript.module",
        "node_module",
        "or its corresponding type declarations",
        rf"Cannot find module ['\"]{_MODULE}['\"] or its corresponding",
        weight=90,
        judge=_is_package,
    ),
    Phrase(
        "typescript.declaration",
        "node_module",
        "Could not find a declaration file for module",
        rf"Could not find a declaration file for module ['\"]{_MODULE}['\"]",
        weight=90,
        facts=_TYPES,
        judge=_is_package,
    ),
    Phrase(
        "typescript.types",
        "node_module",
        "Cannot find type definition file for",
        rf"Cannot find type definition file for ['\"]{_MODULE}['\"]",
        weight=90,
        facts=_TYPES,
        judge=_is_package,
    ),
    Phrase(
        "typescript.name",
        "node_module",
        "Do you need to install type definitions for",
        r"try `npm i --save-dev (?P<subject>@types/[\w.-]{1,80})",
        weight=90,
        facts=_DEVELOPMENT,
    ),
    # webpack and Next.js, Vite, Rollup, esbuild, Parcel, Metro
    Phrase(
        "webpack.resolve",
        "node_module",
        "Can't resolve",
        rf"Can't resolve ['\"]{_MODULE}['\"](?P<from> in ['\"][^'\"\n]{{1,300}}['\"])?",
        weight=90,
        judge=_is_package,
    ),
    Phrase(
        "vite.import",
        "node_module",
        "ailed to resolve import",
        rf"ailed to resolve import ['\"]{_MODULE}['\"](?P<from> from ['\"][^'\"\n]{{1,300}}['\"])?",
        weight=90,
        judge=_is_package,
    ),
    Phrase(
        "vite.dependency",
        "node_module",
        "could not be resolved",
        r"^\s{0,4}(?P<subject>@?[a-z0-9][\w./-]{0,100}) \(imported by ",
        lines=1,
        before=0,
        weight=60,
    ),
    Phrase(
        "esbuild.resolve",
        "node_module",
        "Could not resolve",
        rf"Could not resolve ['\"]{_MODULE}['\"](?P<from> from ['\"][^'\"\n]{{1,300}}['\"])?",
        weight=90,
        judge=_is_package,
    ),
    Phrase(
        "metro.resolve",
        "node_module",
        "Unable to resolve module",
        rf"Unable to resolve module [`'\"]?{_MODULE}[`'\"]? from",
        weight=90,
        judge=_is_package,
    ),
    Phrase(
        "parcel.resolve",
        "node_module",
        "Failed to resolve '",
        rf"Failed to resolve '{_MODULE}' from",
        weight=90,
        judge=_is_package,
    ),
    # Bun and Deno
    Phrase(
        "bun.package",
        "node_module",
        "annot find package",
        rf"annot find package \"{_MODULE}\" from",
        weight=90,
        judge=_is_package,
    ),
    # ESLint, Babel, Jest, Vitest, Prettier, PostCSS, Stylelint: what their settings name.
    Phrase(
        "eslint.plugin",
        "node_module",
        "ESLint couldn't find the plugin",
        rf"couldn't find the plugin ['\"]{_MODULE}['\"]",
        weight=90,
        facts=_DEVELOPMENT,
    ),
    Phrase(
        "eslint.config",
        "node_module",
        "ESLint couldn't find the config",
        rf"couldn't find the config ['\"]{_MODULE}['\"] to extend from",
        weight=90,
        facts=MappingProxyType({"group": "dev", "is": "eslint-config"}),
    ),
    Phrase(
        "jest.environment",
        "node_module",
        "est environment",
        r"est environment (?P<subject>[@\w./-]{1,80}) cannot be found",
        weight=90,
        facts=_DEVELOPMENT,
    ),
    Phrase(
        "jest.preset",
        "node_module",
        "Preset ",
        r"Preset (?P<subject>[@\w/-]{1,80}) not found",
        weight=90,
        facts=_DEVELOPMENT,
    ),
    Phrase(
        "jest.named",
        "node_module",
        "in the transform option was not found",
        r"Module (?P<subject>[@\w/.-]{1,80}) in the transform option was not found",
        weight=90,
        facts=_DEVELOPMENT,
    ),
    Phrase(
        "vitest.dependency",
        "node_module",
        "Cannot find dependency",
        rf"Cannot find dependency ['\"]{_MODULE}['\"]",
        weight=90,
        facts=_DEVELOPMENT,
    ),
    Phrase(
        "node.must_install",
        "node_module",
        "npm i",
        r"(?:Please|please|need to|[Rr]un|[Tt]ry|must)\b.{0,160}\bnpm i(?:nstall)?(?: (?P<development>-D|"
        r"--save-dev|--dev)| -S| --save)? "
        r"(?P<subject>@?[a-z][\w./-]{0,100})",
        before=1,
        weight=60,
        judge=lambda match, text: (
            _is_package(match, text)
            and match["subject"] not in ("install", "and", "to", "again", "or", "npm", "in")
            and re.search(r"[Ee]rror|not found|[Mm]issing|[Cc]annot|[Rr]equire|need", match.string) is not None
        ),
    ),
    Phrase(
        "next.typescript",
        "node_module",
        "Please install ",
        r"Please install (?P<subject>typescript|sass|sharp|critters|@types/[\w-]{1,60})\b",
        weight=85,
    ),
    Phrase(
        "vite.preprocessor",
        "node_module",
        "Preprocessor dependency",
        r"Preprocessor dependency \"(?P<subject>[\w@/-]{1,60})\" not found",
        weight=90,
        facts=_DEVELOPMENT,
    ),
    # Yarn Plug'n'Play
    Phrase(
        "yarn.undeclared",
        "node_module",
        "tried to access",
        r"Your application tried to access (?P<subject>@?[\w./-]{1,100}), but it isn't declared in your dependencies",
        weight=90,
    ),
    # Versions of Node.js: npm-install-checks, yarn 1, pnpm, and what tools say of themselves.
    Phrase(
        "npm.engine",
        "version",
        "Required:",
        rf"Required: \{{[^}}\n]{{0,80}}['\"]?node['\"]?:\s?['\"](?P<wanted>{_RANGE})['\"]"
        rf"(?:[^\n]{{0,120}}\n[^\n]{{0,40}}Actual:[^\n]{{0,120}}['\"]?node['\"]?:\s?['\"](?P<have>{_VERSION})['\"])?",
        lines=3,
        subject="javascript",
        weight=90,
        judge=_fails,
    ),
    Phrase(
        "yarn.engine",
        "version",
        'The engine "node" is incompatible',
        rf"The engine \"node\" is incompatible with this module\. Expected version \"(?P<wanted>{_RANGE})\"\. "
        rf"Got \"(?P<have>{_VERSION})\"",
        subject="javascript",
        weight=90,
        judge=_fails,
    ),
    Phrase(
        "pnpm.engine",
        "version",
        "Unsupported environment (bad pnpm and/or Node.js version)",
        rf"^Expected version: (?P<wanted>{_RANGE})\s{{0,4}}^Got: (?P<have>{_VERSION})",
        lines=10,
        subject="javascript",
        weight=90,
        judge=lambda match, _: "ode version" in match.string[: match.start()],
    ),
    Phrase(
        "pnpm.wanted",
        "version",
        "Unsupported engine",
        rf"Unsupported engine[^\n]{{0,120}}wanted: \{{[^}}\n]{{0,60}}\"node\":\"(?P<wanted>{_RANGE})\""
        rf"\}} \(current: \{{\"node\":\"(?P<have>{_VERSION})\"",
        subject="javascript",
        weight=90,
        judge=_fails,
    ),
    Phrase(
        "node.at_least",
        "version",
        "Node",
        rf"(?:requires?|needs?|required|minimum)\b[^\n]{{0,60}}?Node(?:\.?js|JS)?(?: version)?(?: of)?(?: at "
        rf"least)? ?[`'\"(]?"
        rf"(?P<wanted>(?:>=? ?|\^|~)?{_VERSION}\+?(?: ?(?:\|\||or|,) ?(?:>=? ?|\^)?{_VERSION}\+?){{0,4}})",
        subject="javascript",
        weight=80,
        judge=_fails,
    ),
    Phrase(
        "node.is_required",
        "version",
        "Node",
        rf"Node(?:\.?js|JS)? version [`'\"]?(?P<wanted>(?:>=? ?|\^|~)?{_VERSION}(?: \|\| (?:>=? ?|\^)"
        rf"?{_VERSION})*)[`'\"]? is required",
        subject="javascript",
        weight=85,
    ),
    Phrase(
        "nvm.missing",
        "version",
        "is not yet installed",
        rf"N/A: version \"(?P<wanted>{_VERSION})[^\"]{{0,20}}\" is not yet installed",
        subject="javascript",
        weight=90,
    ),
    # What newer versions have: nodejs.org/api, "Added in".
    *(
        Phrase(
            f"node.since_{since.replace('.', '_')}_{number}",
            "version",
            hint,
            pattern,
            subject="javascript",
            weight=91,
            facts=MappingProxyType({"since": since}),
        )
        for number, (since, hint, pattern) in enumerate(
            (
                ("18", "fetch is not defined", r"ReferenceError: fetch is not defined"),
                ("18", "Headers is not defined", r"ReferenceError: Headers is not defined"),
                ("18", "structuredClone is not defined", r"ReferenceError: structuredClone is not defined"),
                ("20", "File is not defined", r"ReferenceError: File is not defined"),
                ("22", "WebSocket is not defined", r"ReferenceError: WebSocket is not defined"),
                ("22", "CustomEvent is not defined", r"ReferenceError: CustomEvent is not defined"),
                ("22", "Promise.withResolvers is not a function", r"Promise\.withResolvers is not a function"),
                ("22", " is not a function", r"\.(?:union|intersection|difference|isSubsetOf) is not a function"),
                ("20", "toSorted is not a function", r"toSorted is not a function"),
                ("20", "toReversed is not a function", r"toReversed is not a function"),
                ("22", "hash is not a function", r"crypto\d?\.(?:default\.)?hash is not a function"),
                ("22", "Object.groupBy is not a function", r"Object\.groupBy is not a function"),
                ("22", "styleText", r"'node:util' does not provide an export named 'styleText'"),
                ("24", "URLPattern is not defined", r"ReferenceError: URLPattern is not defined"),
                ("22", "node:sqlite", r"(?:No such built-in module|Cannot find module).{0,4} ?'?node:sqlite"),
                ("20", "node:test", r"(?:No such built-in module|Cannot find module).{0,4} ?'?node:test"),
                ("22", "globSync", r"does not provide an export named 'globSync'|fs\.globSync is not a function"),
                ("20", "import.meta.dirname", r"import\.meta\.dirname.{0,40}undefined"),
                ("16", "Unexpected token '??='", r"Unexpected token '(?:\?\?=|\|\|=|&&=)'"),
                ("22", "--experimental-strip-types", r"bad option: --experimental-strip-types"),
                ("20", "--env-file", r"bad option: --env-file"),
                ("20", "bad option: --import", r"bad option: --import"),
                ("18", "bad option: --test", r"bad option: --test\b"),
            )
        )
    ),
)
