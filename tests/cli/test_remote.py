"""What may be said of an address and a token, and what an answer of the API comes to."""

from __future__ import annotations

import argparse
import os
import subprocess
from pathlib import Path

import httpx
import pytest

from include.cli import remote
from include.cli.__main__ import make_parser
from include.errors import ConfigurationError, DataError, SourceUnavailable
from include.workflow.first_model.rows_from import read_rows_from
from tests.cli.saying import Say
from tests.reading.conftest import House

ADDRESS = "http://airflow:8080"


def options(**given: object) -> argparse.Namespace:
    return argparse.Namespace(**{"url": ADDRESS, "token_file": None, **given})


@pytest.mark.parametrize("url", ["ftp://x", "localhost:8080", "http://", "http://ada:secret@airflow"])
def test_address_that_is_none_or_holds_a_password_is_refused(url: str) -> None:
    with pytest.raises(ConfigurationError, match="--url"):
        remote.address_of(options(url=url))


@pytest.mark.parametrize(
    "url", [ADDRESS, f"{ADDRESS}/", f"{ADDRESS}/retraining/api/v1", f"{ADDRESS}/retraining/api/v1/"]
)
def test_base_address_and_that_of_the_api_are_one(url: str) -> None:
    assert remote.address_of(options(url=url)) == ADDRESS


@pytest.mark.parametrize("token", ["", "  \n", "two words", "a\r\nX-Admin: yes", "tökén"])
def test_token_that_cannot_be_sent_is_refused_and_not_repeated(tmp_path: Path, token: str) -> None:
    file = tmp_path / "token"
    file.write_text(token, encoding="utf-8")
    with pytest.raises(ConfigurationError) as refused:
        remote.request(options(token_file=file), "GET", "/status")
    assert not token.strip() or token not in str(refused.value)


def test_no_command_takes_a_token_as_a_flag() -> None:
    with pytest.raises(SystemExit):
        make_parser().parse_args(["status", "--token", "secret"])


@pytest.mark.parametrize(
    ("status", "media", "text", "error"),
    [
        (404, "application/problem+json", '{"detail": "model no: nothing"}', DataError),
        (409, "application/problem+json", '{"detail": "paused"}', DataError),
        (401, "application/problem+json", '{"detail": "no token"}', DataError),
        (403, "application/json", '{"detail": "no"}', DataError),
        (422, "application/problem+json", '{"detail": "limit"}', DataError),
        (503, "application/problem+json", '{"detail": "the records"}', SourceUnavailable),
        (502, "text/html", "<h1>Bad Gateway</h1>", SourceUnavailable),
        (404, "text/html", "<h1>Not Found</h1>", DataError),
        (302, "text/html", "", DataError),
        (200, "text/html", "<title>Sign in</title>", DataError),
    ],
)
def test_refusal_says_why_and_is_of_the_kind_of_its_status(
    monkeypatch: pytest.MonkeyPatch, status: int, media: str, text: str, error: type[Exception]
) -> None:
    monkeypatch.setenv("RETRAINING_API_TOKEN", "abc")
    answering(monkeypatch, httpx.Response(status, headers={"content-type": media}, text=text))
    with pytest.raises(error, match=r"model no|paused|token|limit|records|failed with 502|is that an Airflow"):
        remote.request(options(), "GET", "/models")


@pytest.mark.parametrize("removed", ["", "signals of 2026-01 are gone"])
def test_what_retention_removed_of_an_answer_is_told_beside_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], removed: str
) -> None:
    monkeypatch.setenv("RETRAINING_API_TOKEN", "abc")
    headers = {"content-type": "text/csv", "x-removed": removed}
    answering(monkeypatch, httpx.Response(200, headers=headers, text="a\n1\n"))
    assert remote.request(options(), "GET", "/export/table") == "a\n1\n"
    assert capsys.readouterr().err == (f"not all that there was: {removed}\n" if removed else "")


def test_write_is_sent_once_whatever_happens_on_the_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETRAINING_API_TOKEN", "abc")
    seen = answering(monkeypatch, httpx.Response(200, json={}))
    remote.request(options(), "POST", "/start", body={"reason": "why", "left": "", "out": None})
    assert seen[0].headers["Authorization"] == "Bearer abc"
    assert seen[0].headers["Idempotency-Key"]
    assert seen[0].content == b'{"reason":"why"}'


