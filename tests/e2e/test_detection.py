"""A repository with a Dockerfile, compose, package.json and CI gets a checked declaration over stdio in three calls."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.devkeel_mcp.wire import Wire

if TYPE_CHECKING:
    from pathlib import Path

TOOLSET = ("--toolsets", "core,project")
FILES = {
    "package.json": """{
  "name": "shop",
  "packageManager": "pnpm@9.1.0",
  "engines": { "node": ">=18" },
  "scripts": { "start": "node server.js", "test": "vitest run" },
  "dependencies": { "express": "4", "pg": "8", "ioredis": "5" }
}
""",
    "pnpm-lock.yaml": "lockfileVersion: '9.0'\n",
    "server.js": "console.log('hello')\n",
    ".nvmrc": "20\n",
    "Dockerfile": """FROM node:20-alpine AS build
ENV NODE_ENV=production PORT=3000
WORKDIR /app
RUN apk add --no-cache jq
COPY . .
RUN corepack enable && pnpm install --frozen-lockfile

FROM node:20-alpine
ENV PORT=3000 API_TOKEN=ghp_0123456789abcdefghijABCDEFGHIJ012345
COPY --from=build /app /app
EXPOSE 3000
CMD ["node", "server.js"]
""",
    "compose.yml": """services:
  web:
    build: .
    ports: ["3000:3000"]
    environment:
      LOG_LEVEL: debug
      DATABASE_URL: postgres://shop:shop@db:5432/shop
  db:
    image: postgres:16-alpine
    ports: ["5433:5432"]
    environment:
      POSTGRES_DB: shop
      POSTGRES_USER: shop
      POSTGRES_PASSWORD: shop
  cache:
    image: redis:7
    ports: ["6380:6379"]
""",
    ".github/workflows/ci.yml": """name: CI
on: [push]
jobs:
  test:
    runs-on: ubuntu-latest
    steps:
      - uses: actions/checkout@v4
      - uses: pnpm/action-setup@v4
      - uses: actions/setup-node@v4
        with:
          node-version: 18
      - run: pnpm install --frozen-lockfile
      - run: pnpm test
""",
}

EXPECTED = (
    "languages.javascript.pnpm.enable = true;",
    "languages.javascript.package = pkgs.nodejs_20;",
    "services.postgres.enable = true;",
    "services.postgres.package = pkgs.postgresql_16;",
    "services.postgres.port = 5433;",
    'services.postgres.initialDatabases = [ { name = "shop"; } ];',
    "services.redis.enable = true;",
    "services.redis.port = 6380;",
    "packages = [ pkgs.jq ];",
    'env.PORT = "3000";',
    'env.LOG_LEVEL = "debug";',
    'processes.app.exec = "node server.js";',
    "pnpm test",
)


def test_a_repository_becomes_a_checked_declaration_in_three_calls(tmp_path: Path) -> None:
    root = tmp_path.resolve()
    for name, text in FILES.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    before = sorted(root.iterdir())
    with Wire(root, flags=TOOLSET) as wire:
        found = wire.told("detect_environment")
        assert sorted(root.iterdir()) == before
        edits = [item["edit"] for item in found["edits"]]
        assert wire.told("edit_environment", edits=edits, create=True)["published"]
        assert wire.told("check_environment", level="schema")["ok"]
    text = (root / "devenv.nix").read_text()
    assert [line for line in EXPECTED if line not in text] == []
    assert "NODE_ENV" not in text
    assert "ghp_" not in text + json.dumps(found)
    reasons = {(item["file"], item.get("line")) for edit in found["edits"] for item in edit["reasons"]}
    assert reasons >= {(".nvmrc", 1), ("Dockerfile", 9), ("compose.yml", 10), (".github/workflows/ci.yml", 13)}
    (disagreement,) = found["disagreements"]
    assert (disagreement["chosen"], disagreement["others"][0]["line"]) == ("20", 11)
