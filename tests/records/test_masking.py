"""Secrets are found in text by what this process holds, and by the forms in which people write them."""

from __future__ import annotations

import base64
import html
import json
import re
import shlex
import time
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.records import masking
from include.records.json_values import clean_json, clean_text
from include.records.masking import mask, secrets_of

MARK = "hunter2"
FORMS = [
    "postgresql://me:p@hunter2@host/db", "postgresql://me:p/hunter2@host/db", "postgresql://me:hunter2/x@host:5432/db",
    "aws://AKIA:abc/hunter2@/?region_name=x", "redis://:hunter2@host", "https://hunter2token@host/x",
    "postgresql://me:p#hunter2?@host/db", "host=h user=me password='my hunter2' dbname=x", "PGPASSWORD=hunter2 psql",
    "DB_PASSWORD=hunter2", '{"login": "me", "password": "hunter2"}', "{'password': 'my hunter2', 'a': 1}",
    json.dumps(json.dumps({"password": "my hunter2"})), "password: hunter2", "password: my hunter2", "api-key: hunter2",
    "PWD={a;hunter2};x=1", "AccountKey=hunter2==;Endpoint=x", "curl -H 'Authorization: Bearer hunter2'",
    "Authorization: Basic hunter2hunter2", "mysql --password hunter2 -h x", "CREATE ROLE x PASSWORD 'hunter2'",
    "password is 'hunter2'", 'the password was "hunter2"', "<password>hunter2</password>",
    "aws_secret_access_key = hunter2", "?X-Amz-Signature=hunter2&x=1", "sig=hunter2",
    "os.environ['DB_PASSWORD'] = 'hunter2'", "password%3Dhunter2", "client_secret=hunter2", "passphrase=hunter2",
    r"password='\\share\hunter2\' and", r'{"password": "a\"hunter2"}',
    "-----BEGIN RSA PRIVATE KEY-----\nhunter2\n-----END RSA PRIVATE KEY-----", "eyJhunter2x.hunter2xx.hunter2",
]  # fmt: skip
HARMLESS = [
    "password authentication failed for user me", "tokens: 12 columns", "http://host:8080/x", "passed: 3 of 4 guards",
    "field timestamp: column 'at' is missing; found: a, b", "the feature token_count changed: p 0.01", "compass = 3",
    "s3://bucket/key: no such object", "bypass: no", "key: name each column once", "secretary: 3",
    "KeyError: 'password=***'",
]  # fmt: skip


@pytest.mark.parametrize("text", FORMS)
def test_a_secret_is_found_by_its_form(text: str) -> None:
    assert MARK not in mask(f"cannot connect: {text}")
    assert MARK not in json.dumps(clean_json({"told": [text], text: 1}))


@pytest.mark.parametrize("text", HARMLESS)
def test_what_only_looks_like_one_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AIRFLOW_CONN_SHOP", "postgresql://me:{quoted}@host/db"),
        ("AIRFLOW_CONN_SHOP", '{{"conn_type": "aws", "login": "me", "password": {json}}}'),
        ("AIRFLOW_CONN_SHOP", '{{"conn_type": "aws", "extra": {{"aws_session_token": {json}}}}}'),
        ("AIRFLOW_CONN_SHOP", "aws://me@/?aws_secret_access_key={quoted}"),
        ("MLFLOW_TRACKING_PASSWORD", "{raw}"),
        ("MY_API_KEY", "{raw}"),
        ("AIRFLOW__DATABASE__SQL_ALCHEMY_CONN", "postgresql+psycopg2://me:{quoted}@host/db"),
    ],
)
@pytest.mark.parametrize("secret", ["mark 4711/@:%", "quo\"te's4711", "plain4711", "ümläut-4711"])
def test_a_secret_of_the_environment_is_found_wherever_it_stands(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, secret: str
) -> None:
    monkeypatch.setenv(name, value.format(quoted=quote(secret, safe=""), json=json.dumps(secret), raw=secret))
    for told in (secret, quote(secret, safe=""), json.dumps(secret), repr({"x": secret}), f"refused {secret} twice"):
        assert "4711" not in clean_text(told)


