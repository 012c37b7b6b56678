"""Tokens that are known by how they look, whoever writes them and wherever: each issuer's documented form."""

from __future__ import annotations

from devkeel.text.expression import expression
from devkeel.text.secrets.anchors import matches, occurrences

__all__ = ["private_keys", "tokens"]

# Each is anchored on its beginning; what may be long is one class without alternatives, so that a search is linear.
_FORMS = (
    r"gh[pousr]_[A-Za-z0-9]{20,}",  # GitHub
    r"github_pat_\w{20,}",
    r"gl(?:pat|dt|rt|ptt|ft|soat|agent|cbt|imt|oas)-[\w.-]{20,}",  # GitLab
    r"xox[abeprs]-[\w-]{10,}",  # Slack
    r"xapp-\d-[\w-]{10,}",
    r"(?:AKIA|ASIA|AGPA|AIDA|AROA|ABIA|ACCA)[0-9A-Z]{16}(?![0-9A-Za-z])",  # AWS
    r"sk-(?:proj-|ant-|svcacct-|or-|lf-)[\w-]{16,}",  # OpenAI, Anthropic and their like
    r"sk-(?=[A-Za-z0-9-]{0,40}\d)[A-Za-z0-9]{20,}",
    r"(?:sk|rk)_(?:live|test)_[A-Za-z0-9]{10,}",  # Stripe; pk_ is public
    r"whsec_[A-Za-z0-9+/=]{16,}",
    r"npm_[A-Za-z0-9]{30,}",
    r"pypi-[A-Za-z0-9_-]{40,}",
    r"AIza[\w-]{35}",  # Google
    r"ya29\.[\w-]{20,}",
    r"GOCSPX-[\w-]{20,}",
    r"SG\.[\w-]{16,}\.[\w-]{16,}",  # SendGrid
    r"key-[0-9a-f]{32}(?![0-9a-f])",  # Mailgun
    r"do[opr]_v1_[0-9a-f]{40,}",  # DigitalOcean
    r"hf_[A-Za-z]{30,}",  # Hugging Face
    r"dp\.(?:pt|st|ct|scim|audit)\.[\w.-]{30,}",  # Doppler
    r"hv[sbr]\.[\w-]{20,}",  # Vault
    r"[A-Za-z0-9]{14}\.atlasv1\.[\w-]{40,}",  # Terraform
    r"lin_(?:api|oauth)_[A-Za-z0-9]{30,}",
    r"(?:secret|ntn)_[A-Za-z0-9]{40,}",  # Notion
    r"shp(?:at|ca|pa|ss)_[0-9a-fA-F]{32}",  # Shopify
    r"dapi[0-9a-f]{32}(?![0-9a-f])",  # Databricks
    r"dckr_(?:pat|oat)_[\w-]{20,}",
    r"sntry[su]_[\w+/=.-]{30,}",  # Sentry
    r"pul-[0-9a-f]{40}",
    r"pscale_(?:pw|tkn|oauth)_[\w.-]{30,}",
    r"PMAK-[0-9a-f]{24}-[0-9a-f]{34}",
    r"rubygems_[0-9a-f]{48}",
    r"gl(?:sa|c)_[A-Za-z0-9+/=_]{30,}",  # Grafana
    r"NRAK-[A-Z0-9]{27}",
    r"figd_[\w-]{30,}",
    r"(?:sq0(?:atp|csp)-[\w-]{22,}|EAAA[\w-]{60})",  # Square
    r"EAA[A-Za-z0-9]{90,}",  # Meta
    r"(?:pplx|fo1|tskey-auth|tskey-api|tskey-client)-[\w-]{20,}",
    r"(?:gsk|nfp|sbp|r8|xai|ctp|cfut)[_-](?=[A-Za-z_-]{0,30}\d)[A-Za-z0-9_]{30,}",
    r"(?:fm1r|fm2)_[\w+/=]{40,}",  # Fly.io
    r"AGE-SECRET-KEY-1[0-9A-Z]{40,}",
    r"\d{8,10}:AA[\w-]{33}(?![\w-])",  # Telegram
    r"[MNO][A-Za-z\d_-]{23,27}\.[\w-]{6}\.[\w-]{27,40}(?![\w-])",  # Discord
    r"eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*",  # JSON web tokens
    r"[\w.-]{1,80}-\d{1,3}:[A-Za-z0-9+/]{86}==",  # a signing key of a Nix cache; public ones are half as long
    r"atlas-[\w-]{40,}",
    r"1//0[\w-]{40,}",  # Google's refresh tokens
    r"AT(?:ATT|CTT)3x[\w=-]{40,}",  # Atlassian
    r"ATBB(?=[A-Za-z]{0,20}\d)[A-Za-z0-9]{24,}(?![\w-])",
    r"EZ[AT]K[A-Za-z0-9]{54}",  # EasyPost
    r"xkeysib-[0-9a-f]{64}-[\w-]{10,}",  # Brevo
    r"vercel_blob_rw_\w{20,}",
    r"(?:shippo_live|shippo_test)_[0-9a-f]{40}",
    r"tfp_[A-Za-z0-9]{40,}",
    r"lsv2_(?:pt|sk)_[0-9a-f]{32}_[0-9a-f]{10}",  # LangSmith
    r"ph[xs]_[A-Za-z0-9]{40,}",  # PostHog
    r"ops_eyJ[\w-]{40,}",  # 1Password
    r"A3-[A-Z0-9]{6}-(?:[A-Z0-9]{11}|[A-Z0-9]{6}-[A-Z0-9]{5})(?:-[A-Z0-9]{5}){3}",
    r"re_(?=[A-Za-z0-9]{0,7}\d)[A-Za-z0-9]{8}_[A-Za-z0-9]{20,30}(?!\w)",  # Resend
    r"(?:cio|oy2)[A-Za-z0-9]{32,45}(?![\w-])",  # Cargo, NuGet
)
_HOOKS = r"(?P<kept>hooks\.slack\.com/(?:services|workflows)/|discord(?:app)?\.com/api/webhooks/\d{1,30}/)[\w/-]{20,}"


