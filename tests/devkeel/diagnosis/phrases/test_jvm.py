"""What the JVM, its compilers and its build tools print where another JDK is needed, or none is there."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (
            (
                "java.lang.UnsupportedClassVersionError: a/Main has been compiled by a more recent version of the Java"
                " Runtime (class file version 65.0), this version of the Java Runtime only recognizes class file "
                "versions up"
                " to 61.0"
            ),
            {"class": "65", "class_have": "61"},
        ),
        ("error: release version 21 not supported", {"since": "21"}),
        ("[ERROR] Fatal error compiling: invalid target release: 17 -> [Help 1]", {"since": "17"}),
        (
            "   > No matching toolchains found for requested specification: {languageVersion=17, vendor=any",
            {"exact": "17"},
        ),
        (
            "> Dependency requires at least JVM runtime version 17. This build uses a Java 11 JVM.",
            {"since": "17", "have": "11"},
        ),
        (
            "Gradle requires JVM 17 or later to run. Your build is currently configured to use JVM 11.",
            {"since": "17", "have": "11"},
        ),
        (
            "Android Gradle plugin requires Java 17 to run. You are currently using Java 11.",
            {"since": "17", "have": "11"},
        ),
        (
            "> BUG! exception in phase 'semantic analysis': Unsupported class file major version 65",
            {"class_below": "65"},
        ),
        (
            (
                "Rule 0: RequireJavaVersion failed with message:\nDetected JDK version 11.0.20 is not in the "
                "allowed range"
                " [17,)."
            ),
            {"since": "17"},
        ),
        ("bad class file: class file has wrong version 61.0, should be 55.0", {"class": "61", "class_have": "55"}),
    ],
)
def test_which_jdk_is_asked_for_is_read(text: str, facts: dict[str, str]) -> None:
    cause = next(item for item in read(text).causes if item.kind == "version")
    assert cause.subject == "java"
    assert facts.items() <= cause.facts.items()


@pytest.mark.parametrize(
    "text",
    [
        "ERROR: JAVA_HOME is not set and no 'java' command could be found in your PATH.",
        "The JAVA_HOME environment variable is not defined correctly,",
        "Error: JAVA_HOME is not defined correctly.\n  JAVA_HOME not found",
        "The operation couldn't be completed. Unable to locate a Java Runtime.",
        "ERROR: JAVA_HOME is set to an invalid directory: /usr/lib/jvm/none",
    ],
)
def test_no_java_is_a_missing_program(text: str) -> None:
    first = read(text).causes[0]
    assert (first.kind, first.subject) == ("program", "java")
