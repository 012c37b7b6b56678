"""What is printed where a shared library is not there when a program starts or loads it."""

from __future__ import annotations

import re

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

_SONAME = r"(?P<subject>(?:lib)?[\w+][\w.+-]{0,80}\.so(?:\.\d+){0,4})"
_OWN = frozenset({"libc.so.6", "libm.so.6", "libdl.so.2", "libpthread.so.0", "ld-linux-x86-64.so.2"})


def _is_no_c_library(match: re.Match[str], _text: str) -> bool:
    return match["subject"] not in _OWN


def _row(name: str, hint: str, pattern: str, weight: int = 90, **other: object) -> Phrase:
    return Phrase(name, "soname", hint, pattern, weight=weight, judge=_is_no_c_library, **other)  # type: ignore[arg-type]


def _words(name: str, hint: str, library: str, pattern: str = "", weight: int = 86) -> Phrase:
    """A sentence of a binding that looks for its library itself."""
    return Phrase(name, "soname", hint, pattern or re.escape(hint), weight=weight, subject=library)


PHRASES = (
    # glibc's elf/dl-load.c: of a program, of dlopen in any language; musl's ldso; what Chromium's hosts list.
    _row(
        "glibc.soname",
        "cannot open shared object file",
        rf"(?:^|[\s:/'\"(\[]){_SONAME}: cannot open shared object file",
    ),
    _row("musl.soname", "Error loading shared library", rf"Error loading shared library (?:[\w./-]*/)?{_SONAME}:"),
    _row("playwright.soname", ".so", rf"^[ \t]*║[ \t]+{_SONAME}[ \t]*║?[ \t]*$", 84),
    _row("dyld.soname", "Library not loaded", r"Library not loaded: (?:[\w@./+-]*/)?(?P<subject>lib[\w+.-]+)\.dylib"),
    _row("ldd.soname", "=> not found", rf"^\s{{0,8}}{_SONAME} => not found", 80),
    # libffi's bindings: Ruby's ffi, Python's cffi and ctypes, JNA, .NET.
    _row("cffi.library", "cannot load library", r"cannot load library '(?:[\w./-]*/)?(?P<subject>[\w+.-]+)'"),
    _row("cairocffi.library", "no library called", r"no library called \"(?P<subject>[\w+.-]+)\" was found", 91),
    _row("ffi.library", "Could not open library", r"Could not open library '(?:[\w./-]*/)?(?P<subject>[\w+.-]+)'"),
    _row("jna.library", "Unable to load library", r"Unable to load library '(?P<subject>[\w+.-]+)'"),
    _row("dotnet.library", "Unable to load shared library", r"Unable to load shared library '(?P<subject>[\w+.-]+)'"),
    _row("java.library", "in java.library.path", r"\bno (?P<subject>[\w+.-]+) in java\.library\.path"),
    # The C++ library of a newer compiler than the one in use.
    Phrase(
        "loader.cxx",
        "soname",
        "version `",
        r"version [`'](?P<version>(?:GLIBCXX|CXXABI)_[\d.]+)' not found",
        weight=88,
        subject="libstdc++.so.6",
    ),
    # Words of bindings and of those that look for a library themselves.
    _words("magic.library", "failed to find libmagic", "libmagic.so.1"),
    _words("portaudio.library", "PortAudio library not found", "libportaudio.so.2"),
    _words("sndfile.library", "sndfile library not found", "libsndfile.so.1"),
    _words("zbar.library", "Unable to find zbar shared library", "libzbar.so.0"),
    _words("enchant.library", "nchant' C library was not found", "libenchant-2.so.2"),
    _words("enchant.library_old", "he 'enchant' C library", "libenchant-2.so.2"),
    _words("wand.library", "MagickWand shared library not found", "libMagickWand-7.Q16HDRI.so.10"),
    _words("gdal.library", "Could not find the GDAL library", "libgdal.so"),
    _words("geos.library", "Could not find the GEOS library", "libgeos_c.so.1"),
    _words("geos.library_old", "Could not find library geos_c", "libgeos_c.so.1"),
    _words(
        "spatialindex.library",
        "libspatialindex",
        "libspatialindex_c.so",
        r"(?:[Cc]ould not|[Cc]annot|[Uu]nable to) (?:find|load|open)[^\n]{0,60}libspatialindex",
    ),
    _words("usb.library", "NoBackendError", "libusb-1.0.so.0", r"NoBackendError: No backend available"),
    _words(
        "hidapi.library",
        "hidapi",
        "libhidapi-hidraw.so.0",
        r"Unable to load any of the following libraries:\s*libhidapi",
    ),
    _words("vlc.library", "libvlc", "libvlc.so.5", r"no function 'libvlc_new'|Cannot find libvlc"),
    _words(
        "pcap.library",
        "libpcap",
        "libpcap.so.1",
        r"(?:[Cc]annot|[Cc]ould not|[Nn]o) (?:find |load |import )?(?:the )?libpcap(?: (?:is )?(?:not )?(?:available|found)| library| provider)?",
    ),
    _words(
        "sodium.library",
        "libsodium",
        "libsodium.so.26",
        r"(?:[Uu]nable to find|[Cc]ould not (?:find|locate|load)|[Cc]annot find) (?:native )?libsodium",
    ),
    _words("opus.library", "OpusNotLoaded", "libopus.so.0"),
    _words("clang.library", "Unable to find libclang", "libclang.so"),
    _words("clang.library_python", "To provide a path to libclang", "libclang.so"),
    _words("icu.library", "Couldn't find a valid ICU package", "libicuuc.so"),
    _words(
        "secp256k1.library",
        "libsecp256k1",
        "libsecp256k1.so.6",
        r"(?:[Ff]ailed to load|[Cc]ould not (?:find|load)|not found)[^\n]{0,40}libsecp256k1",
    ),
    _words("pq.library", "libpq library not found", "libpq.so.5", weight=91),
    _words("dotnet.ssl", "No usable version of libssl was found", "libssl.so.3"),
    _words("qt.cursor", "libxcb-cursor0 is needed", "libxcb-cursor.so.0"),
    _words("gl.library", "Unable to find an OpenGL or GL library", "libGL.so.1"),
    _words("gl.library_load", "Unable to load OpenGL library", "libGL.so.1"),
    _words("egl.library", "Unable to load EGL library", "libEGL.so.1"),
    _words("glfw.library", "Failed to load GLFW3 shared library", "libglfw.so.3"),
    _words(
        "discid.library",
        "libdiscid",
        "libdiscid.so.0",
        r"(?:[Cc]ould not (?:find|load)|cannot open)[^\n]{0,20}libdiscid",
    ),
    _words("fluidsynth.library", "Couldn't find the FluidSynth library", "libfluidsynth.so.3"),
    _words("sdl.library", "could not find any library for SDL2", "libSDL2-2.0.so.0"),
    _words(
        "postal.library",
        "libpostal",
        "libpostal.so.1",
        r"(?:[Cc]ould not (?:find|load)|[Cc]annot (?:find|load)) libpostal",
    ),
    _words(
        "krb5.library",
        "libgssapi_krb5",
        "libgssapi_krb5.so.2",
        r"(?:[Cc]annot|[Cc]ould not|[Uu]nable to) (?:find|load)[^\n]{0,40}libgssapi_krb5",
    ),
)
