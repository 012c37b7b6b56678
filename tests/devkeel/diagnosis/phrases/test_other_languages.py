"""What PHP, Perl, R, TeX, .NET and Elixir print where a part of theirs, or another version, is missing."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read


@pytest.mark.parametrize(
    ("text", "kind", "subject"),
    [
        (
            (
                "    - a/b 1.0.2 requires ext-imagick * -> it is missing from your system. Install or enable "
                "PHP's imagick"
                " extension."
            ),
            "php_extension",
            "imagick",
        ),
        (
            "    - Root composer.json requires PHP extension ext-gd * but it is missing from your system.",
            "php_extension",
            "gd",
        ),
        (
            "PHP Fatal error:  Uncaught Error: Call to undefined function mb_strlen() in /w/a.php:3",
            "php_extension",
            "mbstring",
        ),
        ('PHP Fatal error:  Uncaught Error: Class "Redis" not found in /w/a.php:3', "php_extension", "redis"),
        (
            "Illuminate\\Database\\QueryException: could not find driver (Connection: mysql, SQL: select 1)",
            "php_extension",
            "pdo_mysql",
        ),
        (
            (
                "Can't locate JSON/XS.pm in @INC (you may need to install the JSON::XS module) (@INC entries "
                "checked: /etc)"
            ),
            "perl_module",
            "JSON/XS",
        ),
        ("Error in library(dplyr) : there is no package called \u2018dplyr\u2019", "r_package", "dplyr"),
        ("! LaTeX Error: File `siunitx.sty' not found.", "tex_file", "siunitx.sty"),
        ("! Package babel Error: Unknown option `ngerman'. Either you misspelled it", "tex_file", "ngerman"),
        ("! Font T1/cmr/m/n/10=ecrm1000 at 10.0pt not loadable: Metric (TFM) file not found.", "tex_file", "ecrm1000"),
        ("I couldn't open style file IEEEtran.bst", "tex_file", "IEEEtran.bst"),
        ("error NETSDK1045: The current .NET SDK does not support targeting .NET 9.0.", "version", "dotnet"),
        ("Requested SDK version: 8.0.400", "version", "dotnet"),
        ("Framework: 'Microsoft.NETCore.App', version '8.0.0' (x64)", "version", "dotnet"),
        (
            (
                "** (Mix) You're trying to run :shop on Elixir v1.15.7 but it has declared in its mix.exs "
                "file it supports"
                " only Elixir ~> 1.17"
            ),
            "version",
            "elixir",
        ),
        (
            "    - shop/core requires php ^8.3 -> your php version (8.1.2) does not satisfy that requirement.",
            "version",
            "php",
        ),
        (
            (
                'Composer detected issues in your platform: Your Composer dependencies require a PHP version ">= '
                '8.2.0". You'
                " are running 8.1.2."
            ),
            "version",
            "php",
        ),
    ],
)
def test_what_is_missing_is_named(text: str, kind: str, subject: str) -> None:
    cause = next(item for item in read(text).causes if item.kind == kind)
    assert cause.subject == subject


@pytest.mark.parametrize(
    "text",
    [
        "PHP Fatal error:  Uncaught Error: Call to undefined function basket_total() in /w/a.php:3",
        'PHP Fatal error:  Uncaught Error: Class "App\\Models\\Basket" not found in /w/a.php:3',
        "SQLSTATE[HY000] [1045] Access denied for user 'shop'@'localhost'",
        "! Undefined control sequence.\nl.12 \\baskett",
        "Error in f() : object 'x' not found",
    ],
)
def test_an_error_of_the_code_is_no_cause(text: str) -> None:
    assert [item for item in read(text).causes if item.kind != "code"] == []
