"""Sixty shell commands of agents: what each has to be answered with, None where it is let through."""

from __future__ import annotations

from typing import Any

__all__ = ["COMMANDS"]


def libraries(*names: str, language: str = "python") -> list[dict[str, Any]]:
    return [{"kind": "add_library", "language": language, "names": [*names]}]


def programs(*names: str) -> list[dict[str, Any]]:
    return [{"kind": "add_packages", "names": [*names]}]


# Edits that declare it; [] where it is answered with a call that is no edit.
COMMANDS: dict[str, list[dict[str, Any]] | None] = {
    "pip install httpx": libraries("httpx"),
    "pip3.12 install --user -U 'httpx>=0.27' \"uvicorn[standard]\"": libraries("httpx>=0.27", "uvicorn[standard]"),
    "cd x && sudo -E pip3 install -r r.txt": [],
    "python -m pip install --quiet flask": libraries("flask"),
    "env PIP_NO_CACHE_DIR=1 python3 -m pip install flask": libraries("flask"),
    "PIP_INDEX_URL=https://x.example pip install --no-deps flask": libraries("flask"),
    "(cd api; pip install flask)": libraries("flask"),
    "bash -c 'set -e; pip install flask && pytest'": libraries("flask"),
    'bash -lc "pip install $NAME"': [],
    "pip install flask 2>&1 | tail -3": libraries("flask"),
    "command -v flask || pip install flask": libraries("flask"),
    'for p in flask rich; do pip install "$p"; done': [],
    "bash <<'EOF'\npip install flask\nEOF": libraries("flask"),
    'eval "pip install flask"': libraries("flask"),
    "cat names | xargs pip install": [],
    "uv pip install --system flask": libraries("flask"),
    "uv run pip install flask": libraries("flask"),
    "nix develop --command pip install flask": libraries("flask"),
    "timeout 60 pip install --break-system-packages flask": libraries("flask"),
    "pip install -e .": [],
    "pip install -e '.[dev]' ruff": libraries("ruff"),
    "/usr/bin/pip install flask": libraries("flask"),
    ".venv/bin/pip install flask": libraries("flask"),
    "source .venv/bin/activate && pip install flask": libraries("flask"),
    "conda install -y -c conda-forge numpy=1.26 pandas": libraries("numpy", "pandas"),
    "micromamba install -n base numpy": libraries("numpy"),
    "npm install -g typescript@5": programs("typescript"),
    "npm i --global prettier": programs("prettier"),
    "pnpm add -g typescript": programs("typescript"),
    "yarn global add prettier": programs("prettier"),
    "sudo apt-get update && sudo apt-get install -y --no-install-recommends jq=1.6-2 libssl-dev:amd64": programs(
        "jq", "openssl"
    ),
    "apt install redis-server": [{"kind": "enable", "name": "redis"}],
    "DEBIAN_FRONTEND=noninteractive apt-get -qq install -o Dpkg::Use-Pty=0 jq": programs("jq"),
    "brew install jq ripgrep": programs("jq", "ripgrep"),
    "apk add --no-cache curl": programs("curl"),
    "dnf -y install curl": programs("curl"),
    "pacman -Syu --noconfirm jq": programs("jq"),
    "cargo install ripgrep --locked": programs("ripgrep"),
    "go install golang.org/x/tools/gopls@latest": programs("gopls"),
    "gem install cocoapods": programs("cocoapods"),
    "nix-env -iA nixpkgs.jq": programs("jq"),
    "nix profile install nixpkgs#jq": programs("jq"),
    "pipx install ruff": programs("ruff"),
    "uv tool install ruff": programs("ruff"),
    "rustup toolchain install nightly": [{"kind": "enable", "name": "languages.rust"}],
    "VERSION=$(pip install flask)": libraries("flask"),
    "if which apt-get; then apt-get install -y jq; else brew install jq; fi": programs("jq"),
    "su root -c 'apt-get install -y jq'": programs("jq"),
    "pip install flask && npm i -g prettier": [*libraries("flask"), *programs("prettier")],
    # Let through: what only mentions an install, declares it itself, stays apart, or is not certain.
    'echo "pip install flask"': None,
    "git commit -m 'Document pip install -e .'": None,
    "grep -rn 'apt-get install' docs": None,
    "cat > setup.sh <<'EOF'\npip install flask\nEOF": None,
    "# pip install flask\npytest -q": None,
    "pip --version && pip list && pip show flask && pip download flask": None,
    "pip install --help; pip install --dry-run flask": None,
    "pip install --target build/vendor flask": None,
    "python -m venv /tmp/v && /tmp/v/bin/pip install flask": None,
    '"$VENV/bin/pip" install flask': None,
    "source .venv/bin/activate && pip install -e . -r requirements.txt": None,
    "pip install -U pip setuptools wheel": None,
    "npm install && npm ci && npm install lodash && yarn add left-pad": None,
    "uv add httpx && uv sync && poetry add rich && cargo add serde && bundle install": None,
    "docker run --rm debian sh -c 'apt-get update && apt-get install -y jq'": None,
    "ssh host 'sudo apt-get install -y jq'": None,
    "npx prettier . && uvx ruff check && pipx run black . && nix-shell -p jq --run 'jq .'": None,
    "cargo install --path . && go install ./... && make install": None,
    "pacman -Ss jq; apt-get install -s jq; brew list; $PIP install flask": None,
    "pip install 'flask": None,
}