def test_what_a_secrets_backend_gave_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_remembered", set())
    masking.remember("from-the-vault", None, "")
    assert mask("the server refused from-the-vault") == "the server refused ***"


def test_short_and_common_words_are_no_secrets_by_value() -> None:
    assert (
        secrets_of(
            {"A_PASSWORD": "abc", "B_PASSWORD": "airflow", "SECRET_KEY_FILE": "/run/secrets/key", "PWD": "/opt/x"}
        )
        == set()
    )


@given(st.text(alphabet=st.characters(blacklist_categories=("Cs",), blacklist_characters="\x00")))
def test_masking_again_changes_nothing_more(text: str) -> None:
    assert mask(mask(text)) == mask(text)


WRITTEN = {
    "plain": str, "address": lambda text: quote(text, safe=""), "form": quote_plus, "python": repr, "json": json.dumps,
    "json_in_unicode": lambda text: json.dumps(text, ensure_ascii=False), "markup": html.escape, "shell": shlex.quote,
    "base64": lambda text: base64.b64encode(text.encode()).decode(),
    "base64_of_addresses": lambda text: base64.urlsafe_b64encode(text.encode()).decode(),
    "basic": lambda text: base64.b64encode(f"me:{text}".encode()).decode(),
    "inside_base64": lambda text: base64.b64encode(f'{{"password": "{text}", "x": 1}}'.encode()).decode(),
    "hexadecimal": lambda text: text.encode().hex(), "bytes": lambda text: repr(text.encode()),
}  # fmt: skip
NESTED = ["plain", "address", "python", "json", "markup"]


@pytest.mark.parametrize("outer", NESTED)
@pytest.mark.parametrize("inner", WRITTEN)
@pytest.mark.parametrize(
    "secret", ["p4ssw0rdc0re", "ä c0re4711x/@:%+'\"c0re4711y#é", "--c0re4711x\n\tc0re4711y\\", "c0re4711x;;;;"]
)
def test_a_secret_is_found_in_every_way_of_writing_it_and_in_two_of_them(
    monkeypatch: pytest.MonkeyPatch, secret: str, inner: str, outer: str
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", secret)
    written = WRITTEN[outer](WRITTEN[inner](secret))
    found = mask(f"refused {written} twice: {written}")
    for core in ("c0re4711", "p4ssw0rd"):
        for form in (
            core,
            core.encode().hex(),
            *(base64.b64encode(b"x" * n + core.encode()).decode()[4:-4] for n in range(3)),
        ):
            assert form not in found, form
    assert found.startswith("refused ")
    assert " twice: " in found


OTHER_WAYS: dict[str, Callable[[str], str]] = {
    **{name: WRITTEN[name] for name in ("plain", "address", "form", "python", "json", "markup", "shell")},
    "script": lambda text: quote(text, safe="!'()*~-._"), "great": lambda text: text.encode().hex().upper(),
    "small": lambda text: re.sub("%..", lambda hit: hit[0].lower(), quote(text, safe="")),
    "apostrophe": lambda text: html.escape(text).replace("&#x27;", "&#39;"),
    "sql": lambda text: text.replace("'", "''"),
    "numbers": lambda text: re.sub(r"[^a-z0-9]", lambda hit: f"&#{ord(hit[0])};", text),
    "page": lambda text: re.sub("[<>&']", lambda hit: f"\\u{ord(hit[0]):04x}", json.dumps(text)),
    "bash": lambda text: re.sub(r"[^a-z0-9]", r"\\\g<0>", text), "csv": lambda text: text.replace('"', '""'),
    "mail": lambda text: re.sub("%", "=", quote(text, safe="").replace("%25", "=25")),
    "settings": lambda text: text.replace("$", "$$").replace("%", "%%"),
}  # fmt: skip


@pytest.mark.parametrize("outer", NESTED)
@pytest.mark.parametrize("inner", OTHER_WAYS)
def test_a_secret_without_a_long_word_is_found_in_every_way_of_writing_it(
    monkeypatch: pytest.MonkeyPatch, inner: str, outer: str
) -> None:
    for secret in ("p@ss!w0$d", "k9#f&2<x>q'z7%", 'a"b\\\\c;d==e', "ü1 ü2+ü3/ü4"):
        monkeypatch.setenv("SHOP_TOKEN", secret)
        written = WRITTEN[outer](OTHER_WAYS[inner](secret))
        found = mask(f"refused {written}")
        assert "***" in found, written
        assert len(found) < len("refused ***") + 16, found  # what is left are quotes around it


def test_what_lies_between_two_secrets_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "first4711-second4711")
    assert mask("first4711 is a word, first4711-second4711 is not") in (
        "first4711 is a word, *** is not", "*** is not",  # what may be one of them counts as one
    )  # fmt: skip
    assert mask("first4711 and, far away: " + "x" * 60 + " second4711").startswith("first4711")
    assert mask("second4711 first4711") == "second4711 first4711"


