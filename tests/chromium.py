"""A headless Chromium, driven by the WebDriver protocol through chromedriver; no package of Python is needed for it."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import tempfile
import time
import urllib.request
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from tools.ports import free_port

BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--no-proxy-server",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1300,1300",
)  # fmt: skip
ELEMENT = "element-6066-11e4-a52e-4f735466cecf"  # the protocol's name for a reference to an element


def missing() -> str:
    """What a browser test lacks here; empty for nothing."""
    if not any(map(shutil.which, BROWSERS)):
        return "there is no Chromium (Debian: apt-get install chromium)"
    return "" if shutil.which("chromedriver") else "there is no chromedriver (Debian: apt-get install chromium-driver)"


class Chromium:
    """One browser window; all calls wait for what they need for up to `patience` seconds."""

    def __init__(self, patience: float = 120.0) -> None:
        self._patience = patience
        self._profile = tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True)

    def __enter__(self) -> Self:
        """Start driver and browser."""
        port = free_port()
        self._driver = subprocess.Popen(
            [shutil.which("chromedriver") or "chromedriver", f"--port={port}"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        self._address = f"http://127.0.0.1:{port}"
        self._until(lambda: self._call("GET", "/status")["ready"])
        program = next(filter(None, map(shutil.which, BROWSERS)))
        options = {"binary": program, "args": [*FLAGS, f"--user-data-dir={self._profile.name}"]}
        logged = {"browser": "ALL", "performance": "ALL"}
        wanted = {"browserName": "chrome", "goog:chromeOptions": options, "goog:loggingPrefs": logged}
        asked = {"capabilities": {"alwaysMatch": wanted}}
        session = self._call("POST", "/session", asked)["sessionId"]
        self._address += f"/session/{session}"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End both."""
        self._call("DELETE", "")
        self._driver.terminate()
        self._driver.wait()
        self._profile.cleanup()

    def open(self, url: str) -> None:
        """Go to an address."""
        self._call("POST", "/url", {"url": url})

    def click(self, selector: str) -> None:
        """Click the first element of that CSS selector once it can be clicked."""
        self._until(lambda: self._call("POST", f"/element/{self._find(selector)}/click", {}) is None)

    def type(self, selector: str, text: str) -> None:
        """Type into the first element of that CSS selector."""
        self._until(lambda: self._call("POST", f"/element/{self._find(selector)}/value", {"text": text}) is None)

    def wait_for(self, script: str) -> Any:
        """Wait until JavaScript (the body of a function) returns something true, and return that."""
        return self._until(lambda: self._call("POST", "/execute/sync", {"script": script, "args": []}))

    def run(self, script: str, *values: Any) -> Any:
        """What JavaScript (the body of a function) returns; a promise is waited for."""
        return self._call("POST", "/execute/sync", {"script": script, "args": list(values)})

    def resize(self, width: int, height: int) -> None:
        """Make the page inside the window that large, in CSS pixels, however narrow a window may be."""
        sizes = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        asked = {"cmd": "Emulation.setDeviceMetricsOverride", "params": sizes}
        self._call("POST", "/goog/cdp/execute", asked)

    def complaints(self) -> list[str]:
        """What the console has said since the last call, warnings and errors."""
        said = self._call("POST", "/se/log", {"type": "browser"})
        return [entry["message"] for entry in said if entry["level"] in ("WARNING", "SEVERE")]

    def requested(self) -> list[str]:
        """The addresses that were asked for since the last call."""
        kept = self._call("POST", "/se/log", {"type": "performance"})
        events = [json.loads(entry["message"])["message"] for entry in kept]
        return [each["params"]["request"]["url"] for each in events if each["method"] == "Network.requestWillBeSent"]

    def save_screenshot(self, file: Path) -> None:
        """Write what is seen as PNG."""
        file.write_bytes(base64.b64decode(self._call("GET", "/screenshot")))

    def _find(self, selector: str) -> str:
        found = self._call("POST", "/element", {"using": "css selector", "value": selector})
        return str(found[ELEMENT])

    def _until(self, ask: Callable[[], Any]) -> Any:
        end = time.monotonic() + self._patience
        while True:
            try:
                if answer := ask():
                    return answer
                problem = "the answer stays empty"
            except OSError as error:  # not there yet, covered by something, or replaced while it was clicked
                problem = error.read().decode()[:300] if hasattr(error, "read") else str(error)
            if time.monotonic() > end:
                raise AssertionError(problem)
            time.sleep(0.2)

    def _call(self, method: str, path: str, body: dict[str, Any] | None = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310  # our own driver
            self._address + path, data=data, method=method, headers={"Content-Type": "application/json"}
        )
        with _DIRECT.open(request, timeout=300) as response:
            return json.loads(response.read())["value"]


_DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
