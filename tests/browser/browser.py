"""Debian's Chromium without a window, over its DevTools protocol."""

import http.client
import itertools
import json
import shutil
import subprocess

from support.raw import RawWebSocket
from support.waiting import SLOW, Deadline, eventually

CHROMIUM = shutil.which("chromium")
SOON = 30.0  # a browser on a busy machine takes its time


class Browser:
    def __init__(self, profile):
        self.profile = profile
        self.pages = []

    def __enter__(self):
        options = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
                   "--disable-background-networking", "--disable-background-timer-throttling",
                   "--disable-renderer-backgrounding", "--disable-backgrounding-occluded-windows",
                   "--remote-debugging-port=0", f"--user-data-dir={self.profile}", "about:blank")
        self.log = open(f"{self.profile}.log", "wb")
        self.process = subprocess.Popen([CHROMIUM, *options], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        port_file = self.profile / "DevToolsActivePort"
        lines = eventually(
            lambda: port_file.exists() and port_file.read_text().count("\n") and port_file.read_text().splitlines(),
            "Chromium says where its DevTools are", SOON,
        )
        self.port = int(lines[0])
        return self

    def __exit__(self, *unused):
        for page in self.pages:
            page.client.drop()
        self.process.terminate()
        try:
            self.process.wait(Deadline(10).left())
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.log.close()

    def open(self, url):
        """A new tab, which shares nothing of its session with others."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=SOON * SLOW)
        connection.request("PUT", "/json/new?about:blank")
        target = json.loads(connection.getresponse().read())
        connection.close()
        page = Page(RawWebSocket("127.0.0.1", self.port, target=f"/devtools/page/{target['id']}"))
        self.pages.append(page)
        page.go(url)
        return page


KEYS = {"Enter": (13, "\r"), "Tab": (9, ""), "Escape": (27, ""), " ": (32, " ")}


class Page:
    """One tab. Selectors are CSS. `problems`: what the page's JavaScript threw and nobody caught."""

    def __init__(self, client):
        self.client = client
        self.problems = []
        self._numbers = itertools.count(1)
        self.call("Page.enable")
        self.call("Runtime.enable")
        # Every tab is in front, as windows beside each other are.
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)

    def call(self, method, **parameters):
        number = next(self._numbers)
        self.client.send_json({"id": number, "method": method, "params": parameters})
        deadline = Deadline(SOON)
        while True:
            message = self.client.receive(deadline.left() / SLOW)
            if message.get("method") == "Runtime.exceptionThrown":
                self.problems.append(message["params"]["exceptionDetails"])
            if message.get("id") == number:
                assert "error" not in message, (method, message)
                return message["result"]

    def drained(self):
        """Its problems until now."""
        self.run("0")
        return self.problems

    def go(self, url):
        self.call("Page.navigate", url=url)
        self.wait("document.readyState === 'complete' && location.href !== 'about:blank'", f"{url} is there")

    def reload(self):
        self.run("window.isOld = true")
        self.call("Page.reload")
        self.wait("!window.isOld && document.readyState === 'complete'", "the page is loaded again")

    def run(self, script):
        """The value of a piece of JavaScript."""
        result = self.call("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True, userGesture=True)
        assert "exceptionDetails" not in result, (script, result["exceptionDetails"])
        return result["result"].get("value")

    def wait(self, script, what):
        try:
            return eventually(lambda: self.run(f"Boolean({script})"), what, SOON)
        except AssertionError as problem:
            raise AssertionError(f"{problem}\n--- the page:\n{self.run('document.body?.innerText')}") from None

    def element(self, selector):
        return f"document.querySelector({json.dumps(selector)})"

    def sees(self, text, selector="body"):
        """Waits until the element shows the text."""
        shown = f"{self.element(selector)}?.innerText.includes({json.dumps(text)})"
        self.wait(shown, f"{selector} shows {text!r}")

    def count(self, selector, number):
        """Waits until there are so many of them."""
        self.wait(f"document.querySelectorAll({json.dumps(selector)}).length === {number}", f"{selector}: {number} of them")

    def text(self, selector="body"):
        return self.run(f"{self.element(selector)}.innerText")

    def type(self, selector, text):
        """As a person does: into the field that has the focus."""
        self.wait(f"{self.element(selector)}?.checkVisibility() && !{self.element(selector)}.disabled", f"{selector} can be typed into")
        self.run(f"{self.element(selector)}.focus(); {self.element(selector)}.select?.()")
        self.call("Input.insertText", text=text)

    def enter(self, selector, text):
        """Types, and presses Enter."""
        self.type(selector, text)
        self.press("Enter")

    def press(self, key):
        code, text = KEYS[key]
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=key, code=key, windowsVirtualKeyCode=code, text=text)

    def tab_to(self, selector):
        """With the Tab key alone, as who has no mouse."""
        for _ in range(40):
            if self.run(f"document.activeElement === {self.element(selector)}"):
                return
            self.press("Tab")
        raise AssertionError(f"no way to {selector} by the Tab key")

    def click(self, selector):
        self.wait(f"{self.element(selector)}?.checkVisibility() && !{self.element(selector)}.disabled", f"{selector} can be clicked")
        self.run(f"{self.element(selector)}.click()")

    def choose(self, selector, value):
        """An option, by a part of what it shows."""
        option = f"[...{self.element(selector)}.options].find((one) => one.text.includes({json.dumps(value)}))"
        self.wait(option, f"{selector} has {value!r}")
        self.run(f"{option}.selected = true; {self.element(selector)}.dispatchEvent(new Event('change'))")