def test_what_a_program_is_given_is_looked_for_but_no_path_and_no_number(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(masking, "_remembered", set())
    masking.remember_passed_on(["LIC-4711-abc", "/opt/models", "127.0.0.1:80", "12345678", "true"])
    assert mask("LIC-4711-abc in /opt/models of 127.0.0.1:80 is 12345678: true") == (
        "*** in /opt/models of 127.0.0.1:80 is 12345678: true"
    )


@pytest.mark.parametrize(
    ("value", "looked_for"),
    [("LIC-4711-abcdef-0815", True), ("ä m4rk00xf00/@:%+ é", True), ("production", False), ("eu-central-1", False),
     ("postgres.internal.example.com", False), ("/opt/models/version-12", False), ("2026-11-30 04:50:40", False),
     ("https://registry.example.com/v2", False)],
)  # fmt: skip
def test_of_what_others_are_given_only_keys_are_looked_for(
    value: str, looked_for: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masking, "_remembered", set())
    masking.remember_keys([value])
    assert mask(f"its {value} has changed") == f"its {'***' if looked_for else value} has changed"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("to https://hooks.slack.com/services/T0/B0/Zx9kQw7L failed", "to https://hooks.slack.com/services/*** failed"),
        ("https://discord.com/api/webhooks/1234/Zx9kQw7Lp3aB", "https://discord.com/api/webhooks/***"),
        ("https://api.telegram.org/bot1234:AAZx9kQw7L/send", "https://api.telegram.org/bot***"),
        ("https://x.webhook.office.com/webhookb2/Zx9@a/I/y", "https://x.webhook.office.com/webhookb2/***"),
        ("slack://T0000AAAA/B0000BBBB/Zx9kQw7L", "slack://***"),
        ("pay with sk_live_Zx9kQw7Lp3aBZx9k now", "pay with *** now"),
        ("SG.Zx9kQw7Lp3aBZx9kQw7Lp3.Zx9kQw7Lp3aBZx9kQw7Lp3aB", "***"),
        ("curl -u deploy:Zx9kQw7L https://repo", "curl -u deploy:*** https://repo"),
        ("mysql -uroot -pZx9kQw7L shop", "mysql -uroot -p*** shop"),
        ("Set-Cookie: sid=Zx9kQw7L; Path=/", "Set-Cookie: ***"),
        ("jdbc:oracle:thin:scott/Zx9kQw7L@//db:1521/x", "jdbc:oracle:thin:scott/***@//db:1521/x"),
        ("the cookie was eaten, -u is a flag", "the cookie was eaten, -u is a flag"),
        ("read s3://shop/rows.csv at 10:30", "read s3://shop/rows.csv at 10:30"),
    ],
)  # fmt: skip
def test_secrets_that_have_a_form_of_their_own_are_found(text: str, shown: str) -> None:
    assert mask(text) == shown


