"""What looks like a secret is not shown, and what does not is."""

from __future__ import annotations

import pytest

from devkeel.masking import mask, names_a_secret


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("PGPASSWORD=hunter22", "PGPASSWORD=***"),
        ('{"api_key": "abcdef12", "port": 6379}', '{"api_key": "***", "port": 6379}'),
        ("connect postgres://me:s3cr3t@localhost/db", "connect postgres://me:***@localhost/db"),
        ("Authorization: Bearer abcdefgh12345678", "Authorization: Bearer ***"),
        ("run --token abcdefgh", "run --token ***"),
        ("ghp_0123456789abcdefghijABCDEFGHIJ", "***"),
        ("-----BEGIN RSA PRIVATE KEY-----\nabc\n-----END RSA PRIVATE KEY-----\nend", "***\nend"),
        ("it is correct-horse, yes", "it is ***, yes"),
    ],
)
def test_a_secret_is_hidden(text: str, shown: str) -> None:
    assert mask(text, ["correct-horse"]) == shown


@pytest.mark.parametrize(
    "text",
    [
        "syntax error, unexpected token",
        "Ready to accept connections tcp",
        "http://localhost:8000/a@b",
        "listening on 0.0.0.0:6379",
        "token: ok",
        "4 tokens used",
    ],
)
def test_ordinary_lines_stay(text: str) -> None:
    assert mask(text, ["", "on"]) == text


@pytest.mark.parametrize("name", ["env.DB_PASSWORD", "env.API_TOKEN", "env.AWS_SECRET_ACCESS_KEY", "env.PGPASSWORD"])
def test_names_tell_that_a_value_is_secret(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize("name", ["env.PORT", "env.TOKENIZER", "env.KEYBOARD", "env.MONKEY"])
def test_other_names_do_not(name: str) -> None:
    assert not names_a_secret(name)
