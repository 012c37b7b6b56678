"""What the JVM, its compilers and its build tools print where another JDK is needed, or none is there.

The facts of a version: `class` or `class_wrong`, the version of a class file, which is that of the JDK and 44; `since`,
the JDK that is needed at least; `exact`, the one that is asked for; `below`, the first one that is too new.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from devkeel.diagnosis.phrase import Phrase

if TYPE_CHECKING:
    import re

__all__ = ["PHRASES"]

_JDK = r"(?:1\.)?\d{1,2}"


def _tool_is_old(match: re.Match[str], text: str) -> bool:  # noqa: ARG001  (as a phrase wants it)
    return int(match["class_below"]) > 52  # noqa: PLR2004  (of Java 8, which every tool reads)


PHRASES = (
    # java.lang.UnsupportedClassVersionError; HotSpot, classFileParser.cpp
    Phrase(
        "java.class_version",
        "version",
        "class file version",
        r"\(class file version (?P<class>\d{2})\.\d{1,5}\)(?:[^\n]{0,120}up to (?P<class_have>\d{2})\.)?",
        subject="java",
        weight=90,
    ),
    Phrase(
        "java.unsupported",
        "version",
        "Unsupported major.minor version",
        r"Unsupported major\.minor version (?P<class>\d{2})\.\d",
        subject="java",
        weight=90,
    ),
    Phrase(
        "javac.class_version",
        "version",
        "class file has wrong version",
        r"class file has wrong version (?P<class>\d{2})\.\d, should be (?P<class_have>\d{2})\.\d",
        subject="java",
        weight=90,
    ),
    Phrase(
        "javac.release",
        "version",
        "not supported",
        rf"release version (?P<since>{_JDK}) not supported",
        subject="java",
        weight=90,
    ),
    Phrase(
        "javac.target",
        "version",
        "invalid ",
        rf"invalid (?:target|source) release: (?P<since>{_JDK})",
        subject="java",
        weight=90,
    ),
    Phrase(
        "kotlinc.target",
        "version",
        "nknown JVM target",
        rf"nknown (?:Kotlin )?JVM target(?: version)?: (?P<since>{_JDK})",
        subject="java",
        weight=85,
    ),
    # Gradle: toolchains, variants and what it runs on; the Android plugin
    Phrase(
        "gradle.toolchain",
        "version",
        "languageVersion=",
        rf"\{{languageVersion=(?P<exact>{_JDK})\b",
        subject="java",
        weight=90,
    ),
    Phrase(
        "gradle.dependency",
        "version",
        "JVM runtime version",
        rf"requires at least JVM runtime version (?P<since>{_JDK})(?:\. This build uses a Java (?P<have>{_JDK}) JVM)?",
        subject="java",
        weight=90,
    ),
    Phrase(
        "gradle.compatible",
        "version",
        "compatible with Java",
        rf"compatible with Java (?P<since>{_JDK})[^\n]{{0,300}}compatible with Java (?P<have>{_JDK})",
        subject="java",
        weight=85,
    ),
    Phrase(
        "gradle.requires",
        "version",
        "Gradle requires JVM",
        rf"Gradle requires JVM (?P<since>{_JDK}) or later to run[^\n]{{0,80}}?(?:JVM (?P<have>{_JDK}))?\.?$",
        subject="java",
        weight=90,
    ),
    Phrase(
        "android.java",
        "version",
        "to run. You are currently using Java",
        rf"requires Java (?P<since>{_JDK}) to run\. You are currently using Java (?P<have>{_JDK})",
        subject="java",
        weight=90,
    ),
    Phrase(
        "gradle.class_version",
        "version",
        "Unsupported class file major version",
        r"Unsupported class file major version (?P<class_below>\d{2})",
        subject="java",
        weight=88,
        judge=_tool_is_old,
    ),
    Phrase(
        "gradle.determine",
        "version",
        "Could not determine java version from",
        rf"Could not determine java version from '(?P<below>{_JDK})",
        subject="java",
        weight=88,
    ),
    # Maven's enforcer, and plugins that say what they need
    Phrase(
        "maven.enforcer",
        "version",
        "is not in the allowed range",
        rf"(?:Detected )?JDK (?:V|v)ersion:? (?P<have>{_JDK})[^\n]{{0,200}}is not in the allowed range \[?"
        rf"(?P<since>{_JDK})",
        subject="java",
        weight=90,
    ),
    Phrase(
        "java.or_later",
        "version",
        "Java",
        rf"(?:requires?|needs?)(?: at least)? (?:Java|JDK|JRE)(?: version)? ?(?:>= ?)?(?P<since>{_JDK})(?:[. ]|\+|$)",
        subject="java",
        weight=80,
    ),
    Phrase(
        "java.is_required",
        "version",
        "is required",
        rf"(?:Java|JDK) (?P<since>{_JDK})(?:\+| or (?:later|newer|higher|above|greater))? is required",
        subject="java",
        weight=80,
    ),
    # None at all: mvn, gradlew, Apple's stub, Android's tools
    Phrase(
        "java.home",
        "program",
        "JAVA_HOME",
        r"JAVA_HOME (?:is not set|environment variable is not (?:defined|set)|not (?:found|set|defined))"
        r"|JAVA_HOME should point to a JDK",
        subject="java",
        weight=85,
        judge=lambda _, text: "JAVA_HOME is set to an invalid directory" not in text,
    ),
    Phrase(
        "java.runtime",
        "program",
        "Unable to locate a Java Runtime",
        r"Unable to locate a Java Runtime",
        subject="java",
        weight=85,
    ),
    Phrase(
        "java.home_invalid",
        "program",
        "invalid directory",
        r"JAVA_HOME is set to an invalid directory",
        subject="java",
        weight=85,
    ),
    Phrase(
        "maven.compiler",
        "program",
        "No compiler is provided in this environment",
        r"No compiler is provided in this environment",
        subject="javac",
        weight=90,
    ),
)
