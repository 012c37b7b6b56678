"""Texts that have no secret, although many look a little like one: masking leaves each as it is."""

from __future__ import annotations

__all__ = ["HARMLESS"]

HARMLESS = r"""
js-cookie==3.0.5
if headers["authorization"] == "wanted-by-x":
git config user.name Somebody
pip config set global.index-url https://example.org/simple
?sort=desc&signature=short
re_compile_pattern
asttokens==2.4.1
tokenizers==0.20.0
tokenizers>=0.19,<1
sentencepiece tokenizers keyring passlib
keyring==25.4.1
keyrings.alt==5.0.2
passlib[bcrypt]==1.7.4
secretstorage==3.3.3; sys_platform == "linux"
pyjwt==2.9.0
python-jose
token-bucket~=0.3
oauthlib!=3.0
credentials-provider === 1.0
"tokenizers": "^0.20.0"
tokenizers = "0.20"
asttokens = { version = "2.4.1" }
monkey=1
monkey: patch
turkey = 12
keyboard=us
KEYMAP=us
KEYBOARD_LAYOUT=de
services.xserver.xkb.layout = "us";
console.keyMap = "us";
max_tokens = 4096
max_tokens: 4096
MAX_TOKENS=128000
"max_tokens": 8192,
tokens: 12345678
total_tokens=1234567
prompt_tokens: 1234567, completion_tokens: 7654321
num_tokens = len(tokens)
4 tokens used
token_count = 123456
eos_token = "<|endoftext|>"
pad_token: "[PAD]"
bos_token='<s>'
next_token = tokens[0]
next_page_token: abcdefghij
token: ok
token: string
token: str
token: str | None = None
token: Optional[str] = None
def login(user: str, password: str) -> None:
password: string;
password?: string
private token: string | undefined;
secret: SecretStr
api_key: bytes
let token: &'a str = lexer.next();
password = getpass.getpass()
password = os.environ["DB_PASSWORD"]
password = os.environ.get("DB_PASSWORD")
token = process.env.API_TOKEN
const token = await get_token(user);
password=password
login(user, password=password, token=token)
token=access_token
secret = config.sops.secrets.db.path;
passwordFile = "/run/secrets/db";
password_file: /run/secrets/db
PASSWORD_FILE=/run/x
POSTGRES_PASSWORD_FILE=/run/secrets/pg
DB_PASSWORD=/run/secrets/db
DB_PASSWORD=$DB_PASSWORD
DB_PASSWORD=${DB_PASSWORD}
DB_PASSWORD=${DB_PASSWORD:-}
password: ${{ secrets.DB_PASSWORD }}
password: {{ db_password }}
password: !vault
password: "%(password)s"
password: <your-password>
PASSWORD=<password>
password: ***
PASSWORD=********
password = null
password: none
password = lib.mkOption {
password = mkOption { type = types.str; };
type = types.nullOr types.str; description = "The password.";
password required
Password: incorrect
password authentication failed for user "postgres"
FATAL:  password authentication failed for user "me"
error: undefined variable 'password'
error: The option `services.postgres.password' does not exist.
syntax error, unexpected token
syntax error, unexpected token: 'in'
Unexpected token: identifier
unexpected token } in JSON at position 12
SyntaxError: invalid token (line 3)
public_key = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG9f3l0x2kz7n1y6w8v5u4t3s2r1q0p9o8n7m6l5k4j3 me@host"
ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIG9f3l0x2kz7n1y6w8v5u4t3s2r1q0p9o8n7m6l5k4j3 me@host
ssh-rsa AAAAB3NzaC1yc2EAAAADAQABAAABgQDf me@host
-----BEGIN PUBLIC KEY-----
-----BEGIN CERTIFICATE-----
A file that begins with -----BEGIN PRIVATE KEY----- is a key.
age1ql3z7hjy54pw3hyww5ayyfg7zqgvc7w3j2elw8zmrj2kg5sfn9aqmcac8p
cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=
trusted-public-keys = cache.nixos.org-1:6NCHdD59X431o0gWypbMrAURkbJ16ZPMQFGspcDShjY=
extra-trusted-public-keys: devenv.cachix.org-1:w1cLUi8dv3hnoSPGAuibQv+f9TZLr6cv/Hp9XgU50hw=
STRIPE_PUBLISHABLE_KEY=pk_live_51HabcdefGHIJ
PUBLIC_KEY=abc123def456ghi789
primary_key: user_id1
PRIMARY_KEY=id1234567
foreign_key = "author_id2"
sort_key: created1at
CACHE_KEY=v1-linux-abc123
cache-key: pip-3.12-linux
key: deps-{{ hashFiles }}
key = value
key: value1234
"key": "abc12345"
hotkey=ctrl1shift2
idempotency_key = "a1b2c3d4e5"
monkey_key = banana
registry_keys = [1, 2, 3]
keys = ["a1", "b2"]
dict_keys(['a', 'b'])
hash = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=
"integrity": "sha512-dVdtoasfd9m3jsd8fj3jf9Dkfj+KJd8fj3kd9f/dkfjd8fjJD8fj3kdfjD==",
--hash=sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855
rev = "ff7d17e0a3c1b5d7e9f1a3c5e7d9b1f3a5c7e9d1";
commit ff7d17e0a3c1b5d7e9f1a3c5e7d9b1f3a5c7e9d1
/nix/store/0c1n9q5hxfy8h7h7v3vzqk0zv2z2p6ap-python3-3.12.7
/nix/store/0c1n9q5hxfy8h7h7v3vzqk0zv2z2p6ap-pass-1.7.4/bin/pass
narHash: sha256-abcDEF123456/abcDEF123456+abcDEF123456abcDE=
550e8400-e29b-41d4-a716-446655440000
session_key_length = 2048
PASSWORD_MIN_LENGTH=12
PASSWORD_HASHERS=argon2
PASSWORD_RESET_TIMEOUT=86400
token_url = "https://auth.example.org/oauth/token"
TOKEN_ENDPOINT=https://auth.example.org/token
token_type: bearer
TOKEN_EXPIRY=3600
token_ttl = 3600s
secretName: my-tls1cert
secretKeyRef:
secret_name = "db1-credentials"
SECRETS_DIR=/run/secrets
secrets.toml
secretspec.enable = true;
secretspec check --profile development
credentials_file: ~/.aws/credentials
AWS_SHARED_CREDENTIALS_FILE=/srv/me/.aws/credentials
GIT_ASKPASS=/bin/true
SSH_ASKPASS=/usr/bin/ksshaskpass
bypass=true1234
DEFAULT_LAST_PASS: Final = 2
SECOND_PASS=true1
compass: north1234
encompass=everything9
passthrough=enabled1
PWD=/srv/me/project9
OLDPWD=/srv/me/project8
cwd=/srv/me/a1b2
PATH=/nix/store/0c1n9q5hxfy8h7h7v3vzqk0zv2z2p6ap-pass-1.7.4/bin:/usr/bin
http://localhost:8000/a@b
http://localhost:8000
https://registry.example.org:443/@scope/pkg
https://registry.example.org/@scope/pkg/-/pkg-1.0.0.tgz
git+ssh://git@github.com/o/r.git#v1
ssh://git@github.com:22/o/r.git
git@github.com:o/r.git
github:cachix/devenv-nixpkgs/rolling
nixpkgs: url: github:NixOS/nixpkgs/nixos-24.05
postgres://localhost:5432/app
postgresql://me@localhost/app
redis://localhost:6379/0
see https://example.org: mail me@example.org
listening on 0.0.0.0:6379 for me@host
mkdir -p some/deep1/folder2
docker run -p 8080:80 nginx
pytest -p no:cacheprovider
cp -p file1 file2
npm login --registry https://registry.example.org
mysql -u root -p
mysql --protocol=tcp -P 3306
curl -u me https://example.org
curl https://example.org:8443/path
Basic usage: see the manual
Basic authentication
Bearer tokens are refused
a Basic example of it
Authorization header is missing
ENV PATH /usr/local/bin:/usr/bin
ENV LANG C.UTF-8
set -e
set -euo pipefail
for key, value in items:
if token == "abc123secret":
token != previous
token::Kind
class Token(Enum):
enum TokenKind { Plus, Minus }
lexer.token = Token.IDENT
languages.python.enable = true;
env.TOKENIZER_PARALLELISM = "false1";
TOKENIZERS_PARALLELISM=false
services.postgres.initialDatabases = [ { name = "app1"; } ];
services.keycloak.enable = true;
pkgs.pass pkgs.gopass pkgs.keepassxc pkgs.monkeysphere
programs.password-store.package = pkgs.pass;
buildInputs = [ pkgs.libsecret pkgs.passwd ];
path = "tests/test_tokens.py::test_password_is_hidden"
tests/test_secrets.py:12: AssertionError
src/auth/token.rs:12:5: error: mismatched types
keywords = ["password", "token", "secret"]
enable = true; port = 5432;
uv.lock: sdist = { url = "https://files.example.org/packages/asttokens-2.4.1.tar.gz", size = 62284 }
Downloading tokenizers-0.20.0-cp312-cp312-linux_x86_64.whl (3.0 MB)
Successfully installed keyring-25.4.1 passlib-1.7.4 tokenizers-0.20.0
version = "1.2.3"; sha256 = "0v1g8kz2m4n6p8q0r2s4t6u8w0x2y4z6a8b0c2d4e6f8g0h2j4k6";
npm_config_cache=/tmp/npm9
npm_lifecycle_event
sk-learn is scikit-learn
task-list risk-free disk-usage-analyser-gui-tools
hf_transfer==0.1.8
key-value-store-with-many-words
dotenv.enable = true;
SECRET=
PASSWORD=""
password: ''
the secret: simplicity
secret ingredient
It takes a token, a key and a password.
Password: [hidden]
✓ passed 12 tests ✗ failed 3
naïve café “quotes” … 漢字 العربية हिन्दी 👩 ❤
""".strip().split("\n")