@pytest.mark.parametrize(
    "text",
    [
        "Command '['train.py', '--api-key', 'hunter2']' returned non-zero",
        "['psql', '--password', 'hunter2']",
        "train --api-key hunter2 --epochs 3",
        "- name: DB_PASSWORD\n  value: hunter2",
        '{"name": "DB_PASSWORD", "value": "hunter2"}',
        "password: |\n  hunter2\n  hunter2\nother: 1",
        '{"passwords": ["x","hunter2"]}',
        "('X-Api-Key', 'hunter2')",
        "{'Set-Cookie': 'session=hunter2'}",
        '{"auths":{"r":{"auth":"hunter2"}}}',
        "password=&quot;hunter2&quot;",
        "postgresql://me:hun ter2 hunter2@h/db",
        "mysql+pymysql://me:hunter2\nx@h/db",
        "https://x.azurewebsites.net/api/f?code=hunter2&x=1",
        "https://maps/api?key=hunter2",
        "DB_PW=hunter2",
        "bindpw=hunter2",
        "routing_key=hunter2",
        "sshpass -p hunter2 ssh me@x",
        "sshpass -phunter2 ssh",
        "machine x login me password hunter2",
        "db.example.org:5432:shop:me:hunter2",
        "*:*:*:me:hunter2",
        "CREATE ROLE a ENCRYPTED PASSWORD E'hunter2'",
        "Kennwort=hunter2",
        "1 error for Settings\ndb_password\n  Input should be x [type=string, input_value='hunter2', a=b]",
        "SCRAM-SHA-256$4096:hunter2$x:y",
        "mot_de_passe: hunter2",
        "X-Api-Key: hunter2",
        "[parameters: ('password', 'hunter2')]",
        "(\"db_password\", \"hunter2\"), ('user', 'me')",
        "&quot;password&quot;: &quot;hunter2&quot;",
        "&#39;secret&#39;: &#39;hunter2&#39;",
        "the password is hunter2",
        "Password hunter2 rejected",
        "token\thunter2",
        "psql -p hunter2 -U me",
        "scott/hunter2@//db:1521/shop",
        "ORA-01017: me/hunter2@db.example.org:1521/shop",
        "requests.get(url, auth=('me', 'hunter2'))",
        'Session(auth = ("me", "hunter2"))',
        '["password","hunter2"]',
        'Authorization: Digest username="me", response="hunter2"',
        "AKIAIOSFODNN7EXAMPLE:hunter2MI/K7MDENG/bPxRfiCYEXAMPLEKEY000A",
        "npm_hunter2hunter2hunter2hunter2hunter2",
        "pypi-hunter2hunter2hunter2",
        "ya29.hunter2hunter2hunter2",
        "GOCSPX-hunter2hunter2hunter2",
        "hvs.hunter2hunter2hunter2",
        "password='my\n  hunter2'",
        'password = """hunter2"""',
        "postgresql:\\/\\/me:hunter2@host\\/db",
        quote("postgresql://me:hunter2@host/db", safe=""),
        "postgresql://me@server:hunter2@host/db",
        "password\uff1ahunter2",
        "password -> hunter2",
        "my password is: hunter2",
        "passwd for user me: hunter2",
        "10.0.0.1:5432:shop:me:hunter2",
        "redis-cli -a hunter2 ping",
        "openssl rsa -passin pass:hunter2",
        "SET PASSWORD FOR 'x' = PASSWORD('hunter2')",
        "pw: hunter2",
        "auth=('me', 'hunter2')",
        'HTTPBasicAuth("me", "hunter2")',
        "password: no way hunter2",
        "password=12hunter2",
        "user/password: hunter2, refused",
        "password:\n  hunter2",
        "Command '['mysqldump', '-uroot', '-phunter2', 'shop']' returned non-zero",
        "['curl', '-u', 'me:hunter2', 'https://x']",
        "['sshpass', '-p', 'hunter2', 'ssh']",
        "['redis-cli', '-h', 'x', '-a', 'hunter2']",
        "['psql', '-p', 'hunter2']",
        "requirepass hunter2",
        "vault login hunter2",
        "password : hunter2",
        "api key: hunter2",
        "API key is hunter2",
        "Incorrect API key provided: hunter2.",
        "Invalid API key 'hunter2'",
        "pwd is hunter2",
        "passcode: hunter2",
        "master_key=hunter2",
        "ssh_key=hunter2",
        "Ocp-Apim-Subscription-Key: hunter2",
        "x-functions-key: hunter2",
        "webhook_url=https://example.org/hook/hunter2",
        '<add key="Password" value="hunter2" />',
        "https://hunter2:@api.example.org/v1",
        "COPY t FROM 's3://b' ACCESS_KEY_ID 'a' SECRET_ACCESS_KEY 'hunter2'",
        "aws configure set aws_secret_access_key hunter2",
        "Session('AKIAIOSFODNN7EXAMPLE', 'hunter2MI/K7MDENG/bPxRfiCYEXAMPLEKEY000A')",
        "-----BEGIN PGP PRIVATE KEY BLOCK-----\nhunter2\n-----END PGP PRIVATE KEY BLOCK-----",
        "---- BEGIN SSH2 ENCRYPTED PRIVATE KEY ----\nhunter2\n---- END SSH2 ENCRYPTED PRIVATE KEY ----",
        "Private-Lines: 2\nhunter2\nhunter2\nPrivate-MAC: hunter2",
        "The token Xhunter2hunter2hunter2 has expired",
        "Invalid token 'Xhunter2hunter2hunter2'",
        "nvapi-hunter2hunter2hunter2hunter2hunter2",
        "gsk_hunter2hunter2hunter2hunter2hunter2",
        "dckr_pat_hunter2hunter2hunter2",
        "1234567890:AAhunter2hunter2hunter2hunter2hunter2",
        "sk-proj-hunter2hunter2hunter2",
        "glrt-hunter2hunter2hunter2",
        "dckr_oat_hunter2hunter2hunter2",
        "X-Auth-Key: hunter2",
        "mot de passe : hunter2",
        "senha=hunter2",
        "wachtwoord: hunter2",
        "пароль: hunter2",
        "密码\uff1ahunter2",
        "b'Authorization': b'Bearer hunter2hunter2'",
        "{b'password': rb'hunter2'}",
        "%22password%22%3A%22hunter2%22",
    ],
)
def test_secrets_are_found_as_other_programs_write_them(text: str) -> None:
    assert "hunter2" not in mask(text)


