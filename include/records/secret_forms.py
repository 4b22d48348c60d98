"""Secrets by the forms in which people and programs write them: addresses, settings, headers, flags, tokens.

What may be long is bounded, and reads no text in two ways: else one full of such words, or of backslashes, would take
for ever.
"""

from __future__ import annotations

import re

from include.records.written_secret import BLOT

WORD = r"pass(?:word|wd|phrase|wort|code)|(?<![a-z])pass(?![a-z])|pwd|secret|token|credentials?|authorization|signature"
WORD += r"|(?<![a-z])pw(?![a-z])|bindpw|kennwort|mot[_ ]?de[_ ]?passe|contrase(?:ñ|n)a"
WORD += r"|(?=[slwпパ密비])(?:senha|l(?:ö|o)senord|wachtwoord|парол[ья]|パスワード|密[码碼]|비밀번호)"
WORD += r"|routing[_-]?key|(?:password|secret)s"
WORD += r"|webhook(?:[_-]?ur[il])?|dsn|(?:api|access|account|auth|private|encryption|fernet|signing)[_-]?key"
WORD += r"|(?:master|subscription|storage|functions|licen[cs]e|ssh)[_-]?key"
WORD += r"(?!: (?:[a-z]{1,14}|[\d.]{1,8}%?) [\w(])"  # but for columns of which something is said
END = r"(?:[_.-]?(?:key|value|json|hash|base64|text|new|old|prod|dev|test|main|\d+))?(?![\w.-])"
#: What stands in the place of a value, and tells nothing: a blot, small numbers, marks, and words that end there.
_NOTHING = r"(?!\*{3}(?:[\s,;)}\]\"']|$)|[+-]?\d{1,3}(?:\.\d+)?%?(?:[\s,;)}\]]|$)"
_NOTHING += r"|(?:</?[a-z_|]{1,20}>|\[[A-Z]{2,8}\])(?:[\s,;)}\"']|$)"  # <pad>, [MASK], <hidden>
_NOTHING += r"|(?:none|null|true|false|yes|no|ok)(?:[,;)}\]\n]|:\s|$))"

#: Between two words of a command, also in a list of them, as Python shows it.
_GAP = r"(?:\s+|[\"'],\s*[\"'])"
_WORD_OF_A_COMMAND = r"(?:'[^']*'|\"[^\"]*\"|[^\s\"']+)"