# What each of them begins with, by a sign that must be in the text: a text without is not looked through. A form with
# something else in front has a place of its own in `_starts`.
_BEGINNINGS = {
    "_": "vercel_blob_rw_ shippo_ tfp_ lsv2_ phx_ phs_ ops_eyJ re_ "
    "ghp_ gho_ ghu_ ghs_ ghr_ github_pat_ sk_ rk_ whsec_ npm_ hf_ lin_ secret_ ntn_ shp dckr_ sntry pscale_ "
    "rubygems_ gl figd_ fm1r_ fm2_ gsk nfp sbp r8 xai ctp cfut",
    "-": "xkeysib- A3- "
    "gl xox xapp- sk- pypi- GOCSPX- key- pul- PMAK- NRAK- sq0 pplx- fo1- tskey- gsk nfp sbp r8 xai ctp cfut "
    "atlas- AGE-SECRET-KEY-1",
    ".": "ya29. SG. dp. hvs. hvb. hvr. eyJ hooks.slack.com/ discord.com/api/webhooks/ discordapp.com/api/webhooks/",
    "A": "ATATT3x ATCTT3x ATBB EZAK AKIA ASIA AGPA AIDA AROA ABIA ACCA AIza EAA",
    "": "EZTK dapi 1//0 cio oy2",
}
# What finds a token by its form; a group `kept` is the part that is no secret.
_KNOWN_FORM = expression(rf"(?<![A-Za-z0-9_])(?:{'|'.join(_FORMS)})|{_HOOKS}")
_WITH_DOTS = expression(r"\.(?=[\w-]{6}\.[\w-]{27})")
_SIGNED = expression(r":[A-Za-z0-9+/]{86}==")
_LONGEST_SIGNER = 84


def tokens(text: str) -> list[tuple[int, int]]:
    """Return where tokens are that are known by their form."""
    found = matches(_KNOWN_FORM, text, sorted(_starts(text)))
    return [(match.end("kept") if match["kept"] else match.start(), match.end()) for match in found]


