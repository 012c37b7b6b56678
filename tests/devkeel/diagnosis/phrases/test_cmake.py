"""What CMake cannot find."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read

ARGS = "CMake Error at /usr/share/cmake/Modules/FindPackageHandleStandardArgs.cmake:230 (message):\n  Could NOT find "
SAID = [
    (f"{ARGS}CURL (missing: CURL_LIBRARY CURL_INCLUDE_DIR)\nCall Stack (most recent call first):", "cmake", "CURL"),
    (f'{ARGS}Boost (missing: Boost_INCLUDE_DIR filesystem)\n  (Required is at least version "1.74")', "cmake", "Boost"),
    (
        f"{ARGS}OpenSSL, try to set the path to OpenSSL root folder in\n  the system variable OPENSSL_ROOT_DIR "
        "(missing: OPENSSL_CRYPTO_LIBRARY\n  OPENSSL_INCLUDE_DIR)",
        "cmake",
        "OpenSSL",
    ),
    (f"{ARGS}Python3 (missing: Python3_EXECUTABLE Interpreter)\n", "cmake", "Python3"),
    (
        "CMake Error at FindPackageHandleStandardArgs.cmake:2 (message):\n  Could NOT find\n  LibLZMA (missing: X)",
        "cmake",
        "LibLZMA",
    ),
    (
        'CMake Error at CMakeLists.txt:3 (find_package):\n  Could not find a package configuration file provided by "spdlog" '
        "with any of\n  the following names:\n\n    spdlogConfig.cmake\n",
        "cmake",
        "spdlog",
    ),
    (
        "CMake Error at CMakeLists.txt:3 (find_package):\n  Could not find a package configuration file provided by\n  "
        '"nlohmann_json" (requested version 3.11) with any of the following names:\n',
        "cmake",
        "nlohmann_json",
    ),
    (
        'CMake Error at CMakeLists.txt:9 (find_package):\n  By not providing "FindQt5.cmake" in CMAKE_MODULE_PATH this project '
        'has\n  asked CMake to find a package configuration file provided by "Qt5", but\n  CMake did not find one.\n',
        "cmake",
        "Qt5",
    ),
    (
        "CMake Error at CMakeLists.txt:6 (find_library):\n  Could not find ZSTD_LIB using the following names: zstd, libzstd\n",
        "library",
        "zstd",
    ),
    (
        "CMake Error at CMakeLists.txt:6 (find_program):\n  Could not find CCACHE using the following names: ccache\n",
        "program",
        "ccache",
    ),
    (
        "CMake Error at CMakeLists.txt:6 (find_path):\n  Could not find INC using the following files: uv.h\n",
        "header",
        "uv.h",
    ),
    (
        "CMake Error: The following variables are used in this project, but they are set to NOTFOUND.\nPlease set them or make "
        "sure they are set and tested correctly in the CMake files:\nFFTW3_LIBRARY\n    linked by target",
        "library",
        "FFTW3",
    ),
    (
        "CMake Error: The following variables are used in this project, but they are set to NOTFOUND.\nPlease set them or make "
        "sure they are set and tested correctly in the CMake files:\nLIBSHARP_INCLUDE_DIRS (ADVANCED)\n   used as include",
        "library",
        "LIBSHARP",
    ),
    (
        f'{ARGS}ZLIB: Found unsuitable version "1.2.13", but required is at least\n  "99" (found /usr/lib/libz.so)',
        "cmake",
        "ZLIB",
    ),
    (
        'CMake Error: CMake was unable to find a build program corresponding to "Ninja".  CMAKE_MAKE_PROGRAM is not set.\n'
        "CMake Error: CMAKE_CXX_COMPILER not set, after EnableLanguage",
        "program",
        "ninja",
    ),
    (
        "CMake Error at CMakeLists.txt:2 (project):\n  No CMAKE_Fortran_COMPILER could be found.\n",
        "compiler",
        "Fortran",
    ),
    (
        "CMake Error at CMakeLists.txt:2 (enable_language):\n  No CMAKE_ASM_NASM_COMPILER could be found.\n",
        "compiler",
        "ASM_NASM",
    ),
    (
        "CMake Error at CMakeLists.txt:2 (project):\n  The CMAKE_C_COMPILER:\n\n    clang-18\n\n  is not a full path and was not "
        "found in the PATH.\n",
        "program",
        "clang-18",
    ),
    ("CMake Error: Could not find compiler set in environment variable CC:\n\n  clang-15.\n", "program", "clang-15"),
    ("CMake Error at FindCUDA.cmake (message):\n  Failed to find nvcc.\n", "compiler", "CUDA"),
    (
        "CMake Error at CMakeLists.txt:1 (cmake_minimum_required):\n  Compatibility with CMake < 3.5 has been removed from "
        "CMake.\n\n  Update the VERSION argument <min> value.",
        "version",
        "cmake",
    ),
    (
        "CMake Error at CMakeLists.txt:8 (find_package):\n  Found package configuration file:\n\n    /p/Qt6Config.cmake\n\n  but it "
        'set Qt6_FOUND to FALSE so package "Qt6" is considered to be NOT FOUND.\n  Reason given by package:\n\n  Failed to find '
        'required Qt component "Multimedia".\n\n  Expected Config file at\n  "/p/lib/cmake/Qt6Multimedia/Qt6MultimediaConfig.cmake" '
        "does NOT exist\n",
        "cmake",
        "Qt6Multimedia",
    ),
]


@pytest.mark.parametrize(("text", "kind", "subject"), SAID)
def test_what_is_missing_is_named(text: str, kind: str, subject: str) -> None:
    causes = read(
        f"-- Detecting CXX compile features - done\n{text}\n\n-- Configuring incomplete, errors occurred!\n"
    ).causes
    assert (causes[0].kind, causes[0].subject) == (kind, subject)


def test_a_package_that_is_not_required_counts_where_the_project_then_fails_for_it() -> None:
    looked = "-- Could NOT find Doxygen (missing: DOXYGEN_EXECUTABLE)\n"
    assert read(f"{looked}-- Configuring done\nmain.c:3:5: error: expected expression\n").causes == ()
    other = "CMake Error at CMakeLists.txt:4 (message):\n  The build type is not known.\n"
    assert read(looked + other).causes == ()
    (cause,) = read(f"{looked}CMake Error at CMakeLists.txt:4 (message):\n  doxygen is needed for the manual\n").causes
    assert cause.subject == "Doxygen"


def test_each_of_several_packages_is_named() -> None:
    text = (
        "CMake Error at /usr/share/cmake/Modules/FindPkgConfig.cmake:645 (message):\n  The following required packages were not "
        "found:\n\n   - wayland-client>=1.20\n   - xkbcommon\n   - libinput\n\nCall Stack (most recent call first):\n   - no\n"
    )
    assert [cause.subject for cause in read(text).causes] == ["wayland-client", "xkbcommon", "libinput"]
