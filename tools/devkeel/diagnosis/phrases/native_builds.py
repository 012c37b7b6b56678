"""What builds of libraries print in words of their own where something of the system is not there.

Each sentence is a row: who says it, what kind of thing it means, its name, and the words that every such text has.
"""

from __future__ import annotations

import re

from devkeel.diagnosis.phrase import Phrase

__all__ = ["PHRASES"]

# (name, kind, subject, hint, pattern or "" where the hint says it all)
_SENTENCES: tuple[tuple[str, str, str, str, str], ...] = (
    # Python: setup.py files and bindings.
    ("psycopg2", "program", "pg_config", "pg_config", r"pg_config executable not found|pg_config is required to build"),
    ("pg.ruby", "program", "pg_config", "Unable to find PostgreSQL client library", ""),
    ("mysqlclient", "pkg_config", "mysqlclient", "Can not find valid pkg-config name", ""),
    (
        "mysqlclient.old",
        "pkg_config",
        "mysqlclient",
        "mysql_config",
        r"mysql_config(?:: | executable )?(?:command )?not found",
    ),
    ("mysql2", "pkg_config", "mysqlclient", "mysql client is missing", ""),
    (
        "mariadb",
        "program",
        "mariadb_config",
        "MariaDB Connector/C",
        r"needs MariaDB Connector/C|mariadb_config[^\n]{0,20}not found",
    ),
    ("lxml.xml2", "pkg_config", "libxml-2.0", "libxml2 and libxslt development packages", ""),
    ("lxml.xslt", "pkg_config", "libxslt", "libxml2 and libxslt development packages", ""),
    ("nokogiri.xml2", "pkg_config", "libxml-2.0", "libxml2 is missing", ""),
    ("nokogiri.where", "pkg_config", "libxml-2.0", "cannot discover where libxml2 is", ""),
    ("nokogiri.xslt", "pkg_config", "libxslt", "libxslt is missing", ""),
    ("pillow.jpeg", "header", "jpeglib.h", "could not be found for jpeg", ""),
    ("pillow.zlib", "header", "zlib.h", "could not be found for zlib", ""),
    ("pillow.freetype", "pkg_config", "freetype2", "could not be found for freetype", ""),
    ("pillow.tiff", "header", "tiffio.h", "could not be found for tiff", ""),
    ("pillow.webp", "pkg_config", "libwebp", "could not be found for webp", ""),
    ("pillow.lcms", "pkg_config", "lcms2", "could not be found for littlecms", ""),
    ("pycurl", "program", "curl-config", "Could not run curl-config", ""),
    ("curb", "program", "curl-config", "Can't find libcurl or curl/curl.h", ""),
    (
        "gdal.config",
        "program",
        "gdal-config",
        "gdal-config",
        r"[Ff]ailed to get options via gdal-config|[Cc]ould not (?:find|run|execute)[^\n]{0,20}gdal-config|path to gdal-config|gdal_config_error",
    ),
    (
        "geos.config",
        "program",
        "geos-config",
        "geos-config",
        r"(?:[Cc]ould not|[Cc]annot|[Uu]nable to) (?:find|run|execute|locate)[^\n]{0,30}geos-config|geos-config(?: executable)? not found",
    ),
    ("proj", "program", "proj", "proj executable not found", ""),
    ("cartopy.proj", "program", "proj", "Proj ", r"Proj [\d.]+ must be installed"),
    ("cartopy.geos", "program", "geos-config", "GEOS ", r"GEOS [\d.]+ must be installed"),
    (
        "hdf5",
        "pkg_config",
        "hdf5",
        "HDF5",
        r"Unable to load dependency HDF5|Could not find a local HDF5 installation|did not find HDF5 headers|Unable to (?:find|locate) HDF5",
    ),
    ("netcdf4", "program", "nc-config", "did not find netCDF version 4", ""),
    (
        "icu",
        "pkg_config",
        "icu-uc",
        "ICU",
        r"set the ICU_VERSION environment variable|Could not find ICU|ICU development files not found",
    ),
    (
        "llvmlite",
        "program",
        "llvm-config",
        "llvm-config",
        r"(?:[Cc]ould not find|[Uu]nable to find|[Cc]annot find|could not execute)[^\n]{0,20}[`'\"]?llvm-config",
    ),
    ("cmake.python", "program", "cmake", "CMake must be installed", r"CMake must be installed"),
    ("cmake.problem", "program", "cmake", "Problem with the CMake installation", ""),
    ("cmake.ruby", "program", "cmake", "CMake is required", r"CMake is required to (?:build|compile)"),
    ("cmake.aws_lc", "program", "cmake", "issing dependency: cmake", ""),
    ("rust.setuptools", "program", "rustc", "can't find Rust compiler", ""),
    ("rust.cargo_python", "program", "rustc", "Cargo, the Rust package manager, is not installed", ""),
    ("rust.maturin", "program", "rustc", "rustc, the rust compiler, is not installed", ""),
    (
        "rust.rustc_python",
        "program",
        "rustc",
        "Rust",
        r"(?:requires?|need[s]?) (?:a )?Rust (?:compiler|toolchain|and Cargo)[^\n]{0,60}(?:not (?:found|installed|available)|to (?:be )?(?:compile|build|install))",
    ),
    ("blas", "pkg_config", "openblas", "BLAS", r"[Nn]o BLAS/LAPACK libraries found|BLAS/LAPACK[^\n]{0,40}not found"),
    ("cuda.nvcc", "compiler", "CUDA", "CUDA_HOME environment variable is not set", ""),
    ("xmlsec", "pkg_config", "xmlsec1", "xmlsec1 is not installed or not in path", ""),
    ("sasl", "header", "sasl/sasl.h", "sasl/sasl.h is missing", ""),
    (
        "cffi.ffi",
        "pkg_config",
        "libffi",
        "libffi",
        r"libffi (?:is )?(?:required|missing|not found)|[Cc]ould not find (?:the )?libffi",
    ),
    ("talib", "library", "ta-lib", "Cannot find ta-lib library", ""),
    ("graphviz.python", "program", "dot", "Graphviz executables are on your", ""),
    ("graphviz.pydot", "program", "dot", "dot", r"[\"']dot[\"']? not found in path"),
    ("graphviz.invocation", "program", "dot", "GraphViz's executables not found", ""),
    ("graphviz.sphinx", "program", "dot", "dot command 'dot' cannot be run", ""),
    ("graphviz.plantuml", "program", "dot", "Cannot find Graphviz", ""),
    ("tesseract", "program", "tesseract", "TesseractNotFoundError", ""),
    ("poppler", "program", "pdfinfo", "Is poppler installed and in PATH", ""),
    ("ffmpeg.pydub", "program", "ffmpeg", "find ff", r"[Cc]ouldn't find (?P<which>ffmpeg|ffprobe|ffplay) or"),
    (
        "ffmpeg.yt_dlp",
        "program",
        "ffmpeg",
        "ffmpeg",
        r"(?:ffprobe and ffmpeg|ffmpeg|ffprobe)(?:/avconv)? (?:or avconv )?(?:is )?not (?:found|installed|available)[.,]? ?(?:Please|$|in|Aborting)",
    ),
    ("ffmpeg.imageio", "program", "ffmpeg", "No ffmpeg exe could be found", ""),
    ("ffmpeg.matplotlib", "program", "ffmpeg", "MovieWriter ffmpeg unavailable", ""),
    ("latex.matplotlib", "program", "latex", "because latex could not be found", ""),
    (
        "wkhtmltopdf",
        "program",
        "wkhtmltopdf",
        "wkhtmltopdf",
        r"No wkhtmltopdf executable found|wkhtmltopdf (?:is )?not (?:found|installed)",
    ),
    (
        "pandoc",
        "program",
        "pandoc",
        "andoc",
        r"No pandoc was found|[Pp]andoc wasn't found|[Pp]andoc (?:is )?not (?:found|installed)|pandoc version [\d.]+ or higher is required",
    ),
    (
        "ghostscript",
        "program",
        "gs",
        "hostscript",
        r"[Uu]nable to (?:locate|find) [Gg]hostscript|[Gg]hostscript (?:is )?not (?:found|installed)|[Pp]lease install [Gg]hostscript",
    ),
    (
        "chromedriver",
        "program",
        "chromedriver",
        "chromedriver",
        r"'?chromedriver'? executable needs to be in PATH|Unable to (?:locate|find)[^\n]{0,20}chromedriver",
    ),
    (
        "geckodriver",
        "program",
        "geckodriver",
        "geckodriver",
        r"'?geckodriver'? executable needs to be in PATH|Unable to (?:locate|find)[^\n]{0,20}geckodriver",
    ),
    (
        "chrome",
        "program",
        "chromium",
        "hrom",
        r"cannot find Chrome binary|No Chrome(?:/Chromium)? (?:binary|installation|executable)[^\n]{0,20}found|unable to find (?:a )?[Cc]hrom(?:e|ium)|[Cc]ould not find (?:a )?[Cc]hrom(?:e|ium) (?:executable|binary)",
    ),
    ("sshpass", "program", "sshpass", "you must install the sshpass program", ""),
    ("sox", "program", "sox", "SoX could not be found", ""),
    ("espeak", "program", "espeak-ng", "espeak not installed on your system", ""),
    ("icu.ruby", "pkg_config", "icu-uc", "icu required", ""),
    ("chrome.karma", "program", "chromium", "CHROME_BIN", ""),
    ("yaml.psych", "header", "yaml.h", "ruby installation is missing psych", ""),
    ("cmake.dlib", "program", "cmake", "CMake is not installed", ""),
    ("rust.puccinialin", "program", "rustc", "Rust not found, installing into a temporary", ""),
    ("rust.metadata_python", "program", "rustc", "Cargo", r"Cargo.{0,40}not (?:installed|found)"),
    (
        "fortran.meson",
        "compiler",
        "Fortran",
        "ortran compiler",
        r"[Nn]o Fortran compiler|Fortran compiler (?:could )?not (?:be )?found",
    ),
    # Rust: build scripts.
    (
        "openssl.rust",
        "pkg_config",
        "openssl",
        "OpenSSL",
        r"Could not find directory of OpenSSL installation|Could not find OpenSSL installation",
    ),
    ("openssl.via", "pkg_config", "openssl", "Could not find openssl via pkg-config", ""),
    (
        "protoc.rust",
        "program",
        "protoc",
        "protoc",
        r"Could not find `?protoc`?|[Uu]nable to find (?:the )?`?protoc`?|protoc (?:was|is) not (?:found|installed)|[Ff]ailed to (?:invoke|run|execute) `?protoc`?",
    ),
    ("nasm.rust", "program", "nasm", "NASM build failed", ""),
    (
        "nasm.words",
        "program",
        "nasm",
        "nasm",
        r"(?:[Mm]ake sure you have|[Yy]ou need|[Pp]lease install|[Cc]ould not find) (?:tool )?nasm",
    ),
    # Ruby.
    ("rmagick", "pkg_config", "MagickWand", "Can't find ImageMagick", ""),
    ("rmagick.wand", "pkg_config", "MagickWand", "Can't install RMagick", ""),
    ("execjs", "program", "node", "Could not find a JavaScript runtime", ""),
    (
        "yaml.ruby",
        "header",
        "yaml.h",
        "libyaml",
        r"libyaml (?:is )?(?:missing|not found|required)|[Cc]ould not find (?:proper version of )?libyaml",
    ),
    ("ruby.pkg_config", "program", "pkg-config", "Please install either the `pkg-config`", ""),
    ("ruby.compiler", "compiler", "C", "You have to install development tools first", ""),
    # Node.
    (
        "gyp.python",
        "program",
        "python3",
        "ERR! find Python",
        r"find Python (?:\*+|Python is not set|You need to install|Could not find|- \"\" could not)",
    ),
    ("gyp.python_stack", "program", "python3", "Could not find any Python installation", ""),
    ("gyp.python_old", "program", "python3", "Can't find Python executable", ""),
    # R, Perl, OCaml, Elixir, Java.
    (
        "inotify",
        "program",
        "inotifywait",
        "inotify-tools",
        r"`?inotify-tools`? is needed to run|[Ii]nstall inotify-tools|inotify-tools is (?:missing|not)",
    ),
    ("git.php", "program", "git", "git was not found in your PATH", ""),
    (
        "unzip.php",
        "program",
        "unzip",
        "nzip",
        r"unzip (?:/ 7z )?command(?:s)? (?:are|is) missing|the zip extension and unzip",
    ),
    ("jadx", "program", "java", "Unable to locate a Java Runtime", ""),
)
_OF_KINDS = {"program": 86, "compiler": 84, "pkg_config": 87, "header": 86, "library": 86}

