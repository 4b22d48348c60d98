"""Messages sent to real receivers on this machine: mail, chat, webhooks, a pager, functions; failing and slow ones."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from include import workflow
from include.interfaces.notifications.courier import ServicesCourier
from include.interfaces.notifications.hosts import Hosts
from include.interfaces.notifications.services import read_places
from include.records.entries import DeliveryStatus, EventStatus, Notification
from include.workflow.deployment import now
from tests.contracts.test_store_messages import message
from tests.notifications import callbacks
from tests.notifications.receivers import WebReceiver, mail_receiver, web_receiver
from tests.stage import Stage, sales
from tests.test_notify import HOUR, end

HERE = Hosts.from_environment({"RETRAINING_NOTIFY_ALLOW": "127.0.0.0/8, ::1"})
HOSTILE = "<!channel> *b* [x](http://evil) <script>alert(1)</script> @everyone {{ 7*7 }} \u202ecod.exe \x00\x1b[31m"
TOKEN = "T0KENOFTHESERVICE"


@pytest.fixture
def web() -> Iterator[WebReceiver]:
    with web_receiver() as receiver:
        yield receiver


def courier(*config: dict[str, Any], hosts: Hosts = HERE, seconds: float = 5.0) -> ServicesCourier:
    return ServicesCourier(places=read_places("connection x", {"config": list(config)}), hosts=hosts, seconds=seconds)


def send(here: ServicesCourier, *told: Notification, incident: str = "", resolve: bool = False) -> str:
    everybody = message(routing={})
    [service] = here.services(everybody)
    return here.send(service, told or [message()], incident, resolve=resolve)


def test_webhook_gets_what_a_program_needs(web: WebReceiver) -> None:
    assert send(courier({"path": web.url("ok?+X-Sig=abc"), "tag": "ops"})) == ""
    [(path, headers, _)], [body] = web.got, web.bodies()
    assert (path, headers["X-Sig"]) == ("/ok", "abc")
    assert body["title"] == "[HIGH] housing: retraining fails"
    wanted = {"model_name": "housing", "kind": "failed", "phase": "begun", "severity": "HIGH", "owner": "ada"}
    assert {name: body[name] for name in wanted} == wanted
    assert body["key"] == "retraining/housing/failed/event 1"
    assert body["type"] == "failure"


def test_chat_gets_a_message_in_which_the_text_of_others_does_nothing(
    web: WebReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    from apprise.plugins.slack import NotifySlack

    monkeypatch.setattr(NotifySlack, "webhook_url", f"http://127.0.0.1:{web.port}/services")
    place = {"path": "slack://T1JJ3T3L2/A1BRTD4JD/TIiajkdnlazkcOXrIdevi7FQ/#ops"}
    assert send(courier(place), message(headline=HOSTILE)) == ""
    [body] = web.bodies("/services")
    assert body["mrkdwn"] is False
    text = body["attachments"][0]["text"]
    assert "script&gt;" in text
    assert not any(sign in text for sign in ("<", "@everyone", "\u202e", "\x00", "\x1b", "49"))
    assert "{{ 7*7 }}" in text


def test_mail_is_sent() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with mail_receiver(port) as mail:
        place = {"path": f"mailto://127.0.0.1:{port}/?from=a@shop.example&to=b@shop.example&mode=insecure"}
        assert send(courier(place), message(headline="no rows\r\nBcc: eve@evil.example")) == ""
    [got] = mail.got
    assert "Subject: [HIGH] housing: retraining fails" in got
    assert "\nBcc:" not in got.replace("\r", "").partition("\n\n")[0]


def test_pager_gets_a_key_and_resolves_by_it(web: WebReceiver, monkeypatch: pytest.MonkeyPatch) -> None:
    from apprise.plugins import pagerduty

    monkeypatch.setitem(pagerduty.PAGERDUTY_API_LOOKUP, "us", f"http://127.0.0.1:{web.port}/ok")
    here = courier({"path": "pagerduty://integrationkey@apikey?dedup=fixed&region=us"})
    [service] = here.services(message(routing={}))
    assert service.incidents
    assert send(here, incident="retraining/housing/failed/event 1") == ""
    assert send(here, incident="retraining/housing/failed/event 1", resolve=True) == ""
    assert [(body["event_action"], body["dedup_key"]) for body in web.bodies()] == [
        ("trigger", "retraining/housing/failed/event 1"), ("resolve", "retraining/housing/failed/event 1"),
    ]  # fmt: skip


def test_function_is_called_as_its_users_know_it() -> None:
    callbacks.TOLD.clear()
    here = courier({"path": "python://tests.notifications.callbacks:remember"})
    done = message(kind="promoted", facts={"duration": 12.5, "version": "v2", "scores": {"r2": 0.9}})
    assert send(here, done, message()) == ""
    (name, status, duration, words), (_, failed, _, more) = callbacks.TOLD
    assert (name, status, duration) == ("housing", "success", 12.5)
    assert (words["version"], words["scores"]) == ("v2", {"r2": 0.9})
    assert (failed, more["error"]) == ("failed", "no rows")


def test_function_of_the_model_file_is_a_service() -> None:
    place = "tests.notifications.callbacks:fail"
    [service] = courier().services(message(routing={"callbacks": [place]}))
    error = courier().send(service, [message()], "", resolve=False)
    assert "RuntimeError: cannot reach https://…" in error
    assert "secret" not in error
    [missing] = courier().services(message(routing={"callbacks": ["tests.notifications.callbacks:fial"]}))
    assert "did you mean 'fail'" in courier().send(missing, [message()], "", resolve=False)


@pytest.mark.parametrize(("path", "told"), [
    (f"500/{TOKEN}", "500"), (f"redirect/{TOKEN}", "302"), (f"slow/{TOKEN}", "no answer within 0.5 s"),
])  # fmt: skip
def test_failure_says_why_and_shows_no_secret(
    web: WebReceiver, path: str, told: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    begun = time.monotonic()
    place = {"path": web.url(f"{path}?+Authorization=Bearer%20{TOKEN}").replace("://", f"://ada:{TOKEN}@")}
    error = send(courier(place, seconds=0.5))
    assert told in error
    assert time.monotonic() - begun < 3.0
    assert [at for at, _, _ in web.got if at.startswith("/ok")] == []
    assert TOKEN not in error + caplog.text


def test_service_that_is_not_there_or_that_nobody_knows_is_an_answer() -> None:
    assert "Connection error" in send(courier({"path": "json://127.0.0.1:9/x"}))
    assert "cannot read the address" in send(courier({"path": f"nonsense://{TOKEN}"}))


@pytest.mark.parametrize("host", [
    "127.0.0.1", "localhost", "[::1]", "169.254.169.254", "[fe80::1]", "0.0.0.0", "100.100.100.200",  # noqa: S104  # refused
    "[::ffff:127.0.0.1]", "[::ffff:169.254.169.254]", "[fd00:ec2::254]", "2130706433", "0x7f.1", "127.1",
    "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "168.63.129.16", "224.0.0.1",
])  # fmt: skip
def test_webhook_to_this_machine_or_to_a_metadata_service_is_refused(web: WebReceiver, host: str) -> None:
    error = send(courier({"path": f"json://{host}:{web.port}/ok"}, hosts=Hosts(), seconds=3.0))
    assert "refused" in error
    assert web.got == []


def test_name_that_leads_elsewhere_the_second_time_is_refused(
    web: WebReceiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked, find = [], socket.getaddrinfo

    def rebinding(host: Any, port: Any, *rest: Any, **more: Any) -> Any:
        if host != "hooks.shop.example":
            return find(host, port, *rest, **more)
        looked.append(host)
        return find("192.168.7.7" if len(looked) == 1 else "127.0.0.1", port, *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", rebinding)
    error = send(courier({"path": f"json://hooks.shop.example:{web.port}/ok"}, hosts=Hosts()))
    assert "loopback: refused" in error
    assert (len(looked) > 1, web.got) == (True, [])


def test_other_threads_connect_as_ever_while_a_message_is_refused(web: WebReceiver) -> None:
    assert "refused" in send(courier({"path": web.url("ok")}, hosts=Hosts()))
    reached = []

    def connect() -> None:
        with socket.create_connection(("127.0.0.1", web.port), timeout=5):
            reached.append(True)

    with Hosts().guarding():
        thread = threading.Thread(target=connect)
        thread.start()
        thread.join()
    connect()
    assert reached == [True, True]


def test_retrain_is_told_although_one_service_fails_and_one_is_slow(web: WebReceiver, tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(2))
    end(stage, "run-1", EventStatus.FAILED)
    here = courier(
        {"path": web.url("ok"), "tag": "ok"}, {"path": web.url("500"), "tag": "bad"},
        {"path": web.url("slow"), "tag": "slow"}, seconds=0.5,
    )  # fmt: skip
    workflow.notify(stage.deployment)
    begun = time.monotonic()
    found = workflow.deliver(stage.deployment, here)
    assert time.monotonic() - begun < 5.0
    assert (found.sent, found.failed, found.waiting) == (1, 2, 1)
    web.answers["/500"] = 200
    workflow.notify(stage.deployment)
    workflow.deliver(stage.deployment, here, at=now() + HOUR)
    assert len(web.bodies("/ok")) == 1
    [kept] = workflow.notifications(stage.deployment)
    stands = [(each.service, each.attempt, each.status) for each in kept.deliveries]
    assert stands[:3] == [
        ("ok/json", 1, DeliveryStatus.SENT), ("bad/json", 1, DeliveryStatus.FAILED),
        ("slow/json", 1, DeliveryStatus.FAILED),
    ]  # fmt: skip
    assert stands[3] == ("bad/json", 2, DeliveryStatus.SENT)
    assert {each.error for each in kept.deliveries if each.service == "slow/json"} == {"no answer within 0.5 s"}


def test_digest_names_each_model_in_a_line(web: WebReceiver) -> None:
    many = [message(model_name=f"m{number}", subject=f"m{number}") for number in range(7)]
    assert send(courier({"path": web.url("ok")}), *many) == ""
    [body] = web.bodies()
    assert body["title"] == "[HIGH] 7 models: 7 to tell"
    assert body["message"].count("\n") == 6
    assert body["models"] == "m0,m1,m2,m3,m4,m5,m6"