@pytest.mark.parametrize(
    ("flag", "dry_run", "said"),
    [("--check", b"false", "checks iris"), ("--dry-run", b"true", "only decides about iris")],
)
def test_run_that_only_checks_or_only_decides_asks_for_no_training(
    say: Say, monkeypatch: pytest.MonkeyPatch, flag: str, dry_run: bytes, said: str
) -> None:
    monkeypatch.setenv("RETRAINING_API_TOKEN", "abc")
    seen = answering(monkeypatch, httpx.Response(200, json={"run_id": "api__1"}))
    assert f"run api__1 {said}" in say("trigger", "iris", flag, "--url", ADDRESS).out
    assert seen[0].url.path.endswith("/models/iris/runs")
    assert b'"dry_run":' + dry_run in seen[0].content
    assert "leave it out" in say("trigger", "iris", flag, "--set", "max_iter=3", "--url", ADDRESS).err
    assert len(seen) == 1


def test_records_are_not_asked_where_an_address_is_given(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RETRAINING_DB", "postgresql://nobody@127.0.0.1:1/none")
    monkeypatch.setenv("RETRAINING_API_TOKEN", "abc")
    entry = {"entries": [], "next_cursor": None, "previous_cursor": None, "total_entries": 0}
    answering(monkeypatch, httpx.Response(200, json=entry))
    assert say("history", "--url", ADDRESS).code == 1
    assert "leave it out" in say("pause", "iris", "--reason", "x", "--by", "ada", "--url", ADDRESS).err


def test_data_of_a_model_is_read_from_another_place_and_comments_stay(house: House, say: Say, tmp_path: Path) -> None:
    place = tmp_path / "new.csv"
    place.write_text("at,sales\n")
    file = house.deployment.models_dir / "iris.yaml"
    file.write_text(
        "# mine\ntask: classification\nsource:\n  kind: sample  # bundled\n  name: iris\n# below\ntarget: species\n"
        "metric: accuracy\n"
    )
    before = file.read_text()
    said = say("start", "--data", f"iris={place}", "--url", "http://127.0.0.1:1")
    assert said.code == 2  # no token: nothing is changed before Airflow can be asked
    assert file.read_text() == before
    read_rows_from(house.deployment.models_dir, "iris", str(place))
    assert file.read_text() == before.replace(
        "kind: sample  # bundled\n  name: iris", f'{{kind: "csv", reference_path: "{place}", recent_path: "{place}"}}'
    )
    other = tmp_path / "other.parquet"
    other.touch()
    file.write_text(f"task: regression\nsource: {{kind: csv, path: {place}}}  # where\ntimestamp: at\ntarget: sales\n"
                    "reference: {start: 2026-01-01, end: 2026-01-31}\nwindow: 10d\nmetric: rmse\n")  # fmt: skip
    read_rows_from(house.deployment.models_dir, "iris", str(other))
    assert f'source: {{kind: "parquet", path: "{other}"}}  # where' in file.read_text()
    with pytest.raises(ConfigurationError, match="there is no file"):
        read_rows_from(house.deployment.models_dir, "iris", str(tmp_path / "gone.csv"))


@pytest.mark.parametrize(
    "words", [("what-if", "--pre", "--preset"), ("report", "--for", "--format"), ("st", "", "status start stop")]
)
def test_shell_completes_commands_and_flags(say: Say, tmp_path: Path, words: tuple[str, str, str]) -> None:
    script = tmp_path / "script"
    script.write_text(say("completion", "bash").out)
    line = ["retraining", *filter(None, words[:2])]
    ask = (
        f"source {script}; COMP_WORDS=({' '.join(line)}); COMP_CWORD={len(line) - 1}; _retraining; "
        'echo "${COMPREPLY[@]}"'
    )
    done = subprocess.run(["bash", "-c", ask], capture_output=True, text=True, check=True, env=dict(os.environ))  # noqa: S607
    assert set(words[2].split()) <= set(done.stdout.split())


def answering(monkeypatch: pytest.MonkeyPatch, answer: httpx.Response) -> list[httpx.Request]:
    """Have every request answered so; the requests, as they come."""
    seen: list[httpx.Request] = []

    def answered(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return answer

    made = httpx.Client
    monkeypatch.setattr(httpx, "Client", lambda **known: made(transport=httpx.MockTransport(answered), **known))
    return seen
