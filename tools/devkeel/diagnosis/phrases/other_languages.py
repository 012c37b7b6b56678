"""What PHP, Perl, R, TeX, .NET, Elixir, Lua and OCaml print where a part of theirs, or another version, is missing."""

from __future__ import annotations

from types import MappingProxyType

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

_VERSION = r"\d{1,2}(?:\.\d{1,3}){0,3}"
_RANGE = r"[\d.,<>=!~^*|x -]{1,60}"
_NO_EXTENSIONS = frozenset(
    {
        *("php", "is", "not", "for", "to", "with", "the", "a", "of", "be", "extension", "requested", "required"),
        *("following", "missing", "needed", "native", "optional", "pecl", "this", "that", "which", "named", "called"),
    }
)
# Functions and classes of PHP by their extension (php.net, "Function Reference").
_FUNCTIONS = (
    ("mbstring", r"mb_\w{2,30}"),
    ("curl", r"curl_\w{2,30}"),
    (
        "gd",
        r"image(?:create|jpeg|png|gif|webp|copy|destroy|colorallocate|ttftext|sx|sy)\w{0,30}|gd_info",
    ),
    ("intl", r"(?:intl|idn|normalizer|locale|numfmt|datefmt|collator|grapheme|transliterator)_\w{2,40}"),
    ("bcmath", r"bc(?:add|sub|mul|div|mod|pow|sqrt|comp|scale|powmod)"),
    ("gmp", r"gmp_\w{2,30}"),
    ("soap", r"is_soap_fault|use_soap_error_handler"),
    ("ldap", r"ldap_\w{2,40}"),
    ("imap", r"imap_\w{2,40}"),
    ("pgsql", r"pg_\w{2,40}"),
    ("mysqli", r"mysqli_\w{2,40}"),
    ("pcntl", r"pcntl_\w{2,40}"),
    ("posix", r"posix_\w{2,40}"),
    ("sockets", r"socket_\w{2,40}"),
    ("exif", r"exif_\w{2,40}"),
    ("ftp", r"ftp_\w{2,40}"),
    ("gettext", r"(?:bind|d|n|dn|dc)?(?:gettext|textdomain)"),
    ("zip", r"zip_\w{2,30}"),
    ("simplexml", r"simplexml_\w{2,30}"),
    ("xml", r"xml_parser_\w{2,30}|utf8_(?:en|de)code"),
    ("calendar", r"cal_\w{2,30}|easter_\w{2,20}|jdto\w{2,20}|gregoriantojd"),
    ("apcu", r"apcu_\w{2,30}"),
    ("igbinary", r"igbinary_\w{2,30}"),
    ("sodium", r"sodium_\w{2,60}"),
    ("yaml", r"yaml_\w{2,30}"),
    ("ssh2", r"ssh2_\w{2,30}"),
    ("iconv", r"iconv\w{0,30}"),
    ("openssl", r"openssl_\w{2,40}"),
    ("ctype", r"ctype_\w{2,20}"),
    ("tokenizer", r"token_\w{2,20}"),
    ("uuid", r"uuid_\w{2,30}"),
    ("rdkafka", r"rd_kafka_\w{2,30}"),
)
_CLASSES = (
    ("redis", "Redis|RedisCluster"),
    ("imagick", "Imagick|ImagickPixel|ImagickDraw"),
    ("gmagick", "Gmagick"),
    ("memcached", "Memcached"),
    ("memcache", "Memcache"),
    (
        "intl",
        "NumberFormatter|IntlDateFormatter|Collator|Normalizer|Locale|MessageFormatter|Transliterator|IntlCalendar",
    ),
    ("zip", "ZipArchive"),
    ("soap", "SoapClient|SoapServer|SoapFault"),
    ("pdo", "PDO"),
    ("mongodb", r"MongoDB\\\\?Driver\\\\?\w{1,30}"),
    ("amqp", "AMQPConnection|AMQPChannel"),
    ("xsl", "XSLTProcessor"),
    ("dom", "DOMDocument|DOMXPath|DOMElement"),
    ("xmlreader", "XMLReader"),
    ("xmlwriter", "XMLWriter"),
    ("simplexml", "SimpleXMLElement"),
    ("sqlite3", "SQLite3"),
    ("mysqli", "mysqli"),
    ("gd", "GdImage"),
    ("ds", r"Ds\\\\?\w{1,30}"),
    ("grpc", r"Grpc\\\\?\w{1,40}"),
    ("swoole", r"Swoole\\\\?\w{1,40}"),
    ("rdkafka", r"RdKafka\\\\?\w{1,40}"),
    ("tidy", "tidy"),
    ("ffi", "FFI"),
    ("snmp", "SNMP"),
)

