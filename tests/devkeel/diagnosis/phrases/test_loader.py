"""A shared library that is not there when it is loaded."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read

GONE = "cannot open shared object file: No such file or directory"
SAID = [
    (f"./app: error while loading shared libraries: libz.so.1: {GONE}", "libz.so.1"),
    (f"ImportError: libGL.so.1: {GONE}", "libGL.so.1"),
    (f"Original error was: libstdc++.so.6: {GONE}", "libstdc++.so.6"),
    (f"OSError: libsndfile.so: {GONE}", "libsndfile.so"),
    (f"OSError: cannot load library 'libvips.so.42': libvips.so.42: {GONE}", "libvips.so.42"),
    (
        f"Error: libatk-1.0.so.0: {GONE}\n    at Object..node (node:internal/modules/cjs/loader:1460:18)",
        "libatk-1.0.so.0",
    ),
    (f"java.lang.UnsatisfiedLinkError: /jdk/lib/libfontmanager.so: libfreetype.so.6: {GONE}", "libfreetype.so.6"),
    (f'DlOpen {{ desc: "libxkbcommon-x11.so: {GONE}" }}', "libxkbcommon-x11.so"),
    (f"/w/chrome: error while loading shared libraries: libnss3.so: {GONE}", "libnss3.so"),
    ("Error loading shared library libgcc_s.so.1: No such file or directory (needed by /app/x)", "libgcc_s.so.1"),
    ("dyld[8211]: Library not loaded: @rpath/libpq.5.dylib", "libpq.5"),
    ("\tlibssl.so.3 => not found", "libssl.so.3"),
    ('OSError: no library called "cairo-2" was found', "cairo-2"),
    ("OSError: cannot load library 'gobject-2.0-0': gobject-2.0-0: cannot open", "gobject-2.0-0"),
    ("Could not open library 'sodium': sodium: cannot open shared object", "sodium"),
    (
        "System.DllNotFoundException: Unable to load shared library 'libgdiplus' or one of its dependencies.",
        "libgdiplus",
    ),
    ("java.lang.UnsatisfiedLinkError: Unable to load library 'tesseract':", "tesseract"),
    ("java.lang.UnsatisfiedLinkError: no opencv_java480 in java.library.path: /usr/lib", "opencv_java480"),
    (
        "ImportError: /lib/x86_64-linux-gnu/libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by /w/x.so)",
        "libstdc++.so.6",
    ),
    ("ImportError: failed to find libmagic.  Check your installation", "libmagic.so.1"),
    ("OSError: PortAudio library not found", "libportaudio.so.2"),
    ("OSError: sndfile library not found", "libsndfile.so.1"),
    ("ImportError: Unable to find zbar shared library", "libzbar.so.0"),
    ("ImportError: The 'enchant' C library was not found and maybe needs to be installed.", "libenchant-2.so.2"),
    ("ImportError: MagickWand shared library not found.", "libMagickWand-7.Q16HDRI.so.10"),
    ('Could not find the GDAL library (tried "gdal", "GDAL"). Is GDAL installed?', "libgdal.so"),
    ("OSError: Could not find library geos_c or load any of its variants", "libgeos_c.so.1"),
    ("OSError: Could not find libspatialindex_c library file", "libspatialindex_c.so"),
    (
        "qt.qpa.plugin: From 6.5.0, xcb-cursor0 or libxcb-cursor0 is needed to load the Qt xcb platform plugin.",
        "libxcb-cursor.so.0",
    ),
    ("- couldn't import psycopg 'python' implementation: libpq library not found", "libpq.so.5"),
    ("No usable version of libssl was found", "libssl.so.3"),
    ("usb.core.NoBackendError: No backend available", "libusb-1.0.so.0"),
    ("Unable to find libclang: \"couldn't find any valid shared libraries matching: ['libclang.so']\"", "libclang.so"),
    ("Process terminated. Couldn't find a valid ICU package installed on the system.", "libicuuc.so"),
]


@pytest.mark.parametrize(("text", "subject"), SAID)
def test_the_library_is_named(text: str, subject: str) -> None:
    causes = read(f"Traceback (most recent call last):\n{text}\n").causes
    assert ("soname", subject) in [(cause.kind, cause.subject) for cause in causes if cause.weight == causes[0].weight]


@pytest.mark.parametrize(
    "text",
    [
        f"error while loading shared libraries: libc.so.6: {GONE}",
        "/lib/libc.so.6: version `GLIBC_2.38' not found (required by ./x)",
        "checking for dlopen in -ldl... no",
        "libfoo.so.1 => /usr/lib/libfoo.so.1 (0x00007f)",
    ],
)
def test_what_no_package_brings_is_no_library(text: str) -> None:
    assert [cause for cause in read(text).causes if cause.kind == "soname"] == []
