"""What Python, its libraries and its tools print where a module or a distribution is not there.

The subject is an import name; where the fact `is` has `distribution` it is the name of a distribution.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

_DISTRIBUTION = MappingProxyType({"is": "distribution"})
_DEVELOPMENT = MappingProxyType({"is": "distribution", "group": "dev"})
_NAME = r"(?P<subject>[A-Za-z0-9][\w.-]{0,80})"
_EXTRAS = r"(?:\[(?P<extras>[\w, -]{1,80})\])?"
_ANOTHER = "During handling of the above exception, another exception occurred"
_RAISED = re.compile(
    r"\w(?:Error|Exception)\b|not installed|not found|not available|could not|[Mm]issing|[Rr]equire|need"
)
# What pip says of itself, and words that stand where a name would.
_NO_NAMES = frozenset(
    {"cmake", "ffmpeg", "git", "docker", "node", "java", "rust", "graphviz", "tesseract", "pandoc", "libmagic"}
    | {
        "pip",
        "setuptools",
        "wheel",
        "the",
        "it",
        "a",
        "an",
        "this",
        "python",
        "version",
        "latest",
        "all",
        "from",
        "with",
    }
    | {
        "package",
        "packages",
        "library",
        "dependencies",
        "required",
        "them",
        "following",
        "following.",
        "extra",
        "extras",
    }
)


def _is_last(match: re.Match[str], text: str) -> bool:
    """Return whether a missing module is what ended the run: not one that something else stands in for."""
    if match["subject"].endswith("__main__"):
        return False
    place = text.find(match[0])
    after = text.find(_ANOTHER, place, place + 400)
    return after < 0 or "No module named" not in text[after : after + 6000]


def _is_name(match: re.Match[str], text: str) -> bool:  # noqa: ARG001  (as a phrase wants it)
    return match["subject"].rstrip(".").lower() not in _NO_NAMES


# Mistakes of code, and words of who recommends: beside them a way to install is advice.
_ADVICE = re.compile(
    r"\b(?:Syntax|Indentation|Tab|Value|Type|Key|Index|Assertion|ZeroDivision)Error\b"
    r"|pip3? install [^\n]{1,80}\b(?:to learn|if (?:missing|needed|necessary|you (?:want|like|wish)))"
)
_ABSENT = re.compile(
    r"\b(?:Import|ModuleNotFound)Error\b|not installed|not available|required?\b|requires\b|[Mm]issing dep"
)


def _is_told(match: re.Match[str], text: str) -> bool:
    """Return whether a way to install stands where a library is said to be absent."""
    if not _is_name(match, text) or _RAISED.search(match.string) is None:
        return False
    return _ADVICE.search(match.string) is None or _ABSENT.search(match.string) is not None


def _of_pytest(match: re.Match[str], text: str) -> bool:  # noqa: ARG001
    return "pytest" in text or "py.test" in text


# The plugins of pytest by the options and the fixtures that each brings (their documentation).
_OPTIONS = (
    ("pytest-cov", r"--cov\b|--cov[=-]|--no-cov"),
    ("pytest-xdist", r"-n\s?(?:auto|logical|\d+)|--dist[= ]|--numprocesses|-n$"),
    ("pytest-asyncio", r"--asyncio-mode"),
    ("pytest-timeout", r"--timeout\b"),
    ("pytest-rerunfailures", r"--reruns"),
    ("pytest-randomly", r"-p no:randomly|--randomly"),
    ("pytest-django", r"--(?:ds|dc|reuse-db|create-db|no-migrations|nomigrations|migrations)\b"),
    ("pytest-html", r"--(?:self-contained-)?html\b"),
    ("pytest-json-report", r"--json-report"),
    ("pytest-benchmark", r"--benchmark"),
    ("pytest-mypy", r"--mypy\b"),
    ("pytest-flake8", r"--flake8\b"),
    ("pytest-black", r"--black\b"),
    ("pytest-ruff", r"--ruff\b"),
    ("pytest-sugar", r"--force-sugar"),
    ("pytest-picked", r"--picked"),
    ("pytest-split", r"--splits\b"),
    ("pytest-snapshot", r"--snapshot-update"),
    ("pytest-docker", r"--container-scope|--docker"),
    ("pytest-playwright", r"--(?:headed|browser|tracing)\b"),
    ("pytest-testmon", r"--testmon"),
    ("pytest-forked", r"--forked"),
    ("pytest-repeat", r"--count[= ]"),
    ("nbval", r"--nbval"),
)
_FIXTURES = (
    ("pytest-mock", r"mocker|module_mocker|session_mocker"),
    ("pytest-httpx", r"httpx_mock"),
    ("pytest-benchmark", r"benchmark"),
    ("pytest-httpserver", r"httpserver"),
    (
        "pytest-django",
        r"db|django_db_setup|django_user_model|admin_client|admin_user|rf|django_assert_num_queries|settings",
    ),
    ("pytest-asyncio", r"event_loop|unused_tcp_port"),
    ("requests-mock", r"requests_mock"),
    ("respx", r"respx_mock"),
    ("pytest-freezer", r"freezer"),
    ("pyfakefs", r"fs"),
    ("pytest-datadir", r"datadir|shared_datadir"),
    ("pytest-regressions", r"(?:data|file|num|image|dataframe)_regression"),
    ("syrupy", r"snapshot"),
    ("faker", r"faker"),
    ("pytest-aiohttp", r"aiohttp_client|aiohttp_server"),
    ("pytest-subprocess", r"fp|fake_process"),
    ("pytest-playwright", r"page|browser_context_args"),
    ("pytest-celery", r"celery_app|celery_worker"),
    ("pytest-postgresql", r"postgresql"),
    ("pytest-recording", r"vcr_config"),
)

PHRASES = (
    # CPython, Lib/importlib/_bootstrap.py and Lib/runpy.py; ImportError and no quotes before 3.6, and of `python -m`.
    Phrase(
        "python.module",
        "python_module",
        "No module named",
        r"No module named '?(?P<subject>[A-Za-z_][\w.]{0,200})'?(?P<shadowed>; '[\w.]{1,100}' is not a package)?",
        weight=90,
        judge=_is_last,
    ),
    # What the standard library and setuptools say of a distribution.
    Phrase(
        "python.metadata",
        "python_module",
        "PackageNotFoundError",
        rf"PackageNotFoundError: (?:No package metadata was found for )?['\"]?{_NAME}['\"]?\s*$",
        weight=90,
        facts=_DISTRIBUTION,
    ),
    Phrase(
        "python.distribution",
        "python_module",
        "distribution was not found",
        rf"The '{_NAME}(?:\[[^\]]{{1,60}}\])?[^']{{0,60}}' distribution was not found",
        weight=90,
        facts=_DISTRIBUTION,
    ),
    # pandas, compat/_optional.py
    Phrase(
        "pandas.optional",
        "python_module",
        "Missing optional dependency",
        rf"Missing optional dependency '{_NAME}'",
        weight=90,
        facts=_DISTRIBUTION,
    ),
    # FastAPI, Starlette and those that say it like them
    Phrase(
        "python.requires",
        "python_module",
        "to be installed",
        rf"requires? [`'\"]{_NAME}{_EXTRAS}[`'\"] to be installed",
        weight=90,
        facts=_DISTRIBUTION,
        judge=_is_name,
    ),
    Phrase(
        "python.must",
        "python_module",
        "must be installed",
        rf"(?<![\w.-]){_NAME}[`'\"]?(?: package| library| module)? must be installed",
        weight=70,
        facts=_DISTRIBUTION,
        judge=_is_name,
    ),
    Phrase(
        "python.uninstalled",
        "python_module",
        "not installed",
        rf"(?<![\w.-]){_NAME}[`'\"]?(?: package| library| module| dependency)? (?:is|was) not installed",
        weight=65,
        facts=_DISTRIBUTION,
        judge=_is_name,
    ),
    Phrase(
        "python.please",
        "python_module",
        "lease install",
        rf"(?:Error|Exception|Warning|required|found|missing)\b.{{0,300}}[Pp]lease install (?:the )"
        rf"?[`'\"]?{_NAME}{_EXTRAS}",
        weight=65,
        facts=_DISTRIBUTION,
        judge=_is_name,
    ),
    Phrase(
        "python.package_required",
        "python_module",
        "required",
        rf"Error: .{{0,200}}\b[Tt]he [`'\"]?{_NAME}[`'\"]? (?:package|library|module|python package) is required",
        weight=70,
        facts=_DISTRIBUTION,
        judge=_is_name,
    ),
    Phrase(
        "python.not_found_install",
        "python_module",
        "not found, please install",
        rf"Error: {_NAME} not found, please install",
        weight=80,
        facts=_DISTRIBUTION,
        judge=_is_name,
    ),
    # `pip install X` as a way out, beside what failed.
    Phrase(
        "python.told",
        "python_module",
        "pip install",
        rf"pip3? install (?:-U |--upgrade |--user )?['\"]?{_NAME}{_EXTRAS}",
        before=2,
        weight=60,
        facts=_DISTRIBUTION,
        judge=_is_told,
    ),
    # Django's database backends, and what they name in place of a module
    Phrase(
        "django.database",
        "python_module",
        "Error loading ",
        r"Error loading (?P<subject>\w+)(?: or \w+)? module",
        weight=80,
    ),
    # Beautiful Soup, of a parser that it is asked for
    Phrase(
        "bs4.builder",
        "python_module",
        "tree builder with the features you requested",
        r"features you requested: (?P<subject>lxml|html5lib)",
        weight=90,
        facts=_DISTRIBUTION,
    ),
    Phrase(
        "bs4.xml",
        "python_module",
        "tree builder with the features you requested",
        r"features you requested: (?:lxml-)?xml\b",
        weight=90,
        subject="lxml",
        facts=_DISTRIBUTION,
    ),
    # SQLAlchemy, util/langhelpers.py
    Phrase(
        "sqlalchemy.dialect",
        "python_module",
        "Can't load plugin: sqlalchemy.dialects:",
        r"Can't load plugin: sqlalchemy\.dialects:(?P<subject>[a-z_]{2,30})",
        weight=80,
        facts=MappingProxyType({"is": "dialect"}),
    ),
    # mypy, errors.py and stubinfo.py; pyright
    Phrase(
        "mypy.stubs",
        "python_module",
        "pip install types-",
        r"pip install (?P<subject>types-[\w-]{1,60})",
        weight=90,
        facts=_DEVELOPMENT,
    ),
    Phrase(
        "mypy.implementation",
        "python_module",
        "Cannot find implementation or library stub",
        r"Cannot find implementation or library stub for module named \"(?P<subject>[\w.]{1,100})\"",
        weight=85,
    ),
    Phrase(
        "pyright.import",
        "python_module",
        "could not be resolved",
        r"Import \"(?P<subject>[\w.]{1,100})\" could not be resolved(?! from source)",
        weight=85,
    ),
    # pytest, config/argparsing.py, fixtures.py, python.py
    *(
        Phrase(
            f"pytest.option_{name.replace('-', '_')}",
            "python_module",
            "unrecognized arguments:",
            rf"unrecognized arguments:[^\n]{{0,400}}?\s(?:{options})",
            subject=name,
            weight=90,
            facts=_DEVELOPMENT,
            judge=_of_pytest,
        )
        for name, options in _OPTIONS
    ),
    *(
        Phrase(
            f"pytest.fixture_{name.replace('-', '_')}",
            "python_module",
            "fixture '",
            rf"fixture '(?P<fixture>{fixtures})' not found",
            subject=name,
            weight=90,
            facts=_DEVELOPMENT,
        )
        for name, fixtures in _FIXTURES
    ),
    Phrase(
        "pytest.async",
        "python_module",
        "async def functions are not natively supported",
        r"async def functions are not natively supported",
        subject="pytest-asyncio",
        weight=90,
        facts=_DEVELOPMENT,
    ),
    Phrase(
        "pytest.marker",
        "python_module",
        "'asyncio' not found in `markers`",
        r"'asyncio' not found in `markers` configuration option",
        subject="pytest-asyncio",
        weight=90,
        facts=_DEVELOPMENT,
    ),
    Phrase(
        "pytest.plugin",
        "python_module",
        "Missing required plugins:",
        r"Missing required plugins: (?P<subject>pytest-[\w-]{1,60})",
        weight=90,
        facts=_DEVELOPMENT,
    ),
    # A requirement that nothing answers, of pip, uv and Poetry; whether it is a name of something else is known later.
    Phrase(
        "pip.unknown",
        "python_module",
        "No matching distribution found for",
        r"No matching distribution found for (?P<subject>[A-Za-z0-9][\w.-]{0,80})",
        before=1,
        weight=60,
        facts=MappingProxyType({"is": "requirement"}),
        judge=lambda match, text: "from versions: none" in match.string and not _is_offline(text),
    ),
    Phrase(
        "uv.unknown",
        "python_module",
        "was not found in the package registry",
        r"(?P<subject>[A-Za-z0-9][\w.-]{0,80}) was not found in the package registry",
        weight=60,
        facts=MappingProxyType({"is": "requirement"}),
        judge=lambda _, text: not _is_offline(text),
    ),
    Phrase(
        "poetry.unknown",
        "python_module",
        "ould not find a matching version of package",
        r"ould not find a matching version of package (?P<subject>[A-Za-z0-9][\w.-]{0,80})",
        weight=60,
        facts=MappingProxyType({"is": "requirement"}),
        judge=lambda _, text: not _is_offline(text),
    ),
    # PyPI's own sdist of `sklearn`
    Phrase(
        "pip.deprecated_name",
        "python_module",
        "PyPI package is deprecated, use",
        r"The '(?P<subject>[\w-]{1,40})' PyPI package is deprecated, use '(?P<instead>[\w-]{1,40})'",
        weight=95,
        facts=MappingProxyType({"is": "requirement"}),
    ),
)


def _is_offline(text: str) -> bool:
    return "Retrying (Retry(" in text or "NewConnectionError" in text or "name resolution" in text