_PHP = (
    # composer, DependencyResolver/Problem.php; the platform check that it writes
    Phrase(
        "composer.extension",
        "php_extension",
        "ext-",
        r"(?:requires?|require|for|missing|[Ee]xtension)[^\n]{0,200}?\bext-(?P<subject>[a-zA-Z][\w-]{1,30})[^\n]{0,80}"
        r"(?:missing|not (?:present|installed|loaded|enabled)|required)",
        weight=90,
    ),
    Phrase(
        "composer.root_extension",
        "php_extension",
        "requires PHP extension ext-",
        r"requires PHP extension ext-(?P<subject>[a-zA-Z][\w-]{1,30})",
        weight=90,
    ),
    Phrase(
        "php.extension",
        "php_extension",
        "extension",
        r"(?:PHP extension|PHP's) [`'\"]?(?:ext-)?(?P<subject>[a-z][\w]{1,30})[`'\"]?(?: extension)?[^\n]{0,60}"
        r"(?:missing|not (?:installed|loaded|enabled|found|available)|required|must be)",
        weight=85,
        judge=lambda match, _: match["subject"] not in _NO_EXTENSIONS,
    ),
    Phrase(
        "php.extension_first",
        "php_extension",
        "extension",
        r"(?:[Tt]he |requires? (?:the )?)[`'\"]?(?:ext-)?(?P<subject>[a-z][\w]{1,30})[`'\"]? (?:PHP |php )?extension"
        r"(?! [`'\"]?[\w-]{1,30}[`'\"]? (?:is|must|was|has) )(?: for PHP)?[^\n]{0,40}(?:missing|not (?:installed|loaded|enabled|found|available)|required|to be)",
        weight=85,
        judge=lambda match, _: match["subject"] not in _NO_EXTENSIONS,
    ),
    *(
        Phrase(
            f"php.function_{name}",
            "php_extension",
            "undefined function",
            rf"undefined function (?:[\w\\]{{0,100}}\\)?(?:{functions})\(\)",
            subject=name,
            weight=90,
        )
        for name, functions in _FUNCTIONS
    ),
    *(
        Phrase(
            f"php.class_{name}",
            "php_extension",
            "not found",
            rf"Class ['\"]?(?:[\w\\]{{0,100}}\\)?(?:{classes})['\"]? not found",
            subject=name,
            weight=90,
        )
        for name, classes in _CLASSES
    ),
    *(
        Phrase(
            f"php.driver_{extension}",
            "php_extension",
            "could not find driver",
            rf"{word}",
            subject=extension,
            before=2,
            lines=5,
            weight=90,
        )
        for extension, word in (
            ("pdo_mysql", r"[Mm]y[Ss][Qq][Ll]|[Mm]aria[Dd][Bb]"),
            ("pdo_pgsql", r"pgsql|[Pp]ostgres"),
            ("pdo_sqlite", r"[Ss][Qq][Ll]ite"),
            ("pdo_sqlsrv", r"sqlsrv"),
        )
    ),
    Phrase(
        "phpunit.coverage",
        "php_extension",
        "No code coverage driver available",
        r"No code coverage driver available",
        subject="pcov",
        weight=88,
    ),
    Phrase(
        "composer.php",
        "version",
        "your php version",
        rf"requires php (?P<wanted>{_RANGE})[^\n]{{0,40}}your php version \((?P<have>{_VERSION})",
        subject="php",
        weight=90,
    ),
    Phrase(
        "composer.platform",
        "version",
        "require a PHP version",
        rf"require a PHP version \"?(?P<wanted>{_RANGE})\"?\. You are running (?P<have>{_VERSION})",
        subject="php",
        weight=90,
    ),
    Phrase(
        "php.at_least",
        "version",
        "PHP",
        rf"(?:requires?|needs?)(?: at least)? PHP (?:version )?(?P<wanted>(?:[<>=^~]{{1,2}} ?)?{_VERSION})"
        rf"(?P<newer> or (?:later|newer|higher|above)|\+)?",
        subject="php",
        weight=75,
    ),
)

