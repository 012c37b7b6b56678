"""Builds of the JVM: Maven's pom.xml, Gradle's scripts and its wrapper, sbt."""

from __future__ import annotations

import itertools
import posixpath
import re
from typing import TYPE_CHECKING, Any

from devkeel.detection.readers.xml_elements import elements

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from devkeel.detection.evidence import Certainty, Clue
    from devkeel.detection.readers.xml_elements import XmlElement
    from devkeel.detection.repository import RepositoryFile

__all__ = ["JvmBuilds"]

_GRADLE = frozenset({"build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts"})
_SBT = frozenset({"build.sbt", "build.properties"})
# Maven: properties that say which Java compiles (maven-compiler-plugin, Spring Boot's parent), the strongest first; the
# last two name a level of the language, which each newer compiler knows as well.
_JAVA = ("java.version", "maven.compiler.release", "maven.compiler.source", "maven.compiler.target")
_LEVELS = frozenset(_JAVA[2:])
# Gradle, "Toolchains for JVM projects"; Kotlin's `jvmToolchain`; `sourceCompatibility` of the Java plugin.
_TOOLCHAIN = re.compile(r"JavaLanguageVersion\.of\(\s*[\"']?(\d+)|jvmToolchain\(\s*(\d+)")
_LEVEL = re.compile(r"(?:source|target)Compatibility\s*=?\s*(?:JavaVersion\.VERSION_|[\"']?)(?:1[._])?(\d+)")
_KOTLIN = re.compile(r"kotlin\(\s*[\"'](?:jvm|multiplatform|android)|org\.jetbrains\.kotlin\b|kotlin-gradle-plugin")
_COMMENT = re.compile(r"//.*|/\*.*?\*/")


class JvmBuilds:
    """Reads what builds Java, Kotlin and Scala."""

    def matches(self, name: str) -> bool:
        """Return whether a file is one of theirs, by its path."""
        base = posixpath.basename(name)
        # The Android part of an application that Flutter, React Native or Capacitor makes: its SDK is what it needs.
        if "android" in name.split("/")[:-1]:
            return False
        if base == "build.properties":
            return posixpath.basename(posixpath.dirname(name)) == "project"  # sbt's
        return base in _GRADLE or base in _SBT or base == "pom.xml"

    def read(self, file: RepositoryFile) -> Iterable[Clue]:
        """Yield the language with its version and what builds it."""
        base = posixpath.basename(file.name)
        if base == "pom.xml":
            return _maven(file)
        return _sbt(file) if base in _SBT else _gradle(file, base)


def _java(file: RepositoryFile, line: int | None, certainty: Certainty, why: str, **more: Any) -> Clue:  # noqa: ANN401
    return file.clue("language", "java", line, certainty, why, **more)


def _maven(file: RepositoryFile) -> Iterator[Clue]:
    found = elements(file.data)
    properties = {
        item.name: (item.text.strip(), item.line) for item in found if item.is_at("project", "properties", item.name)
    }
    release = next((item for item in found if item.name == "release" and _of_configuration(item)), None)
    named = next((name for name in _JAVA if properties.get(name, ("",))[0][:1].isdigit()), None)
    own = properties[named] if named is not None else None
    if own is None and release is not None and release.text.strip().isdigit():
        own = release.text.strip(), release.line
    line = next((item.line for item in found if item.is_at("project")), 1)
    wrapped = file.beside("mvnw") is not None
    why = "Maven builds it" + (", by the wrapper that is beside it" if wrapped else "")
    yield _java(file, line, "certain", why, options={"maven.enable": True})
    if own is not None:
        version = own[0].removeprefix("1.")
        asked = f">={version}" if named in _LEVELS else version
        yield _java(file, own[1], "likely", f"it is compiled for Java {version}", version=asked)
    kotlin = next((item for item in found if item.text.strip() == "org.jetbrains.kotlin"), None)
    if kotlin is not None:
        yield file.clue("language", "kotlin", kotlin.line, "certain", "Kotlin's plugin compiles it")
    if not file.nested:
        command = "./mvnw test" if wrapped else "mvn test"
        yield file.clue("test", "maven", line, "possible", "Maven runs the tests", value=command)


def _of_configuration(item: XmlElement) -> bool:
    return item.within is not None and item.within.name == "configuration"


def _gradle(file: RepositoryFile, base: str) -> Iterator[Clue]:
    kept = [_COMMENT.sub("", line) for line in file.lines]
    wrapped = file.beside("gradlew") is not None
    yield _java(file, None, "certain", "Gradle builds it", options={} if wrapped else {"gradle.enable": True})
    if not base.startswith("build."):
        return
    for pattern, least in ((_TOOLCHAIN, ""), (_LEVEL, ">=")):
        matches = ((at, found) for at, line in enumerate(kept, 1) if (found := pattern.search(line)))
        for number, found in itertools.islice(matches, 1):
            version = next(group for group in found.groups() if group)
            yield _java(file, number, "likely", f"it is compiled for Java {version}", version=f"{least}{version}")
    kotlin = next((at for at, line in enumerate(kept, 1) if _KOTLIN.search(line)), None)
    if kotlin is not None:
        yield file.clue("language", "kotlin", kotlin, "certain", "Kotlin's plugin compiles it")


def _sbt(file: RepositoryFile) -> Iterator[Clue]:
    yield file.clue("language", "scala", None, "certain", "sbt builds it", options={"sbt.enable": True})
