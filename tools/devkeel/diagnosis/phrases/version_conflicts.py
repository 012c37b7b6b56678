"""What Python and its resolvers print of libraries whose versions do not go together.

A row of `BREAKS` is a sentence that a library's import ends with after a change of another one, and the bound that keeps
that change out (release notes of the library that is named). Most are also what a person's own code gets that uses what
was removed: they count where the frame that fails is a library's.
"""

from __future__ import annotations

import re
from functools import partial

from msgspec import Struct

from devkeel.diagnosis.phrase import Phrase

__all__ = ["BREAKS", "PHRASES", "KnownBreak", "is_in_library"]


class KnownBreak(Struct, frozen=True):
    """A change of a library that breaks others.

    hint: a part of the sentence as it is written. pattern: the sentence. requirement: what keeps the change out, or what
    it has become. everywhere: whether it counts too where the frame is the project's own; own: whether only there.
    """

    hint: str
    pattern: str
    requirement: str
    everywhere: bool = False
    own: bool = False

    @property
    def distribution(self) -> str:
        """The distribution that is to be declared."""
        return re.split(r"[<>=]", self.requirement, maxsplit=1)[0]


def _import(names: str, module: str, requirement: str, *, everywhere: bool = False) -> KnownBreak:
    """Return the row of names that a module no longer has, or does not have yet."""
    pattern = rf"cannot import name '(?:{names})' from '{re.escape(module)}'"
    return KnownBreak(f"from '{module}'", pattern, requirement, everywhere)


def _attribute(names: str, owner: str, requirement: str, *, everywhere: bool = False) -> KnownBreak:
    return KnownBreak(f"{owner} has no attribute", rf"{owner} has no attribute '(?:{names})'", requirement, everywhere)


# Since when typing_extensions has a name (its documentation, "versionadded").
_TYPING = {
    "4.0": "Self|NotRequired|Required|LiteralString|reveal_type|assert_never|Never",
    "4.1": "dataclass_transform|Unpack|TypeVarTuple",
    "4.4": "override|TypeVar",
    "4.5": "deprecated",
    "4.6": "TypeAliasType|Buffer|get_original_bases",
    "4.9": "ReadOnly",
    "4.10": "TypeIs",
    "4.12": "NoDefault",
    "4.13": "TypeForm|get_annotations|evaluate_forward_ref|Format",
    "4.14": "Sentinel",
    "4.15": "disjoint_base",
}

