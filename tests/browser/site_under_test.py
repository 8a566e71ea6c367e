"""The tutorial's configuration, back end and pages, on ports of their own, and who uses them."""

import os
import re
import subprocess
import sys

from support.gateway import SOURCE_DIR

PAGES = SOURCE_DIR / "docs" / "customer-service"
CONFIG = SOURCE_DIR / "config" / "examples" / "customer-service.yaml"
KEY = "the key of this test, which has 32 bytes or more"
WORDS = "#say textarea"


class BackEnd:
    """docs/customer-service/back_end.py. `url`: where its pages are."""

    def __init__(self, *arguments, script=PAGES / "back_end.py", key=KEY):
        self.process = subprocess.Popen(
            [sys.executable, "-B", str(script), *arguments],
            env={**os.environ, "GATEWAYD_TOKEN_KEY": key},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.url = re.match(r"(http://\S+)/widget.html", self.process.stdout.readline()).group(1)

    def close(self):
        self.process.terminate()
        self.process.wait()
        self.process.stdout.close()


class Site:
    def __init__(self, browser, gateway, folder, ticket):
        self.browser, self.gateway, self.folder, self.ticket = browser, gateway, folder, ticket
        self.port = 0
        self.back_end = None
        self.start()
        self.back_end = BackEnd("--port", "0", "--gateway", self.running.url)
        # Only now is known which pages may connect.
        self.restart()

    def start(self):
        settings = {
            "wsc.node_port": self.port,
            "wsc.websocket_origins": f'["{self.back_end.url}"]' if self.back_end else "[]",
            "wsc.store": "{ file: " + str(self.folder / "store.sqlite") + " }",
            "admin.listen": "127.0.0.1:0",
            "wsc.ticket.position_interval": 1,
            **{f"wsc.ticket.{key}": value for key, value in self.ticket.items()},
        }
        arguments = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        self.running = self.gateway(CONFIG, arguments=arguments, env={"GATEWAYD_TOKEN_KEY": KEY})
        self.port = self.running.port

    def kill(self):
        """kill -9"""
        self.running.kill()

    def restart(self):
        self.kill()
        self.start()

    def close(self):
        self.back_end.close()

    # --- people ---

    def open(self, file, name):
        page = self.browser.open(f"{self.back_end.url}/{file}")
        page.enter("#login input", name)
        page.sees("connected", "#state")
        return page

    def customer(self, name, subject):
        page = self.open("widget.html", name)
        page.enter("#open input", subject)
        page.sees(subject, "#title")
        return page

    def agent(self, name):
        return self.open("desk.html", name)


def say(page, text):
    page.enter(WORDS, text)


def hand_over(page, to, note=""):
    """The desk's Transfer."""
    page.click("#transfer")
    page.choose("#handover select", to)
    if note:
        page.type("#handover textarea", note)
    page.click("#handover button.main")