def test_token_in_the_place_of_a_login_is_found() -> None:
    assert mask("https://hunter2:x-oauth-basic@github.com/a/b.git") == "https://***:***@github.com/a/b.git"
    assert mask("https://me:hunter2@github.com/a/b.git") == "https://me:***@github.com/a/b.git"


@pytest.mark.parametrize(
    "text",
    [
        "columns 'token', 'age' are new",
        "n_tokens=5, tokens: 3",
        "pw=3.2 petal",
        "2026-01-01 12:30:45:123 host:8080/x",
        "https://host:8080/path?page=3&key_id=4",
        "the login page of Airflow",
        "model shop: field weight: 3",
        "auth fails",
        "image sha256:abc",
        "[1, 2, 3]",
        "passwords are not kept",
        "key=3 code=4",
        "sales.csv:12: 3 cells",
        "name: region, value: 3",
        "name=x value=y",
        "the password is wrong, the password was changed",
        "Password authentication failed for user me",
        "token\tvalue",
        "psql -p 5432 -U me",
        "('token', 3), ('secret', None)",
        "password of role2 is missing",
        "models:/sales@champion, prod/sales@champion",
        "git@github.com:team/shop, acme/shop@v1",
        "s3://bucket/day=1@2/x, mail a/b@example.org",
        "auth=(me, you), auth=None",
        "token: no: nothing changed beyond chance",
        "pass: 12, fail: 3",
        "pass = 3",
        '{"token": 0.41, "price": 3}',
        "webhook=ok",
        "sig=0.05",
        "accept_token=false",
        "next_page_token: none",
        "basic understanding of rows",
        "bearer certificates",
        "https://example.org/items?code=42&key=region",
        "train --max-tokens 5 --token-count 12",
        "name: token, value: 5",
        "['password', 'price'] are gone",
        "/etc/secret: permission denied, /run/my_token_0: no such file",
        "slice login=password: rmse 3.1, slice auth=token: accuracy 0.9",
        "mask_token: [MASK], eos_token: </s>, pad_token=<pad>, bos_token=<s>, password=<hidden>",
        "docker run -u 1000:1000 -p 8080:80 shop",
        "['docker', 'run', '-u', '1000:1000', '-p', '8080:80']",
        "hf_mean_over_the_last_thirty_days, sk-learn-based-regression-v2",
        "unknown token serving_default_2026, token_count: 17, tokens: 12 columns",
        "the primary key: id, sort_key=3, key=12, the api key: missing",
        "add key=region value=north",
        "vault login failed: permission denied",
        "glint-measurement-of-the-day, glut-of-orders-in-the-north",
        "a row is identified by order_id, authored by ada, the key-value store",
        "subscription_key: ks 0.41, p 2e-48; license_key: all cells are empty; storage_key: 1034.5 in 40 rows in turn",
    ],
)
def test_what_only_looks_like_a_secret_stays(text: str) -> None:
    assert mask(text) == text


