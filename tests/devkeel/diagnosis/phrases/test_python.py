"""What Python, its libraries and its tools print where a module or a distribution is not there."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read


@pytest.mark.parametrize(
    ("text", "subject", "form"),
    [
        ("ModuleNotFoundError: No module named 'yaml'", "yaml", None),
        ("ModuleNotFoundError: No module named 'google.cloud.storage'", "google.cloud.storage", None),
        ("ImportError: No module named requests", "requests", None),
        ("/usr/bin/python3: No module named pytest", "pytest", None),
        ("E   ModuleNotFoundError: No module named 'freezegun'", "freezegun", None),
        (
            (
                "python: Error while finding module specification for 'flask.cli' (ModuleNotFoundError: No module named"
                " 'flask')"
            ),
            "flask",
            None,
        ),
        ("importlib.metadata.PackageNotFoundError: No package metadata was found for orjson", "orjson", "distribution"),
        (
            "pkg_resources.DistributionNotFound: The 'grpcio>=1.0' distribution was not found and is required by x",
            "grpcio",
            "distribution",
        ),
        (
            "ImportError: Missing optional dependency 'openpyxl'.  Use pip or conda to install openpyxl.",
            "openpyxl",
            "distribution",
        ),
        (
            'RuntimeError: Form data requires "python-multipart" to be installed. \nYou can install "python-multipart"',
            "python-multipart",
            "distribution",
        ),
        ("AssertionError: jinja2 must be installed to use Jinja2Templates", "jinja2", "distribution"),
        (
            "ImportError: email-validator is not installed, run `pip install pydantic[email]`",
            "email-validator",
            "distribution",
        ),
        ("ImportError: lxml not found, please install it", "lxml", "distribution"),
        ("ImportError: Please install xlsxwriter to write Excel files", "xlsxwriter", "distribution"),
        (
            "bs4.FeatureNotFound: Couldn't find a tree builder with the features you requested: lxml. Do you need to",
            "lxml",
            "distribution",
        ),
        (
            "django.core.exceptions.ImproperlyConfigured: Error loading MySQLdb module.\nDid you install mysqlclient?",
            "MySQLdb",
            None,
        ),
        (
            "sqlalchemy.exc.NoSuchModuleError: Can't load plugin: sqlalchemy.dialects:snowflake",
            "snowflake",
            "dialect",
        ),
        ('note: Hint: "python3 -m pip install types-requests"', "types-requests", "distribution"),
        (
            'app.py:1: error: Cannot find implementation or library stub for module named "boto3"  [import-not-found]',
            "boto3",
            None,
        ),
        ('/w/app.py:3:8 - error: Import "pandas" could not be resolved (reportMissingImports)', "pandas", None),
        (
            "ERROR: usage: pytest [options] [file_or_dir]\npytest: error: unrecognized arguments: --cov=app",
            "pytest-cov",
            "distribution",
        ),
        (
            "pytest: error: unrecognized arguments: -n auto --reruns 2",
            "pytest-xdist",
            "distribution",
        ),
        ("E       fixture 'mocker' not found", "pytest-mock", "distribution"),
        ("async def functions are not natively supported.", "pytest-asyncio", "distribution"),
        (
            (
                "ERROR: Could not find a version that satisfies the requirement cv2 (from versions: none)\n"
                "ERROR: No matching distribution found for cv2"
            ),
            "cv2",
            "requirement",
        ),
        (
            (
                "  \u00d7 No solution found when resolving dependencies:\n  ╰─▶ Because bs5 was not found in the "
                "package registry"
                " and you require bs5, we can conclude"
            ),
            "bs5",
            "requirement",
        ),
        (
            (
                "ImportError: Using http2=True, but the 'h2' package is not installed. Make sure to install httpx using"
                " `pip install httpx[http2]`."
            ),
            "h2",
            "distribution",
        ),
    ],
)
def test_what_is_missing_is_named(text: str, subject: str, form: str | None) -> None:
    cause = next(item for item in read(text).causes if item.kind == "python_module")
    assert (cause.subject, cause.facts.get("is")) == (subject, form)


@pytest.mark.parametrize(
    "text",
    [
        "[notice] A new release of pip is available: 24.0 -> 25.1\n[notice] To update, run: pip install --upgrade pip",
        "python: No module named orchard.__main__; 'orchard' is a package and cannot be directly executed",
        "ImportError: cannot import name 'parse_rows' from 'orchard.io' (/w/orchard/orchard/io.py)",
        "E       fixture 'shop' not found",
        "manage.py: error: unrecognized arguments: --cov",
        (
            "WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError'\n"
            "ERROR: Could not find a version that satisfies the requirement httpx (from versions: none)\n"
            "ERROR: No matching distribution found for httpx"
        ),
    ],
)
def test_what_is_no_missing_module_is_none(text: str) -> None:
    assert [item for item in read(text).causes if item.kind == "python_module"] == []


def test_of_a_module_and_what_stands_in_for_it_the_latter_is_missing() -> None:
    text = (
        "Traceback (most recent call last):\n    import simplejson\nModuleNotFoundError: No module named "
        "'simplejson'\n\n"
        "During handling of the above exception, another exception occurred:\n\nTraceback (most recent call last):\n"
        "    import ujson\nModuleNotFoundError: No module named 'ujson'\n"
    )
    assert [item.subject for item in read(text).causes] == ["ujson"]