BREAKS: tuple[KnownBreak, ...] = (
    # NumPy 2.0 changed the binary interface; the sizes are of the structures in its header and at run time.
    KnownBreak("compiled using NumPy 1.x", r"compiled using NumPy 1\.x cannot be run in", "numpy<2", True),
    KnownBreak(
        "numpy.dtype size changed", r"numpy\.dtype size changed, .{1,60}Expected 96 .{1,40}got 88", "numpy<2", True
    ),
    KnownBreak("_ARRAY_API not found", r"AttributeError: _ARRAY_API not found", "numpy<2", True),
    KnownBreak("compiled against ABI version", r"ABI version 0x1\w* but this version of numpy is 0x2", "numpy<2", True),
    KnownBreak("was removed in the NumPy 2.0 release", r"`np\.\w+` was removed in the NumPy 2\.0 release", "numpy<2"),
    KnownBreak(
        "ndarray size changed", r"numpy\.ndarray size changed, .{1,60}Expected 88 .{1,40}got 80", "numpy>=1.20", True
    ),
    KnownBreak(
        "ndarray size changed", r"numpy\.ndarray size changed, .{1,60}Expected 96 .{1,40}got 88", "numpy>=1.22", True
    ),
    # numpy/_core/code_generators/cversions.txt: which release has which version of the interface.
    KnownBreak("against API version", r"API version 0xe but this version of numpy is", "numpy>=1.20", True),
    KnownBreak("against API version", r"API version 0xf but this version of numpy is", "numpy>=1.22", True),
    KnownBreak("against API version", r"API version 0x10 but this version of numpy is", "numpy>=1.23", True),
    KnownBreak("against API version", r"API version 0x11 but this version of numpy is", "numpy>=1.25", True),
    KnownBreak("against API version", r"API version 0x12 but this version of numpy is", "numpy>=2", True),
    _attribute("bool|int|float|object|str|complex|long|unicode|typeDict", "module 'numpy'", "numpy<1.24"),
    _attribute("Int64Index|UInt64Index|Float64Index", "module 'pandas'", "pandas<2"),
    _attribute("append|iteritems", "'DataFrame' object", "pandas<2"),
    _attribute("append|iteritems", "'Series' object", "pandas<2"),
    _import("Int64Index|UInt64Index|Float64Index", "pandas", "pandas<2"),
    KnownBreak("pandas.core.indexes.numeric", r"No module named 'pandas\.core\.indexes\.numeric'", "pandas<2", True),
    _import("tri|tril|triu", "scipy.linalg", "scipy<1.13"),
    _import("simps|trapz|cumtrapz", "scipy.integrate", "scipy<1.14"),
    _import("gaussian|hann|hamming|blackman|kaiser", "scipy.signal", "scipy<1.13"),
    # Pallets
    _import(
        "url_quote|url_quote_plus|url_unquote|url_encode|url_decode|url_parse|url_join", "werkzeug.urls", "werkzeug<3"
    ),
    _import("safe_str_cmp", "werkzeug.security", "werkzeug<2.1"),
    _import("BaseResponse|BaseRequest", "werkzeug.wrappers", "werkzeug<2.1"),
    _import("cached_property|secure_filename|FileStorage", "werkzeug", "werkzeug<1"),
    _attribute("__version__", "module 'werkzeug'", "werkzeug<3.1"),
    _import("soft_unicode", "markupsafe", "markupsafe<2.1"),
    _import(
        "escape|Markup|contextfilter|contextfunction|evalcontextfilter|environmentfilter|environmentfunction",
        "jinja2",
        "jinja2<3.1",
    ),
    _import("json|TimedJSONWebSignatureSerializer|JSONWebSignatureSerializer", "itsdangerous", "itsdangerous<2.1"),
    _import("_app_ctx_stack|_request_ctx_stack", "flask", "flask<2.3"),
    _import("escape|Markup", "flask", "flask<3"),
    _import("JSONEncoder|JSONDecoder", "flask.json", "flask<2.3"),
    _import("_unicodefun|get_os_args", "click", "click<8.1"),
    _import("_bashcomplete", "click", "click<8"),
    # The network
    _import("DEFAULT_CIPHERS", "urllib3.util.ssl_", "urllib3<2"),
    _import("appengine", "requests.packages.urllib3.contrib", "urllib3<2"),
    _import("appengine", "urllib3.contrib", "urllib3<2"),
    KnownBreak("urllib3 v2", r"urllib3 v2(?:\.0)? only supports OpenSSL 1\.1\.1\+", "urllib3<2", True),
    KnownBreak("method_whitelist", r"unexpected keyword argument 'method_whitelist'", "urllib3<2"),
    KnownBreak(
        "argument 'proxies'", r"Client\.__init__\(\) got an unexpected keyword argument 'proxies'", "httpx<0.28"
    ),
    KnownBreak("argument 'app'", r"Client\.__init__\(\) got an unexpected keyword argument 'app'", "httpx<0.28"),
    KnownBreak("'lib' has no attribute", r"module 'lib' has no attribute '\w+'", "pyopenssl>=23.2", True),
    KnownBreak("cannot be longer than 72 bytes", r"password cannot be longer than 72 bytes", "bcrypt<5"),
    # Data and schemas
    KnownBreak(
        "`BaseSettings` has been moved", r"`BaseSettings` has been moved to the `pydantic-settings`", "pydantic<2"
    ),
    # In the project's own code its settings have gone to another distribution, which is what the import is to name.
    KnownBreak("`BaseSettings` has been moved", r"`BaseSettings` has been moved to the", "pydantic-settings", own=True),
    KnownBreak("is removed. use `pattern`", r"`regex` is removed\. use `pattern` instead", "pydantic<2"),
    _import("ModelMetaclass", "pydantic.main", "pydantic<2"),
    _import("field_validator|model_validator|TypeAdapter|field_serializer", "pydantic", "pydantic>=2", everywhere=True),
    KnownBreak("Descriptors cannot", r"Descriptors cannot (?:not )?be created directly", "protobuf<3.21", True),
    _import("builder", "google.protobuf.internal", "protobuf>=3.20", everywhere=True),
    _import("runtime_version", "google.protobuf", "protobuf>=5.26", everywhere=True),
    _attribute("__version_info__", "module 'marshmallow'", "marshmallow<4"),
    _attribute("__all__", "module 'sqlalchemy'", "sqlalchemy<2"),
    # Packaging and models
    _attribute("get", "'EntryPoints' object", "importlib-metadata<5"),
    _import("packaging", "pkg_resources", "setuptools<70"),
    # setuptools 82 came without it.
    KnownBreak("'pkg_resources'", r"No module named 'pkg_resources'", "setuptools<82", True),
    KnownBreak("vine.five", r"No module named 'vine\.five'", "vine<5", True),
    _import("cached_download", "huggingface_hub", "huggingface-hub<0.26"),
    _import("HfFolder", "huggingface_hub", "huggingface-hub<1"),
    KnownBreak("no longer supported in openai>=1.0.0", r"no longer supported in openai>=1\.0\.0", "openai<1", True),
    *(
        _import(names, "typing_extensions", f"typing-extensions>={since}", everywhere=True)
        for since, names in _TYPING.items()
    ),
)

_KNOWN = 95  # a module that has gone is not one that was never there
_NEAR = 4000
_FRAME = re.compile(r"(?:File \"|^(?:E +)?)(?P<path>[^\s\"]{1,400}?\.pyx?)(?:\", line \d|:\d+: in )", re.MULTILINE)
_INSTALLED = ("site-packages/", "dist-packages/", "/nix/store/")
_NAME = r"[A-Za-z0-9](?:[\w.-]{0,60}[A-Za-z0-9])?"
_RANGE = r"[^\s,;()\[\]'\"]{1,40}(?:, ?[<>=!~][^\s,;()\[\]'\"]{1,40}){0,5}"


