"""Sixty shell commands of agents: what each has to be answered with, None where it is let through."""

from __future__ import annotations

from typing import Any

__all__ = ["COMMANDS", "KIN"]


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
    "conda install -y -c conda-forge numpy=1.26 pandas": libraries("numpy==1.26.*", "pandas"),
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
    "rustup toolchain install nightly": [
        {
            "kind": "set_input",
            "name": "rust-overlay",
            "url": "github:oxalica/rust-overlay",
            "follows": ["nixpkgs"],
            "file": "devenv.yaml",
        },
        {"kind": "enable", "name": "languages.rust", "settings": {"channel": "nightly"}},
    ],
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


def languages(name: str, **more: Any) -> list[dict[str, Any]]:
    return [{"kind": "enable", "name": f"languages.{name}", **more}]


RUST, RIPGREP, FLASK = languages("rust"), programs("ripgrep"), libraries("flask")
# Kin of these: other programs of the kind, other ways in, and what looks like them.
KIN: dict[str, list[dict[str, Any]] | None] = {
    "find . -name 'req*.txt' -exec pip install -r {} +": [],
    "script -qc 'pip install flask' /dev/null": FLASK,
    "python -Im pip install flask; python3 -mpip install flask": FLASK,
    "flock /tmp/l pip install flask; flock /tmp/l -c 'pip install flask'": FLASK,
    "tmux new-session -d -s x 'pip install flask'": FLASK,
    "tmux send-keys -t x 'pip install flask' Enter": FLASK,
    "screen -dmS x pip install flask": FLASK,
    "parallel -j2 pip install ::: flask rich": libraries("flask", "rich"),
    "runuser -u x -- pip install flask; runuser -l x -c 'pip install flask'": FLASK,
    "echo 'pip install flask' | sudo bash -": FLASK,
    "cat <<'EOF' | sh\npip install flask\nEOF": FLASK,
    "mise exec python@3.12 -- pip install flask": FLASK,
    "trap 'pip install flask' EXIT": FLASK,
    "arch -arm64 brew reinstall ripgrep": RIPGREP,
    "cargo +nightly install ripgrep": RIPGREP,
    "nala install -y ripgrep; pacman --sync ripgrep; yay -S ripgrep": RIPGREP,
    "emerge sys-apps/ripgrep && xbps-install -Sy ripgrep": RIPGREP,
    "nix --option sandbox false --experimental-features 'nix-command flakes' profile install nixpkgs#ripgrep": RIPGREP,
    "GOBIN=/usr/local/bin go install golang.org/x/tools/gopls@latest": programs("gopls"),
    "uv pip install --python .venv/bin/python flask": FLASK,
    "uv pip install -p 3.12 flask": FLASK,
    "conda install conda-forge::numpy 'pandas>=2,<3'": libraries("numpy", "pandas>=2,<3"),
    "curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y": RUST,
    'sh -c "$(curl -fsSL https://sh.rustup.rs)" "" -y': RUST,
    "curl -sSf https://sh.rustup.rs -o r.sh && chmod +x r.sh && ./r.sh -y": RUST,
    "wget -qO- https://astral.sh/uv/install.sh | env UV_NO_MODIFY_PATH=1 sh": programs("uv"),
    "bash <(curl -fsSL https://bun.sh/install)": programs("bun"),
    "curl -sSL https://install.python-poetry.org | python3 -": programs("poetry"),
    "rustup default stable; rustup component add clippy": RUST,
    "nvm install --lts": languages("javascript"),
    "asdf install nodejs 20.0.0": [
        *languages("javascript"),
        {"kind": "set", "path": "languages.javascript.package", "expression": "pkgs.nodejs_20"},
    ],
    "mise use -g npm:prettier jq": programs("prettier", "jq"),
    "corepack enable": languages("javascript", settings={"corepack.enable": True}),
    # Let through.
    "npm install --prefix /tmp/x -g typescript": None,
    "GOBIN=$PWD/bin go install golang.org/x/tools/gopls@latest": None,
    "export CARGO_INSTALL_ROOT=/tmp/x; cargo install ripgrep": None,
    "uv pip install --python /tmp/v/bin/python flask": None,
    "VIRTUAL_ENV=/tmp/v uv pip install flask": None,
    "conda install -p /tmp/e numpy": None,
    "cat <<EOF | ssh host bash\npip install flask\nEOF": None,
    "echo 'pip install flask' | tee notes; echo 'apk add jq' | docker exec -i web sh": None,
    "curl -sSf https://sh.rustup.rs -o r.sh && less r.sh; curl https://sh.rustup.rs | sha256sum": None,
    "curl -fsSL https://example.com/install.sh | sh": None,
    "sh <(curl -L https://nixos.org/nix/install) --daemon": None,
    "asdf install; mise install; nvm install": None,
    "rustup update; rustup show; pacman -Syu; rpm -qi jq; dpkg -l; pacman -Qi jq": None,
    "alias p='pip install'; p flask": None,
    "git commit -m \"$(cat <<'EOF'\nAdd it\n\npip install x && npm i -g y\nEOF\n)\"": None,
    "find . -name Dockerfile -exec grep -l 'apt-get install' {} +; xargs -a files grep 'pip install'": None,
    "helm install a b/c; pre-commit install; code --install-extension x; npx playwright install --with-deps": None,
    "distrobox enter x -- sudo apt install jq; lxc exec c -- apt install jq; wsl -e apt install jq": None,
}