PHRASES = (
    *(
        Phrase(name, kind, hint, pattern or re.escape(hint), weight=_OF_KINDS[kind], subject=subject)  # type: ignore[arg-type]
        for name, kind, subject, hint, pattern in _SENTENCES
    ),
    # mkmf: the last check before it gives up.
    Phrase(
        "mkmf.last_library",
        "library",
        " in -l",
        r"checking for [^\n]{1,80} in -l(?P<subject>[\w.+-]+)\.\.\. no\n(?:[^\n]*\n)?\*\*\* extconf\.rb failed",
        lines=3,
        weight=84,
    ),
    Phrase(
        "mkmf.last_header",
        "header",
        ".h",
        r"checking for (?P<subject>[\w./+-]+\.h(?:pp)?)\.\.\. no\n(?:[^\n]*\n)?\*\*\* extconf\.rb failed",
        lines=3,
        weight=84,
    ),
    # The packages that OCaml's package manager has for what a system has: conf-gmp, conf-libev.
    Phrase(
        "opam.conf",
        "library",
        "conf-",
        r"(?:compilation of|packages?) conf-(?P<subject>[a-z][\w+-]{0,40})(?:\.[\w.]+)? (?:failed|require)",
        weight=75,
        facts={"any": "yes"},
    ),
    # llvm-sys: the variable that it names has the version in it.
    Phrase(
        "llvm_sys",
        "program",
        "No suitable version of LLVM",
        r"LLVM_SYS_(?P<version>\d{2,3})\d_PREFIX|No suitable version of LLVM",
        lines=2,
        weight=86,
        subject="llvm-config",
    ),
    # What a system's own package manager would be told; a last resort, and only where nothing else is said.
    Phrase(
        "debian.install",
        "library",
        "install ",
        r"(?:[Tt]ry|[Uu]se|[Rr]un|[Nn]eed|[Pp]lease|[Ee]xample|[Dd]ebian|[Uu]buntu|may|could|deb)\b[^\n]{0,60}(?:apt|apt-get|aptitude)(?: -y)? install (?:-y )?(?P<subject>[a-z0-9][a-z0-9.+-]+)",
        weight=42,
        facts={"system": "debian"},
    ),
    Phrase(
        "debian.dev",
        "library",
        "-dev",
        r"(?:[Pp]lease |[Yy]ou (?:need|must|may need)|[Tt]ry )[^\n]{0,80}[`'\"]?(?P<subject>lib[a-z0-9.+-]+-dev)\b",
        weight=42,
        facts={"system": "debian"},
    ),
)