_PERL_R = (
    # perl, pp_ctl.c
    Phrase(
        "perl.module",
        "perl_module",
        "Can't locate",
        r"Can't locate (?P<subject>[A-Za-z_][\w/]{0,120})\.pm in @INC",
        weight=90,
    ),
    Phrase(
        "perl.needed",
        "perl_module",
        "you may need to install the",
        r"you may need to install the (?P<subject>[A-Za-z_][\w:]{0,120}) module",
        weight=89,
        judge=lambda match, _: "Can't locate" not in match.string,
    ),
    # R, library.R and loadNamespace; the quotes are of the locale
    Phrase(
        "r.package",
        "r_package",
        "there is no package called",
        r"there is no package called [\u2018'\"`](?P<subject>[A-Za-z][A-Za-z0-9.]{1,60})[\u2019'\"`]",
        weight=90,
    ),
    Phrase(
        "r.dependencies",
        "r_package",
        "not available for package",
        r"dependenc(?:y|ies) [\u2018'](?P<subject>[A-Za-z][A-Za-z0-9.]{1,60})[\u2019'][^\n]{0,400} not available for",
        weight=85,
    ),
    Phrase(
        "r.required",
        "r_package",
        "required but not available",
        r"[Pp]ackages? required but not available: [\u2018'](?P<subject>[A-Za-z][A-Za-z0-9.]{1,60})[\u2019']",
        weight=90,
    ),
)

_TEX = (
    # latex/base, ltfiles.dtx; TeX itself; kpathsea
    Phrase(
        "latex.file",
        "tex_file",
        "' not found",
        r"File [`'](?P<subject>[\w.+-]{1,80}\.(?:sty|cls|def|ldf|clo|bst|bib|bbx|cbx|cfg|fd|tex|tikz|code\.tex"
        r"|dtx|lua|ltx|clo|cnf|mkii|lbx))' not found",
        weight=90,
    ),
    Phrase(
        "tex.file",
        "tex_file",
        "I can't find file",
        r"I can't find file [`']?(?P<subject>[\w.+-]{1,80})['`]?",
        weight=85,
    ),
    Phrase(
        "tex.metric",
        "tex_file",
        "not loadable: Metric (TFM) file",
        r"Font [^\n=]{1,80}=(?P<subject>[\w-]{1,40})(?: at [\d.]+pt)?[^\n]{0,40} not loadable: Metric \(TFM\) file",
        weight=90,
        facts=MappingProxyType({"is": "font"}),
    ),
    Phrase(
        "luatex.font",
        "tex_file",
        "cannot be found",
        r"[Tt]he font \"(?P<subject>[\w. -]{1,60})\" cannot be found",
        weight=85,
        facts=MappingProxyType({"is": "typeface"}),
    ),
    Phrase(
        "kpathsea.file",
        "tex_file",
        "kpathsea",
        r"kpathsea: Running mktex(?:tfm|pk|mf|tex) (?:--[^\n]{1,120} )?(?P<subject>[\w-]{1,40})",
        weight=70,
        facts=MappingProxyType({"is": "font"}),
    ),
    Phrase(
        "babel.language",
        "tex_file",
        "Unknown option",
        r"Package babel Error: Unknown option [`'](?P<subject>\w{2,30})'",
        weight=90,
        facts=MappingProxyType({"is": "babel"}),
    ),
    Phrase(
        "bibtex.style",
        "tex_file",
        "I couldn't open style file",
        r"I couldn't open style file (?P<subject>[\w.+-]{1,60}\.bst)",
        weight=90,
    ),
)

