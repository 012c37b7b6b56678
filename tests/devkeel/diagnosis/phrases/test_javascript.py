"""What Node.js, its package managers and its build tools print where a package or another version is missing."""

from __future__ import annotations

import pytest

from devkeel.diagnosis.reading import read


@pytest.mark.parametrize(
    ("text", "subject"),
    [
        ("Error: Cannot find module 'express'\nRequire stack:\n- /srv/kiosk/server.js", "express"),
        ("Error [ERR_MODULE_NOT_FOUND]: Cannot find package 'zod' imported from /srv/kiosk/src/a.mjs", "zod"),
        ("Cannot find module '@babel/preset-env'", "@babel/preset-env"),
        ("Cannot find module 'supertest' from 'test/app.test.js'", "supertest"),
        ("src/a.ts(1,21): error TS2307: Cannot find module 'dayjs' or its corresponding type declarations.", "dayjs"),
        ("error TS7016: Could not find a declaration file for module 'express'. '/w/a.js' implicitly has", "express"),
        ("error TS2688: Cannot find type definition file for 'node'.", "node"),
        (
            "error TS2582: Cannot find name 'describe'. Do you need to install type definitions for a test runner? "
            "Try `npm i --save-dev @types/jest` or `npm i --save-dev @types/mocha`.".replace("Try", "try"),
            "@types/jest",
        ),
        ("Module not found: Error: Can't resolve 'axios' in '/w/shop/src'", "axios"),
        ("Module not found: Can't resolve '@mui/material'", "@mui/material"),
        ('[plugin:vite:import-analysis] Failed to resolve import "pinia" from "src/main.ts". Does the file', "pinia"),
        ('[vite]: Rollup failed to resolve import "vue-i18n" from "/w/src/main.ts".', "vue-i18n"),
        ('✘ [ERROR] Could not resolve "chalk"', "chalk"),
        ('error: Cannot find package "hono" from "/w/src/index.ts"', "hono"),
        ('ESLint couldn\'t find the plugin "eslint-plugin-react".', "eslint-plugin-react"),
        ('ESLint couldn\'t find the config "airbnb" to extend from.', "airbnb"),
        (
            "Test environment jest-environment-jsdom cannot be found. Make sure the testEnvironment option points to",
            "jest-environment-jsdom",
        ),
        ("Validation Error:\n\n  Preset ts-jest not found.", "ts-jest"),
        (" MISSING DEPENDENCY  Cannot find dependency 'jsdom'", "jsdom"),
        ('Preprocessor dependency "sass-embedded" not found. Did you install it?', "sass-embedded"),
        (
            "Error: Your application tried to access chokidar, but it isn't declared in your dependencies;",
            "chokidar",
        ),
    ],
)
def test_what_is_missing_is_named(text: str, subject: str) -> None:
    cause = next(item for item in read(text).causes if item.kind == "node_module")
    assert cause.subject == subject


@pytest.mark.parametrize(
    "text",
    [
        "Error: Cannot find module './lib/format'",
        "Error: Cannot find module '../config'",
        "Error: Cannot find module '/srv/kiosk/dist/main.js'",
        "Module not found: Can't resolve '@/components/Button'",
        "Module not found: Can't resolve '~/styles/a.css'",
        'npm error Missing script: "build"',
        "TypeError: Cannot read properties of undefined (reading 'map')",
    ],
)
def test_a_file_of_the_project_is_no_package(text: str) -> None:
    assert [item for item in read(text).causes if item.kind == "node_module"] == []


@pytest.mark.parametrize(
    ("text", "facts"),
    [
        (
            (
                "npm error code EBADENGINE\nnpm error engine Unsupported engine\nnpm error engine Not "
                "compatible with your"
                ' version of node/npm: kiosk@1.0.0\nnpm error notsup Required: {"node":">=22.12"}\nnpm error '
                "notsup Actual:  "
                ' {"npm":"10.8.2","node":"v20.20.2"}'
            ),
            {"wanted": ">=22.12", "have": "v20.20.2"},
        ),
        (
            (
                'error kiosk@1.0.0: The engine "node" is incompatible with this module. Expected version ">=22.12". Got'
                ' "20.20.2"'
            ),
            {"wanted": ">=22.12", "have": "20.20.2"},
        ),
        (
            (
                " ERR_PNPM_UNSUPPORTED_ENGINE  Unsupported environment (bad pnpm and/or Node.js version)\n\nYour "
                "Node version"
                ' is incompatible with "/w/kiosk".\n\nExpected version: >=22\nGot: v18.19.0'
            ),
            {"wanted": ">=22", "have": "v18.19.0"},
        ),
        (
            'You are using Node.js 18.17.0. For Next.js, Node.js version ">=20.9.0" is required.',
            {"wanted": ">=20.9.0"},
        ),
        (
            (
                "Node.js version v18.13.0 detected.\nThe Angular CLI requires a minimum Node.js version of "
                "v20.19 or v22.12."
            ),
            {"wanted": "v20.19 or v22.12"},
        ),
        (
            "You are using Node.js 18.20.4. Vite requires Node.js version 20.19+ or 22.12+.",
            {"wanted": "20.19+ or 22.12+"},
        ),
        ("TypeError: crypto.hash is not a function", {"since": "22"}),
        ("ReferenceError: File is not defined", {"since": "20"}),
        ("Error [ERR_UNKNOWN_BUILTIN_MODULE]: No such built-in module: node:sqlite", {"since": "22"}),
    ],
)
def test_which_node_is_asked_for_is_read(text: str, facts: dict[str, str]) -> None:
    cause = next(item for item in read(text).causes if item.kind == "version")
    assert cause.subject == "javascript"
    assert facts.items() <= cause.facts.items()


def test_a_warning_of_npm_about_engines_is_no_cause() -> None:
    text = "npm warn EBADENGINE Unsupported engine {\nnpm warn EBADENGINE   required: { node: '>=22' },"
    assert read(text).causes == ()
