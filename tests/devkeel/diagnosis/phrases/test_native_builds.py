"""What builds of libraries say in words of their own."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read

SAID = [
    (
        "Error: pg_config executable not found.\n\npg_config is required to build psycopg2 from source.",
        "program",
        "pg_config",
    ),
    ("Exception: Can not find valid pkg-config name.", "pkg_config", "mysqlclient"),
    ("/bin/sh: 1: mysql_config: not found\nOSError: mysql_config not found", "pkg_config", "mysqlclient"),
    ("mysql client is missing. You may need to 'sudo apt-get install libmariadb-dev'", "pkg_config", "mysqlclient"),
    ("The headers or library files could not be found for jpeg,", "header", "jpeglib.h"),
    (
        "__main__.ConfigurationError: Could not run curl-config: [Errno 2] No such file or directory: 'curl-config'",
        "program",
        "curl-config",
    ),
    (
        "CRITICAL:root:A GDAL API version must be specified. Provide a path to gdal-config using",
        "program",
        "gdal-config",
    ),
    ("Unable to load dependency HDF5, make sure HDF5 is installed properly", "pkg_config", "hdf5"),
    (
        "RuntimeError: Please install pkg-config on your system or set the ICU_VERSION environment variable",
        "pkg_config",
        "icu-uc",
    ),
    ("proj executable not found. Please set the PROJ_DIR variable.", "program", "proj"),
    ("RuntimeError: CMake must be installed to build the following extensions: _dlib", "program", "cmake"),
    ("ERROR: CMake is required to build Rugged.", "program", "cmake"),
    ("error: can't find Rust compiler", "program", "rustc"),
    ("Cargo, the Rust package manager, is not installed or is not on PATH.", "program", "rustc"),
    (
        "graphviz.backend.execute.ExecutableNotFound: failed to execute PosixPath('dot'), make sure the "
        "Graphviz executables are on your systems' PATH",
        "program",
        "dot",
    ),
    ('FileNotFoundError: [Errno 2] "dot" not found in path.', "program", "dot"),
    (
        "WARNING: dot command 'dot' cannot be run (needed for graphviz output), check the graphviz_dot setting",
        "program",
        "dot",
    ),
    (
        "pdf2image.exceptions.PDFInfoNotInstalledError: Unable to get page count. Is poppler installed and in PATH?",
        "program",
        "pdfinfo",
    ),
    ("RuntimeWarning: Couldn't find ffmpeg or avconv - defaulting to ffmpeg, but may not work", "program", "ffmpeg"),
    ("ERROR: Postprocessing: ffprobe and ffmpeg not found. Please install or provide the path", "program", "ffmpeg"),
    ("OSError: No wkhtmltopdf executable found: \"b''\"", "program", "wkhtmltopdf"),
    ("OSError: No pandoc was found: either install pandoc and add it to your PATH", "program", "pandoc"),
    ("to use the 'ssh' connection type with passwords, you must install the sshpass program", "program", "sshpass"),
    ("Message: 'chromedriver' executable needs to be in PATH.", "program", "chromedriver"),
    (
        "  Could not find directory of OpenSSL installation, and this `-sys` crate cannot proceed",
        "pkg_config",
        "openssl",
    ),
    (
        'Custom { kind: NotFound, error: "Could not find `protoc`. If `protoc` is installed, try setting" }',
        "program",
        "protoc",
    ),
    ("NASM build failed. Make sure you have nasm installed or disable the asm feature.", "program", "nasm"),
    (
        "No suitable version of LLVM was found system-wide or pointed to\n  by LLVM_SYS_181_PREFIX.",
        "program",
        "llvm-config",
    ),
    ("Can't install RMagick. Can't find ImageMagick with pkg-config", "pkg_config", "MagickWand"),
    ("ExecJS::RuntimeUnavailable: Could not find a JavaScript runtime. See", "program", "node"),
    ("ERROR: cannot discover where libxml2 is located on your system.", "pkg_config", "libxml-2.0"),
    ("gyp ERR! find Python Python is not set from command line or npm configuration", "program", "python3"),
    ("gyp ERR! stack Error: Could not find any Python installation to use", "program", "python3"),
    (
        'gyp ERR! stack Error: Can\'t find Python executable "python", you can set the PYTHON env variable.',
        "program",
        "python3",
    ),
    ("[error] `inotify-tools` is needed to run `file_system` for your system", "program", "inotifywait"),
    ('[ERROR] The compilation of conf-gmp.4 failed at "sh -exc cc".', "library", "gmp"),
    ("ValueError: jpeg is required unless explicitly disabled using --disable-jpeg, aborting", "library", "jpeg"),
    ("* The following required packages can not be built:\n* freetype, png", "library", "freetype"),
    ("numpy.distutils.system_info.NotFoundError: No lapack/blas resources found.", "pkg_config", "openblas"),
    ("MiniMagick::Error: You must have ImageMagick or GraphicsMagick installed", "program", "magick"),
    ("Do you have FreeTDS 1.0.0 or higher installed?", "header", "sybdb.h"),
    ("hint: try installing it with: sudo apt-get install libfoo-dev", "library", "libfoo-dev"),
]


@pytest.mark.parametrize(("text", "kind", "subject"), SAID)
def test_what_is_missing_is_named(text: str, kind: str, subject: str) -> None:
    first = read(f"running build_ext\n{text}\n[end of output]\n").causes[0]
    assert (first.kind, first.subject) == (kind, subject)


def test_two_libraries_of_one_sentence_are_two_causes() -> None:
    causes = read("Error: Please make sure the libxml2 and libxslt development packages are installed.\n").causes
    assert [cause.subject for cause in causes] == ["libxml-2.0", "libxslt"]


@pytest.mark.parametrize(
    "text",
    [
        "error: command '/usr/bin/gcc' failed with exit code 1",
        "ERROR: Failed building wheel for psycopg2",
        "RUN apt-get update && apt-get install -y libfoo-dev",
        "collecting cmake",
    ],
)
def test_what_follows_from_it_is_no_cause(text: str) -> None:
    # That a library is built here and failed is no missing thing: another version of it may come built.
    assert [cause for cause in read(text).causes if cause.kind != "unbuilt"] == []