def _starts(text: str) -> set[int]:
    words = {word for sign, listed in _BEGINNINGS.items() if sign in text for word in listed.split()}
    starts = set(occurrences(text, words))
    starts.update(place - 3 for place in occurrences(text, ["_v1_"]))  # DigitalOcean
    starts.update(place - 14 for place in occurrences(text, [".atlasv1."]))
    starts.update(place - digits for place in occurrences(text, [":AA"]) for digits in (8, 9, 10))  # Telegram
    starts.update(place.start() - before for place in _WITH_DOTS.finditer(text) for before in range(24, 29))  # Discord
    for place in _SIGNED.finditer(text):
        starts.update(range(place.start() - _LONGEST_SIGNER, place.start()))
    return {start for start in starts if start >= 0}


# RFC 7468, 2 and 10: the line before and after a key in PEM; some tools put headers between (RFC 1421, 4.6).
_MARK = expression(
    r"(?P<begin>-----BEGIN (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----|PuTTY-User-Key-File-\d: \S{1,40})"
    r"|-----END (?:[A-Z0-9]{1,20} ){0,4}PRIVATE KEY(?: BLOCK)?-----|Private-MAC: [0-9a-f]{40,64}"
)
_MARKING = ("PRIVATE KEY", "PuTTY-User-Key-File-", "Private-MAC: ")
_MATERIAL = expression(
    r"[\s\\nr\"',+|>-]{0,60}(?:[A-Z][A-Za-z-]{1,30}: [^\n\\]{0,80}[\s\\nr+|>]{1,20}){0,4}[A-Za-z0-9+/=]{16,}"
)
# A line of a key's body: base64 or a header, with what files, JSON text, diffs and quoted lists have at its sides.
_LINE = expression(r"[ \t+|>\"'-]*(?:[A-Za-z0-9+/=\\]{1,80}|[A-Z][A-Za-z-]{1,30}: [^\n]{0,80}|)[\"',]*\Z")
_BASE64_LINE = expression(r"[ \t+|>\"'-]*[A-Za-z0-9+/=]{16,80}[\"',]*\Z")
_NEAR, _LONGEST = 400, 16 * 1024


def private_keys(text: str) -> list[tuple[int, int]]:
    """Return where private keys are, also one whose beginning or end lies outside the text."""
    found: list[tuple[int, int]] = []
    if not any(word in text for word in _MARKING):
        return found
    marks = list(_MARK.finditer(text))
    position = 0
    for number, mark in enumerate(marks):
        if mark.start() < position:
            continue
        follower = marks[number + 1] if number + 1 < len(marks) else None
        if mark["begin"] is None:
            span = (_before(text, position, mark.start()), mark.end())
            found += [span] if span[0] < mark.start() else []
            position = mark.end()
        elif follower is not None and follower["begin"] is None and follower.start() - mark.end() <= _LONGEST:
            found.append((mark.start(), follower.end()))
            position = follower.end()
        else:
            limit = min(follower.start() if follower else len(text), mark.end() + _LONGEST)
            if _MATERIAL.match(text, mark.end(), limit):
                position = _after(text, mark.end(), limit)
                found.append((mark.start(), position))
    return found


def _before(text: str, least: int, end: int) -> int:
    """Return where the lines of a key's body begin that stand before its last line."""
    start = end
    while start > least:
        line = max(least, text.rfind("\n", least, start - 1) + 1)
        if start - line > _NEAR or not _BASE64_LINE.match(text[line:start].rstrip("\n")):
            break
        start = line
    return start


def _after(text: str, start: int, stop: int) -> int:
    """Return where the lines of a key's body end that has no last line."""
    position = seen = start
    while position < stop:
        end = text.find("\n", position, stop)
        end = stop if end < 0 else end
        if end - position > _NEAR:  # line ends are escaped here: all of it is one
            seen = end
        elif not _LINE.match(text[position:end]):
            break
        elif end > position:
            seen = end
        position = end + 1
    return seen