def is_in_library(match: re.Match[str], text: str, distribution: str) -> bool:
    """Return whether the frame that fails is a library's, and not the project's own.

    distribution: the one that changed; its own frames are passed over, for it says so itself.
    """
    sentence = match[0].split("\n", 1)[0]
    end = text.rfind(sentence)
    frames = [found["path"] for found in _FRAME.finditer(text[max(0, end - _NEAR) : max(0, end)])]
    # pydantic says what has gone to pydantic-settings.
    own = distribution.removesuffix("-settings").replace("-", "_")
    others = [path for path in frames if f"/{own}/" not in path and not path.startswith("<")]
    return bool(others) and any(place in others[-1] for place in _INSTALLED)


def _is_where(match: re.Match[str], text: str, distribution: str, *, own: bool) -> bool:
    return is_in_library(match, text, distribution) is not own


def _phrase(number: int, row: KnownBreak) -> Phrase:
    return Phrase(
        f"break.{number}.{row.requirement}",
        "conflict",
        row.hint,
        row.pattern,
        weight=_KNOWN,
        subject=row.distribution,
        facts={"requirement": row.requirement},
        judge=None if row.everywhere else partial(_is_where, distribution=row.distribution, own=row.own),
    )


def _is_conflict(match: re.Match[str], text: str) -> bool:
    """Return whether a resolver speaks of versions, and not of a name, a Python or a network that is not there."""
    del text
    return not re.search(
        r"requested Python version|was not found in the package registry|not found in the cache|no wheels with a"
        r"|network|offline|Failed to fetch|depends on Python|requires-python",
        match.string,
    )


PHRASES = (
    *(_phrase(number, row) for number, row in enumerate(BREAKS)),
    # uv, crates/uv-resolver/src/pubgrub/report.rs
    Phrase(
        "uv.resolution",
        "conflict",
        "No solution found when resolving",
        rf"No solution found when resolving[^\n]*(?:\n[^\n]*){{0,2}}?Because (?:there (?:is|are) no versions? of )?(?P<subject>{_NAME})",
        lines=14,
        weight=55,
        judge=_is_conflict,
    ),
    # pip, src/pip/_internal/resolution/resolvelib/factory.py
    Phrase(
        "pip.resolution",
        "conflict",
        "because these package versions have conflicting dependencies",
        rf"conflicting dependencies[^\n]*(?:\n[^\n]*){{0,5}}?\n *(?:The user requested (?:\(constraint\) )?|{_NAME}[^\n]{{0,60}} depends on )(?P<subject>{_NAME})",
        lines=10,
        weight=75,
    ),
    # pip, src/pip/_internal/commands/install.py: what is left of an environment that is not what its parts want.
    Phrase(
        "pip.installed",
        "conflict",
        "but you",
        rf"(?P<holder>{_NAME}) \S{{1,40}} (?:has requirement|requires) (?P<requirement>(?P<subject>{_NAME})(?:\[[\w,.-]{{1,60}}\])?[<>=!~]{_RANGE}),"
        r" but you(?:'ll| will)? have \S{1,80} (?P<present>\S{1,40})",
        weight=72,
    ),
    # setuptools, pkg_resources/__init__.py
    Phrase(
        "pkg_resources.conflict",
        "conflict",
        "VersionConflict",
        rf"VersionConflict: \((?P<has>[^()\n]{{1,200}}?)(?: \([^()\n]{{1,300}}\))?, Requirement\.parse\('(?P<requirement>(?P<subject>{_NAME})[<>=!~]{_RANGE})'\)",
        weight=80,
    ),
    # transformers, src/transformers/utils/versions.py
    Phrase(
        "transformers.versions",
        "conflict",
        "is required for a normal functioning of this module",
        rf"(?P<requirement>(?P<subject>{_NAME})[<>=!~]{_RANGE}) is required for a normal functioning of this module, but found",
        weight=85,
    ),
    # numba/__init__.py, _ensure_critical_deps
    Phrase(
        "numba.numpy",
        "conflict",
        "Numba needs NumPy",
        r"Numba needs NumPy (?P<newest>\d+\.\d+) or less",
        weight=85,
        subject="numpy",
    ),
    # Poetry's solver (mixology/failure.py) ends with this; what it is about stands above.
    Phrase(
        "poetry.resolution",
        "conflict",
        "version solving failed",
        rf"(?:depends on|requires|match) (?P<subject>{_NAME}) \([^()\n]{{1,80}}\)[^\n]{{0,400}}version solving failed",
        before=3,
        weight=55,
    ),
    # What a library no longer has, where no row knows since when.
    Phrase(
        "python.moved",
        "conflict",
        "cannot import name",
        r"ImportError: cannot import name '\w{1,80}' from '(?P<subject>\w{1,80})[\w.]{0,200}' \([^)\n]{1,300}(?:site|dist)-packages/",
        weight=52,
        judge=lambda match, text: is_in_library(match, text, match["subject"]),
    ),
)