_LUA = (
    Phrase(
        "lua.module",
        "lua_module",
        "' not found:",
        r"module '(?P<subject>[\w.-]{1,60})' not found:",
        weight=90,
    ),
)

_DOTNET = (
    # .NET SDK, Strings.resx; the host, muxer
    Phrase(
        "dotnet.target",
        "version",
        "does not support targeting",
        r"SDK does not support targeting \.NET (?:Core )?(?P<since>\d{1,2}\.\d)",
        subject="dotnet",
        weight=90,
    ),
    Phrase(
        "dotnet.sdk",
        "version",
        "Requested SDK version",
        r"Requested SDK version: (?P<exact>\d{1,2}\.\d{1,2}\.\d{1,4})",
        subject="dotnet",
        weight=90,
    ),
    Phrase(
        "dotnet.compatible",
        "version",
        "A compatible .NET SDK was not found",
        r"[Vv]ersion:? '?(?P<exact>\d{1,2}\.\d{1,2}\.\d{1,4})",
        lines=8,
        subject="dotnet",
        weight=90,
    ),
    Phrase(
        "dotnet.framework",
        "version",
        "Framework: 'Microsoft.",
        r"Framework: 'Microsoft\.(?:NETCore|AspNetCore|WindowsDesktop)\.App',? version '(?P<runtime>\d{1,2}\.\d)",
        subject="dotnet",
        weight=90,
    ),
    Phrase(
        "dotnet.analyzer",
        "version",
        "The current .NET SDK does not support",
        r"Either target \.NET [^\n]{1,30} or lower, or use a version of the \.NET SDK that supports \.NET "
        r"(?:Core )?(?P<since>\d{1,2}\.\d)",
        subject="dotnet",
        weight=90,
    ),
    Phrase(
        "dotnet.libssl",
        "soname",
        "No usable version of libssl was found",
        r"No usable version of libssl was found",
        subject="libssl.so.3",
        weight=90,
    ),
    Phrase(
        "dotnet.icu",
        "soname",
        "valid ICU package",
        r"find a valid ICU package",
        subject="libicuuc.so",
        weight=90,
        facts=MappingProxyType({"is": "icu"}),
    ),
)

_BEAM = (
    Phrase(
        "mix.elixir",
        "version",
        "on Elixir v",
        rf"on Elixir v(?P<have>{_VERSION})[^\n]{{0,160}}supports only Elixir (?P<wanted>{_RANGE})",
        subject="elixir",
        weight=90,
    ),
    Phrase(
        "erlang.otp",
        "version",
        "OTP",
        r"(?:requires?|needs?)(?: at least)? (?:Erlang/)?OTP (?:version |release )?(?P<since>\d{2})",
        subject="erlang",
        weight=80,
    ),
    Phrase(
        "terraform.core",
        "version",
        "Unsupported Terraform Core version",
        rf"does not support Terraform version (?P<have>{_VERSION})",
        lines=12,
        subject="terraform",
        weight=60,
    ),
    Phrase(
        "cabal.ghc",
        "version",
        "requires GHC",
        rf"requires GHC (?P<wanted>{_RANGE})",
        subject="haskell",
        weight=80,
    ),
    Phrase(
        "zig.version",
        "version",
        "minimum Zig version",
        rf"minimum Zig version (?:of )?(?P<since>{_VERSION})",
        subject="zig",
        weight=85,
    ),
)

PHRASES = (*_PHP, *_PERL_R, *_TEX, *_LUA, *_DOTNET, *_BEAM)