_URL = re.compile(  # also where JSON has put backslashes before the slashes, and with a login such as me@server
    r"(?P<head>\b[a-z][\w+.-]{0,50}:(?:\\*/){2}[^\s:/@]*(?:@[^\s:/@]+)?:)\S{0,1000}(?=@)", re.IGNORECASE
)
_URL_ENCODED = re.compile(r"(?P<head>\b[a-z][\w+.-]{0,50}%3A(?:%2F){2}[^\s%]*%3A)\S{0,1000}?(?=%40)", re.IGNORECASE)
_URL_TOKEN = re.compile(r"(\bhttps?://)[^\s/@:]+(?=(?::(?:x-oauth-basic)?)?@)", re.IGNORECASE)
_VALUE = (
    r"(?:&quot;.*?&quot;|\[(?![A-Z]{2,8}\])[^\]]*\]"
    r"|(?:[bru]{1,2}(?=[\"']))?(?P<slashes>\\*)(?P<mark>\"{3}|'{3}|[\"'])"
    r"(?:(?:\\.|(?!(?P=mark))[^\n\\]|\n[ \t]){0,2000}?"
    r"|(?:(?!(?P=mark))[^\n]|\n[ \t]){0,2000}?)(?P=slashes)(?P=mark)"  # the second where a backslash ends the value
    r"|\{[^}]*\}|(?:bearer|basic|negotiate)\s+\S+"
    rf"|{_NOTHING}[^\s,;&}}\]<>\"']\S*)"
)
#: Between a name and its value; what follows a colon and a blank without a quote is left to `_YAML`.
_IS = r"(?:\\*[\"']\]?\s*(?:=>|:=|[=:\uff1a])|(?:%22)?%3[AD](?:%22)?"
_IS += r"|\]?\s*(?:=>|:=|=|:(?![ \t]+[^\s\"'{\[\\&])|\uff1a))\s*"
_SETTING = re.compile(rf"(?P<head>(?:{WORD}|\bsig){END}{_IS}){_VALUE}", re.IGNORECASE)
_YAML = re.compile(
    rf"(?P<head>(?<![\w./=-])[\w.-]{{0,50}}(?:{WORD}){END}[ \t]{{0,9}}:[ \t]+){_NOTHING}[^\s\"',;}}][^\n,;}}]*",
    re.IGNORECASE,
)
_AFTER_A_SLASH = re.compile(  # most likely a path, and what is said of it
    rf"(?P<head>(?<=/)[\w.-]{{0,50}}(?:{WORD}){END}:[ \t]+)(?=\S*[A-Za-z])(?=\S*\d)[^\s,;\"']+", re.IGNORECASE
)
_FLAG = re.compile(
    rf"(?P<head>(?<![\w-])--?[\w-]{{0,50}}(?:{WORD})[\w-]{{0,50}}(?:[\"'],)?\s+){_NOTHING}(?:'[^']*'|\"[^\"]*\"|[^\s-]\S*)",
    re.IGNORECASE,
)
_SQL = re.compile(
    r"(?P<head>\b(?:password(?:\s+(?:is|was))?\s+|password\s*\(\s*|identified\s+by\s+|secret_access_key\s+))"
    r"(?:[EU]?'(?:[^']|'')*'|\"[^\"]*\")",
    re.IGNORECASE,
)  # fmt: skip
_ELEMENT = re.compile(
    rf"(?P<head><(?P<name>[\w:.-]{{0,50}}(?:{WORD})[\w:.-]{{0,50}})[^<>]*>)[^<]*(?=</(?P=name))", re.IGNORECASE
)
_HEADER = re.compile(  # not of plain words, such as those after "basic"
    r"(?P<head>\b(?i:bearer)\s+(?=\S*[A-Z0-9_~+/=]))[\w.~+/=-]{6,}"
    r"|(?P<basic>\b(?i:basic)\s+(?=\S*[A-Z0-9+/=]))[A-Za-z0-9+/]{12,}=*"
)
_KINDS = re.compile(
    r"\b(?:gh[pousr]_\w{20,}|github_pat_\w{20,}|gl(?:pat|oas|[dfr]t|cbt|ptt|imt|soat|agent|ffct)-[\w-]{16,}|xox[abposr]-[\w-]{10,}|hf_[A-Za-z0-9]{20,}"
    r"|sk-(?=[\w-]{0,50}[A-Za-z0-9]{16})[\w-]{20,}|dckr_[op]at_[\w-]{20,}|dop_v1_[0-9a-f]{40,}|shp(?:at|ca|pa|ss)_[0-9a-f]{32}"
    r"|nvapi-[\w-]{30,}|gsk_[A-Za-z0-9]{30,}|r8_[A-Za-z0-9]{30,}|pplx-[A-Za-z0-9]{30,}|glsa_\w{30,}|NRAK-[A-Z0-9]{20,}"
    r"|ATATT3[\w=-]{30,}|lin_api_[A-Za-z0-9]{30,}|rubygems_[0-9a-f]{40,}|sq0(?:atp|csp)-[\w-]{20,}|\d{8,10}:AA[\w-]{32,}"
    r"|dapi[0-9a-f]{32}|AIza[\w-]{30,}|(?<!-)eyJ[\w-]{8,}\.[\w-]{8,}\.[\w-]*|[rs]k_(?:live|test)_\w{16,}"
    r"|SG\.[\w-]{16,}\.[\w-]{16,}|npm_\w{30,}|pypi-[\w-]{20,}|ya29\.[\w.-]{16,}|GOCSPX-[\w-]{20,}|hv[bsr]\.[\w.-]{20,}"
    r"|AGE-SECRET-KEY-1[0-9A-Z]{40,}|sbp_[0-9a-f]{40}|vercel_blob_rw_\w{20,}|dp\.[sp]t\.[\w.]{20,}|key-[0-9a-f]{32}"
    r"|pat-[a-z]{2}\d-[0-9a-f-]{36}|xapp-[\w-]{10,}|SK[0-9a-f]{32})\b|\bSCRAM-SHA-256\$[^\s'\"]+|\bmd5[0-9a-f]{32}\b"
)
_AWS = re.compile(r"(?P<head>\bA[KS]IA[A-Z0-9]{16}[\s:/,;|\"']+)[A-Za-z0-9/+]{40}(?![\w/+])")
_HOOK = re.compile(  # addresses that are secrets as a whole: whoever knows them may write there
    r"(?P<head>\bhttps://(?:hooks\.slack\.com/(?:services|workflows|triggers)/|discord(?:app)?\.com/api/webhooks/"
    r"|api\.telegram\.org/(?:file/)?bot|[\w.-]*webhook\.office\.com/webhookb2/|chat\.googleapis\.com/v1/spaces/)"
    r"|\b(?:slack|discord|tgram|msteams|workflows|gchat|pover|pbul|ntfys?|mmosts?|rockets?|matrixs?|jsons?|xmls?)://)"
    r"[^\s\"'<>]+",
    re.IGNORECASE,
)
_AUTHORIZATION = re.compile(  # whose parts are separated by commas
    r"(?P<head>\bauthorization[\"']?\s*[:=]\s*[\"']?)(?:digest|aws4-hmac-sha256)\s[^\n]+", re.IGNORECASE
)
_COOKIE = re.compile(r"(?P<head>\b(?:set-)?cookie[\"']?:[ \t]*[\"']?)[^\n\"']+", re.IGNORECASE)
_BLANKS = re.compile(  # of databases, where a password was not per cent-encoded
    r"(?P<head>\b(?:postgres(?:ql)?|mysql|mariadb|redis|amqp|mongodb)(?:\+\w+)?://[^\s:/@]*:)[^@/]*(?=@)", re.IGNORECASE
)
_PARTED = re.compile(  # its name and its value as values of their own, as Kubernetes writes variables
    rf"(?P<head>\b(?:name|key)[\"']?\s*[:=]\s*[\"']?[\w.-]{{0,50}}(?:{WORD})[\w.-]{{0,50}}[\"']?[,\s]+[\"']?value[\"']?\s*[:=]\s*)"
    rf"{_NOTHING}(?:\"[^\"]*\"|'[^']*'|[^\s\"',}}]+)",
    re.IGNORECASE,
)
_BLOCK = re.compile(rf"(?P<head>(?:{WORD})[\"']?:[ \t]*[|>][+-]?\n)(?:[ \t]+[^\n]*\n?)+", re.IGNORECASE)
_PAIR = re.compile(
    r"(?P<head>[\"'](?:x-)?(?:api[_-]?key|(?:proxy-)?authorization|(?:auth|access|gitlab|vault)[_-]?token)[\"']\s*,\s*)"
    r"(?:\"[^\"]*\"|'[^']*')",
    re.IGNORECASE,
)
_LISTED = re.compile(  # of a list of columns, too: a value has a digit
    r"(?P<head>[\"'][\w.-]*(?:passw(?:or)?d|passphrase|pwd|secret)[\"']\s*,\s*[\"'])(?=[^\"']*\d)[^\"']+", re.IGNORECASE
)
_LOGIN_PAIR = re.compile(
    r"(?P<head>\b(?:auth\s*=\s*\(|HTTP(?:Basic|Digest|Proxy)Auth\()\s*(?:\"[^\"]*\"|'[^']*')\s*,\s*)(?:\"[^\"]*\"|'[^']*')"
)
_TUPLE = re.compile(  # as drivers tell parameters
    rf"(?P<head>\(\s*(?P<mark>[\"'])[\w.-]{{0,50}}(?:{WORD}){END}(?P=mark)\s*,\s*)(?:\"[^\"]*\"|'[^']*')(?=\s*[,)])",
    re.IGNORECASE,
)
_HTML = re.compile(
    rf"(?P<head>&(?P<mark>quot|\#39);[\w.-]{{0,50}}(?:{WORD}){END}&(?P=mark);\s*[,:=]\s*)&(?:quot|\#39);.*?&(?:quot|\#39);",
    re.IGNORECASE,
)
_SAID = re.compile(  # values of letters and digits alone are no words such as "wrong"
    rf"(?P<head>(?:\b(?:pass(?:word|wd|phrase|code)|pwd|secret|api[ _-]?key|\w{{0,20}}secret_access_key)"
    rf"(?:\s+for\s+(?:user\s+)?[\w.@-]+)?(?:\s+(?:is|was|provided)|\s*(?:->|→))?:?[ ]+[\"']?"
    rf"|(?:{WORD}){END}\t+|(?<![^\s\"'])-p{_GAP}))"
    r"(?=[^\s,;\"']*[A-Za-z])(?=[^\s,;\"']*\d)[^\s,;\"']{5,}",
    re.IGNORECASE,
)
_TOKEN_SAID = re.compile(  # of a tokenizer's words hardly one is that long and has all three
    r"(?P<head>\b(?i:token)[ ]+[\"']?)(?=[^\s\"']*[A-Z])(?=[^\s\"']*[a-z])(?=[^\s\"']*\d)[\w.+/=-]{20,}"
)
_DOCKER = re.compile(r"(?P<head>\"auth\"\s*:\s*)\"[^\"]*\"", re.IGNORECASE)
_QUERY = re.compile(
    r"(?P<head>\bhttps?://[^\s\"'<>]{0,500}?[?&](?:code|key)=)(?=[^&\s]{0,99}[a-z])(?=[^&\s]{0,99}\d)[^&\s\"'<>]+",
    re.IGNORECASE,
)
_LOGIN = re.compile(
    rf"(?P<head>\bsshpass{_GAP}-p{_GAP}?|\bredis-cli\b[^\n]{{0,200}}?[\s\"']-a{_GAP}|-pass\w*{_GAP}pass:"
    rf"|\blogin\s+\S+\s+password\s+|\b(?:requirepass|masterauth){_GAP}|\bvault{_GAP}login{_GAP}(?=[\"']?[^\s-][^\s\"']*\d)){_WORD_OF_A_COMMAND}",
    re.IGNORECASE,
)
_PGPASS = re.compile(
    r"(?P<head>(?<![\w*:/.-])(?:[A-Za-z*][\w.*-]*|\d+(?:\.\d+){3}):(?:\d{4,5}|\*):[\w*-]+:[\w*-]+:)[^\s:]+"
)
_PYDANTIC = re.compile(
    rf"(?P<head>\b\w{{0,50}}(?:{WORD})\w{{0,50}}\n[^\n]*?input_value=)(?:'[^']*'|\"[^\"]*\"|[^,\]]+)", re.IGNORECASE
)
_USER = re.compile(  # not the numbers of a user and a group
    rf"(?P<head>(?<![^\s\"'])(?:-u|--(?:proxy-)?user)(?:[ =]?[\"']?|{_GAP})[^\s:\"']+:)(?!\d+(?:[\s\"',]|$))[^\s\"']+"
)
_MYSQL = re.compile(
    rf"(?P<head>\b(?:mysql|mysqldump|mariadb|sqlcmd|bcp)\b[^\n]{{0,200}}?[\s\"']-[pP])(?![\s-]){_WORD_OF_A_COMMAND}"
)
_ORACLE = re.compile(r"(?P<head>(?::thin:|\bsqlplus\s+(?:-\S+\s+){0,9})[^\s/@]{1,100}/)[^\s@]+", re.IGNORECASE)
_EASY = re.compile(r"(?P<head>(?<![\w:/.@-])[A-Za-z]\w*/)[^\s/@:]+(?=@(?://)?[\w.-]+(?::\d{2,5})?/\w)")  # of Oracle
_EDGE = r"-{4,5} ?(?:BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY[A-Z ]{0,20}-{4,5}"
_PRIVATE = re.compile(rf"{_EDGE}.*?(?:{_EDGE}|\Z)|(?<=Private-Lines: ).*?(?:Private-MAC: \w*|\Z)", re.DOTALL)
_FORMS = (
    _URL, _URL_ENCODED, _BLANKS, _AUTHORIZATION, _PARTED, _BLOCK, _QUERY, _LOGIN, _PGPASS, _PYDANTIC, _HOOK, _COOKIE,
    _USER, _MYSQL, _ORACLE, _YAML, _AFTER_A_SLASH, _ELEMENT, _SQL, _SETTING, _FLAG, _PAIR, _LISTED, _TUPLE,
    _LOGIN_PAIR, _HTML, _SAID, _TOKEN_SAID, _DOCKER, _EASY,
)  # fmt: skip
_SOME = re.compile(  # in text that is case-folded: in a third of the time that ignoring its case takes
    rf":\\*/\\*/|%3a%2f|{WORD}|\bsig\b|identified|bearer|basic|---- ?begin|cookie|(?<![^\s\"'])-[up]"
    r"|--\S{0,50}user|:thin:|sqlplus|api key|private-lines|requirepass|masterauth|\"auth\"|\bauth\b|\blogin\b"
    r"|redis-cli|:(?:\d{4,5}|\*):|\w/[^\s/@]+@"
)


def without_forms(text: str) -> str:
    """`text` with a blot in place of each secret that is written in a known form."""
    if _SOME.search(text.casefold()):
        text = _PRIVATE.sub(BLOT, text)
        text = _URL_TOKEN.sub(rf"\1{BLOT}", text)
        for form in _FORMS:
            text = form.sub(rf"\g<head>{BLOT}", text)
        text = _HEADER.sub(lambda found: f"{found['head'] or found['basic']}{BLOT}", text)
    return _AWS.sub(rf"\g<head>{BLOT}", _KINDS.sub(BLOT, text))
