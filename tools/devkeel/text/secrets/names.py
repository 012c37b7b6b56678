"""Names that say what their value is: `DB_PASSWORD`, `stripeKey`, `PGPASS`; and those that only look so."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache

__all__ = ["IN_NAMES", "Kind", "kind_of", "names_a_secret"]


class Kind(IntEnum):
    """How much a name says: nothing, that a value of digits is secret, that a random one is, that most are, or all."""

    NONE = 0
    NUMBER = 1
    RANDOM = 2
    TOKEN = 3
    PASSWORD = 4


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_LONGEST = 200
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

_PASSWORDS = _words(
    "password passwords passwd passphrase passphrases pwd pword passcode rootpw bindpw requirepass masterauth "
    "passwort psk"
)
_TOKENS = _words(
    "secret secrets token credential credentials creds apikey apikeys authtoken accesstoken refreshtoken bearertoken "
    "apitoken bottoken usertoken idtoken secretkey privatekey privkey accesskey signingkey encryptionkey authkey "
    "masterkey apisecret appsecret clientsecret authorization cookie sessionid sessid"
)
# Secrets that are numbers, and what else has such a name: a pin of a board, a version that is pinned.
_NUMBERS = _words("pin pincode puk otp totp")
_NO_NUMBERS = _words(
    "led gpio data clock clk cs rst reset dc sda scl tx rx miso mosi sck irq int button relay servo motor sensor pwm "
    "in out input output analog digital enable dir step version nix nixpkgs drop map"
)
# What stands before `pass` where that is a password: DB_PASS, PGPASS; never compass, bypass, passlib.
_OWNERS = _words(
    "pg db my sql mysql pgsql postgres psql mongo redis rabbit rabbitmq ftp sftp smtp imap pop mail email ldap ssh "
    "user usr root admin administrator login auth key store keystore truststore http https proxy api app web wifi vpn "
    "svc service sudo su bind basic amqp mq es elastic grafana gitea default backup master rpc test dev prod "
    "become vault ansible pem pfx cert"
)
# `key` alone is any key; these words before it make it one that locks something.
_LOCKS = _words(
    "api access secret private priv encryption decryption encrypt signing sign master auth account storage session "
    "jwt hmac aes rsa des service server client app application license licence admin webhook subscription shared "
    "stripe sendgrid mailgun mailchimp mailjet twilio openai anthropic gemini google maps algolia datadog dd newrelic "
    "sentry segment mixpanel amplitude cohere mistral groq huggingface hf replicate deepl pinecone azure aws gcp "
    "cloudflare digitalocean heroku fly vercel netlify supabase firebase pusher ably github gitlab bitbucket npm "
    "pypi nuget rubygems cargo docker dockerhub slack discord telegram paypal square braintree plaid shopify "
    "airtable notion linear figma etherscan infura alchemy coinbase binance tavily serper serpapi"
)
# And these say what kind of key it is that locks nothing.
_HARMLESS_KEYS = _words(
    "public pub publishable primary foreign sort partition cache host map index unique composite natural surrogate "
    "routing group hot arrow shift ctrl control alt meta enter return escape any each every dict lookup row column "
    "object idempotency trusted known default first last next prev previous parent child new old config setting "
    "registry sheet foreign i18n translation translate message msg data json yaml toml attr attribute field property "
    "option env variable path file url query search filter order merge join dedupe dedup hash state store storage_key "
    "context registry_key bucket prefix range ord rank user_key same other modifier leader bind binding press"
)
# What follows a secret's name where the value is about it and not it: PASSWORD_FILE, TOKEN_URL, secretName, MAX_TOKENS.
_ABOUT = _words(
    "file files path paths dir directory folder url uri urls endpoint host port name names type types kind class len "
    "length size count counts limit limits max min ttl expiry expires expire expiration lifetime duration age timeout "
    "policy algorithm alg algo encoding encoded format field fields prompt hint label title placeholder description "
    "manager provider providers store backend engine ref refs regex pattern validator rules command cmd helper source "
    "script env var variable variables required enabled enable disabled disable optional needed exists valid index idx "
    "position pos offset column usage budget issuer audience scope scopes version mode strategy level rotation "
    "rotate reset resets change changed updated created at is has use show hide visible mount namespace group owner "
    "hash_cost rounds cost iterations"
)
# What stands before `token` where that is a piece of text, a place in a list, or a sign of a grammar.
_NOT_LOCKS = _words(
    "next page pagination continuation continue cancellation sync pad padding eos bos unk sep cls mask special start "
    "end stop unexpected expected current previous prev last first num n max min total prompt completion input output "
    "lex lexer parse parser ast string comment operator keyword identifier punctuation white whitespace new line per "
    "eof indent dedent design color colour theme size count fence fencing lock resume resumption"
)
# A pass is also a time over something: LAST_PASS, SECOND_PASS, LOW_PASS.
_TIMES = _words("last first next second third num n max multi single one two all by low high band boarding per each")
_ENDINGS = ("password", "passwd", "passphrase", "pwd", "secret", "apikey", "authtoken", "accesstoken", "secretkey")
_NOT_ENDINGS = frozenset({"cwd", "oldpwd"})
_SHELL = frozenset({"PWD", "OLDPWD", "env.PWD", "env.OLDPWD"})


# Each name that says anything has one of these in it, in whatever case.
IN_NAMES = (
    "pass",
    "pwd",
    "pword",
    "psk",
    "rootpw",
    "bindpw",
    "masterauth",
    "secret",
    "token",
    "cred",
    "key",
    "pat",
    "cookie",
    "authorization",
    "sessionid",
    "sessid",
    "pin",
    "puk",
    "otp",
)


def names_a_secret(name: str) -> bool:
    """Return whether a variable, an option or a field of that name has a value that only its owner should see."""
    return kind_of(name) >= Kind.TOKEN


@lru_cache(maxsize=4096)
def kind_of(name: str) -> Kind:
    """Return what a name says of its value."""
    name = name[-_LONGEST:].strip("\"'$ ")
    if name in _SHELL:
        return Kind.NONE
    every = _WORD.findall(name)
    upper = name.upper() == name
    words = [word.lower() for word in every if not word.isdigit()]
    if not words:
        return Kind.NONE
    last, before = words[-1], words[-2] if len(words) > 1 else ""
    if last in _ABOUT:
        return Kind.NONE
    found = _by_last(last, before, upper=upper)
    if found is not Kind.NONE:
        return found
    inside = any(
        _by_last(word, left, upper=upper) >= Kind.TOKEN for word, left in zip(words, ["", *words], strict=False)
    )
    return Kind.RANDOM if inside and last not in _PLURALS and before not in _ABOUT else Kind.NONE


_PLURALS = frozenset({"tokens", "keys"})


def _by_last(last: str, before: str, *, upper: bool) -> Kind:
    """Return what the last word of a name says, with the one before it."""
    named = bool(before)
    if last in ("key", "keys"):
        return _key(before, upper=upper)
    if last == "token" and before in _NOT_LOCKS:
        return Kind.NONE
    said = (
        (last == "pass" and (before in _OWNERS or (upper and named and before not in _TIMES)), Kind.PASSWORD),
        (last.endswith("pass") and last[:-4] in _OWNERS, Kind.PASSWORD),
        (last in _PASSWORDS or last.endswith(_ENDINGS[:4]), Kind.NONE if last in _NOT_ENDINGS else Kind.PASSWORD),
        (last in _TOKENS or last.endswith(_ENDINGS), Kind.TOKEN),
        (last in _NUMBERS and before not in _NO_NUMBERS, Kind.NUMBER),
        (last == "pat" and (upper or named), Kind.RANDOM),
        (last == "tokens" and named and before not in _NOT_LOCKS, Kind.RANDOM),
    )
    return next((kind for holds, kind in said if holds), Kind.NONE)


def _key(before: str, *, upper: bool) -> Kind:
    if before in _HARMLESS_KEYS or not before:
        return Kind.NONE
    if before in _LOCKS:
        return Kind.TOKEN if before in ("api", "secret", "private", "access", "encryption", "signing") else Kind.RANDOM
    return Kind.RANDOM if upper else Kind.NONE