@pytest.mark.parametrize(
    ("begin", "repeated"),
    [("", "--token-"), ("", "a.token."), ("", "token_"), ("password='", "a\n  "), ("auth=('", "a"), ("token=", "\\"),
     ("", "identified by '"), ("", "redis-cli "), ('password="""', "x\n "), ("", "token=["), ("x://", "a@"),
     ("token='", "\\"), ("", "mysql -p "), ("", "'-p', "), ("-----BEGIN PRIVATE KEY-----", "-----END PRIVATE KEY "),
     ("", "Private-Lines: "), ("token ", "aA1"), ("", "secret_access_key "), ("", "redis-cli', '-a"), ("", "sk-a1"),
     ("", "http://?code="), ("", ":thin:a"), ("", "a://x:"), ("", "sk-"), ("", "sk-a-"), ("", "'-p','")],
)  # fmt: skip
def test_no_text_takes_for_ever(begin: str, repeated: str) -> None:
    text, started = begin + repeated * (100_000 // len(repeated)), time.process_time()
    mask(text)
    assert time.process_time() - started < 2.0


def test_no_text_with_much_of_a_secret_takes_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MY_PASSWORD", "hunter2-a-a-a-a-a-a-a-b")
    started = time.process_time()
    mask("hunter2" + "a" * 600)
    assert time.process_time() - started < 2.0
    monkeypatch.setenv("MY_PASSWORD", "a\\\\b\\\\''c c")
    mask("a" + "\\" * 50_000 + "b" + "'" * 50_000 + "c c")
    assert time.process_time() - started < 2.0
    monkeypatch.setenv("MY_PASSWORD", "hunter2-a-a-a-a-a-a-a-b")
    assert mask("my hunter2-a-a-a-a-a-a-a-b, hunter2%2Da%2Da%2Da%2Da%2Da%2Da%2Da%2Db") == "my ***, ***"


@pytest.mark.parametrize(
    "secret", ["p4ssw0rdc0re4711andmore", "c0re-4711/@:%+=c0re4711y#x", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"]
)
@pytest.mark.parametrize("end", ["\n", "\r\n", "\n    ", " |\n| ", "'\n '", " \\\n  ", "\n> ", " │\n│ "])
@pytest.mark.parametrize(
    "written", [str, lambda text: quote(text, safe=""), lambda text: base64.b64encode(text.encode()).decode()]
)
def test_secret_is_found_though_lines_break_it(
    secret: str, end: str, written: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_TOKEN", secret)
    whole = written(secret)
    for width in (5, 11, 16):
        parts = [whole[place : place + width] for place in range(0, len(whole), width)]
        found = mask(f"it refused{end}{end.join(parts)}{end}at last")
        assert [part for part in parts[1:-1] if part in found] == []
        assert found.startswith("it refused")
        assert found.endswith("at last")


def test_words_that_only_lines_put_together_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHOP_TOKEN", "north")
    assert mask("nor\nth") == "nor\nth"
