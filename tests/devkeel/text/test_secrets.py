"""What looks like a secret is not shown, and what does not is."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest
from tests.devkeel.text.harmless_texts import HARMLESS
from tests.devkeel.text.secret_texts import CARRIERS, OPTIONS, PASSWORDS, TEXTS, TOKENS, URL_PASSWORDS

from devkeel.text.secrets import blot, hide, looks_secret, mask, mask_arguments, names, names_a_secret

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMES = ["postgres", "postgresql+psycopg", "mysql", "redis", "amqp", "mongodb+srv", "ftp"]


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
        ("https://x.org/?token=abcdefgh1&page=2", "https://x.org/?token=***&page=2"),
        ("Server=db;Password=ab;c9d;Database=app", "Server=db;Password=***;Database=app"),
        ('DB_PASSWORD="two words, a=b" PORT=1', 'DB_PASSWORD="***" PORT=1'),
        ("postgres://me:a/b@c,d&e f@host:5432/app?x=y", "postgres://me:***@host:5432/app?x=y"),
    ],
)
def test_a_secret_is_hidden_and_what_is_round_it_stays(text: str, shown: str) -> None:
    assert mask(text, ["correct-horse"]) == shown


@pytest.mark.parametrize("token", TOKENS)
def test_a_token_is_known_by_its_form(token: str) -> None:
    for text in (token, f"see {token}.", f"x={token}", f"'{token}'", f"https://x.org/{token}/y", f"[{token}]\n{token}"):
        assert token not in mask(text), text


@pytest.mark.parametrize("carrier", [*CARRIERS, *OPTIONS])
def test_a_password_is_known_by_what_carries_it(carrier: str) -> None:
    for password in PASSWORDS:
        text = carrier.format(password)
        shown = mask(f"before\n{text}\nafter")
        assert password not in shown, text
        assert shown.startswith("before\n"), shown
        assert shown.endswith("\nafter"), shown


@pytest.mark.parametrize("carrier", CARRIERS)
def test_a_token_is_hidden_in_every_carrier(carrier: str) -> None:
    assert not [token for token in TOKENS if token in mask(carrier.format(token))]


@pytest.mark.parametrize("password", URL_PASSWORDS)
@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_password_in_an_address_is_hidden_with_whatever_signs_it_has(scheme: str, password: str) -> None:
    for host in ("localhost:5432/app", "db.example.org/app", "db", "10.0.0.1:1/x", "[::1]:5432/x"):
        for text in (f"{scheme}://me:{password}@{host}", f'url = "{scheme}://me:{password}@{host}";'):
            assert mask(text) == text.replace(f":{password}@", ":***@"), text


@pytest.mark.parametrize(("text", "secret"), TEXTS)
def test_a_secret_is_hidden_in_texts_of_every_kind(text: str, secret: str) -> None:
    assert secret not in mask(text)


@pytest.mark.parametrize("text", HARMLESS)
def test_harmless_text_stays(text: str) -> None:
    assert mask(text, ["", "on"]) == text
    assert blot(text.encode()) == text.encode()


def test_harmless_texts_stay_together() -> None:
    assert mask("\n".join(HARMLESS)) == "\n".join(HARMLESS)


@pytest.mark.parametrize("text", [text for text, _ in TEXTS] + [item.format("hunter22") for item in CARRIERS])
def test_what_is_masked_already_stays(text: str) -> None:
    assert mask(mask(text)) == mask(text)


@pytest.mark.parametrize("text", [text for text, _ in TEXTS] + [item.format("hunter22") for item in CARRIERS])
def test_as_many_bytes_come_out_of_blotting_as_went_in(text: str) -> None:
    data = f"é\n{text}\n漢".encode()
    assert len(blot(data)) == len(data)
    assert b"hunter22" not in blot(data)


@pytest.mark.parametrize("name", ["env.DB_PASSWORD", "env.API_TOKEN", "env.AWS_SECRET_ACCESS_KEY", "env.PGPASSWORD"])
def test_names_tell_that_a_value_is_secret(name: str) -> None:
    assert names_a_secret(name)


@pytest.mark.parametrize("name", ["env.PORT", "env.TOKENIZER", "env.KEYBOARD", "env.MONKEY", "PWD", "PUBLIC_KEY"])
def test_other_names_do_not(name: str) -> None:
    assert not names_a_secret(name)


@pytest.mark.parametrize("name", ["STRIPE_KEY", "DB_PWD", "GITHUB_PAT", "PGPASS", "stripeKey", "SECRET_KEY_BASE"])
def test_a_value_apart_from_its_name_is_hidden(name: str) -> None:
    assert hide("abc123def456", name) == "***"
    assert looks_secret(name, "abc123def456")
    assert hide("abc123def456", "title") == "abc123def456"


@pytest.mark.parametrize(
    ("words", "shown"),
    [
        (("tool", "--password", "hunter22", "x"), ("tool", "--password", "***", "x")),
        (("tool", "--token=abc123def"), ("tool", "--token=***")),
        (("mysql", "-u", "root", "-phunter22", "app"), ("mysql", "-u", "root", "-p***", "app")),
        (("sshpass", "-p", "hunter22", "ssh"), ("sshpass", "-p", "***", "ssh")),
        (("pytest", "-p", "no:cacheprovider"), ("pytest", "-p", "no:cacheprovider")),
        (("env", "DB_PASSWORD=two words 9", "x"), ("env", "DB_PASSWORD=***", "x")),
    ],
)
def test_words_of_a_command_are_masked_by_those_before_them(words: tuple[str, ...], shown: tuple[str, ...]) -> None:
    assert mask_arguments(words) == shown


HARD = [
    "a",
    "a.",
    "token",
    "password=",
    "password ",
    "password: '",
    "--token ",
    "a://b:",
    "a://b:c ",
    "x://",
    "-----BEGIN PRIVATE KEY-----",
    "-----BEGIN PRIVATE KEY-----\nAAAAAAAAAAAAAAAAAAAAAAAA\n",
    "-----END PRIVATE KEY-----",
    "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\n",
    "mysql ",
    "mysql -",
    "curl -u ",
    "docker login ",
    "eyJaaaaaaaa.",
    "eyJ",
    "sk-a-",
    "Bearer ",
    "authorization:",
    "PASSWORD=,",
    "password=''",
    '"password": "\\"',
    "<password>",
    "login a ",
    'key="a" ',
    "hooks.slack.com/services/",
    "1//0",
    "@",
    "a@",
    "''",
    "\\",
    "set -a ",
    "password:\n  ",
]


@pytest.mark.parametrize("piece", HARD)
def test_no_text_makes_masking_slow(piece: str) -> None:
    def seconds(size: int) -> float:
        text = (piece * (size // len(piece) + 1))[:size]
        found = []
        for _ in range(3):
            begun = time.process_time()
            mask(text)
            found.append(time.process_time() - begun)
        return min(found)

    # Four times the text takes four times as long; with the square it would be sixteen.
    assert seconds(80_000) < 10 * max(seconds(20_000), 0.002)


PLAIN = [
    "x",
    "x-",
    " ",
    "\n",
    "é",
    "0123456789abcdef",
    "The quick brown fox jumps over the lazy dog, and goes to /usr/lib/python3/site-packages: fine.\n",
    '{"name": "abc", "value": 12, "key": "k"},\n',
    "collected foo-1.2.3 from https://example.org/foo\n",
]


@pytest.mark.parametrize("piece", PLAIN)
def test_a_megabyte_of_harmless_text_is_masked_at_once(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    begun = time.process_time()
    assert mask(text) == text
    assert time.process_time() - begun < 0.4  # a tenth of it on an idle machine


def test_each_word_that_says_secret_has_in_it_what_a_search_begins_at() -> None:
    for word in names._PASSWORDS | names._TOKENS | set(names._ENDINGS) | {"pass", "key", "pat"}:
        assert any(part in word for part in names.IN_NAMES), word


@pytest.mark.parametrize("letters", [str.upper, lambda text: text.replace("s", "\u017f").replace("k", "\u212a")])
def test_headers_are_known_in_letters_of_every_kind(letters: Callable[[str], str]) -> None:
    for header in ("authorization", "x-some-token", "set-cookie", "private-token"):
        assert "abc123def456" not in mask(f"İ {letters(header)}: abc123def456")


def test_noise_is_masked_without_losing_anything_else() -> None:
    generator = random.Random(7)
    signs = "pasword:=@/\"' \n.-_,&;{}<>\\$tokenkeyBEGIN0123"
    for _ in range(300):
        text = "".join(generator.choice(signs) for _ in range(200))
        shown = mask(text)
        parts = [part for part in shown.split("***") if part]
        position = 0
        for part in parts:
            position = text.index(part, position) + len(part)


@pytest.mark.parametrize("text", ["MY_PIN=88316611", "pincode: 48213", "OTP=482137", '{"user_otp": "482137"}'])
def test_a_number_is_a_secret_where_its_name_says_so(text: str) -> None:
    assert "***" in mask(text)


@pytest.mark.parametrize("text", ["LED_PIN=12345", "pin: 13", "PIN=latest", "spin=88316611", "OTP_VERSION=27123"])
def test_a_number_of_another_meaning_is_shown(text: str) -> None:
    assert mask(text) == text
