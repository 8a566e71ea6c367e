"""docs/customer-service in Chromium: two customers and two agents, over a reload of a page and a kill -9 of the gateway."""

import os
import re
import subprocess
import sys

import pytest

from support.gateway import SOURCE_DIR

PAGES = SOURCE_DIR / "docs" / "customer-service"
KEY = "the key of this test, which has 32 bytes or more"


class Site:
    """The tutorial's configuration and back end, on ports of their own."""

    def __init__(self, gateway, folder):
        self.gateway, self.folder = gateway, folder
        self.port = 0
        self.pages = None
        self.start()
        self.back_end = subprocess.Popen(
            [sys.executable, str(PAGES / "back_end.py"), "--port", "0", "--gateway", self.running.url],
            env={**os.environ, "GATEWAYD_TOKEN_KEY": KEY},
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        self.pages = re.match(r"(http://\S+)/widget.html", self.back_end.stdout.readline()).group(1)
        # Only now is known which pages may connect.
        self.restart()

    def start(self):
        settings = {
            "wsc.node_port": self.port,
            "wsc.websocket_origins": f'["{self.pages}"]' if self.pages else "[]",
            "wsc.ticket.max_tickets_per_agent": 1,
            "wsc.ticket.position_interval": 1,
            "wsc.store": "{ file: " + str(self.folder / "store.sqlite") + " }",
            "admin.listen": "127.0.0.1:0",
        }
        arguments = [word for key, value in settings.items() for word in ("--set", f"{key}={value}")]
        config = SOURCE_DIR / "config" / "examples" / "customer-service.yaml"
        self.running = self.gateway(config, arguments=arguments, env={"GATEWAYD_TOKEN_KEY": KEY})
        self.port = self.running.port

    def restart(self):
        self.running.kill()
        self.start()

    def close(self):
        self.back_end.terminate()
        self.back_end.wait()
        self.back_end.stdout.close()


@pytest.fixture
def site(gateway, tmp_path):
    made = Site(gateway, tmp_path)
    yield made
    made.close()


def customer(browser, site, name, subject):
    page = browser.open(f"{site.pages}/widget.html")
    page.enter("#login input", name)
    page.sees("connected", "#state")
    page.enter("#open input", subject)
    return page


def agent(browser, site, name):
    page = browser.open(f"{site.pages}/desk.html")
    page.enter("#login input", name)
    page.sees("connected", "#state")
    return page


def say(page, text):
    page.enter("#say input[type=text]", text)


def test_two_customers_and_two_agents(browser, site):
    cara = customer(browser, site, "Cara", "My order")
    cara.sees("you are number 1")
    say(cara, "Is <b>anybody</b> there?")
    carl = customer(browser, site, "Carl", "My invoice")
    carl.sees("you are number 2")

    # The first agent gets the first customer, and what was said before.
    alex = agent(browser, site, "Alex")
    alex.sees("Is <b>anybody</b> there?", "#transcript")
    cara.sees("You are talking to Alex")
    carl.sees("you are number 1")
    say(alex, "I am. What is it?")
    cara.sees("I am. What is it?", "#transcript")
    say(cara, "Where is my parcel?")
    alex.sees("Where is my parcel?", "#transcript")

    # The second one gets the second, and then nothing mixes.
    anna = agent(browser, site, "Anna")
    carl.sees("You are talking to Anna")
    say(carl, "Number 17 is wrong")
    anna.sees("Number 17 is wrong", "#transcript")
    assert "parcel" not in anna.text() and "17" not in alex.text()

    # A page that is loaded again goes on where it was.
    cara.reload()
    cara.sees("Where is my parcel?", "#transcript")
    cara.sees("You are talking to Alex")

    # The gateway dies, and comes back: so do all pages, with all that was said, and each thing once.
    site.restart()
    for page in (cara, carl, alex, anna):
        page.sees("connected", "#state")
    say(alex, "I have found it")
    cara.sees("I have found it", "#transcript")
    for page in (cara, alex):
        assert page.text("#transcript").count("Where is my parcel?") == 1

    # Handed over, with a note that the customer never sees.
    anna.click("#close")
    carl.sees("This conversation has ended")
    alex.choose("#to", "Anna")
    alex.type("#why", "a very good customer")
    alex.click("#transfer")
    anna.sees("a very good customer", "#transcript")
    anna.sees("I have found it", "#transcript")
    alex.sees("No tickets", "#count")
    cara.sees("You are talking to Anna")
    anna.run("document.querySelector('#say [name=note]').click()")
    say(anna, "she is angry")
    anna.sees("she is angry", "#transcript")
    say(anna, "It comes tomorrow")
    cara.sees("It comes tomorrow", "#transcript")
    assert "angry" not in cara.text() and "good customer" not in cara.text()

    # Closed by the customer, opened again; the agent who had it gets it.
    cara.click("#close")
    cara.sees("This conversation has ended")
    anna.sees("No tickets", "#count")
    cara.click("#again")
    cara.sees("You are talking to Anna")
    anna.sees("It comes tomorrow", "#transcript")
    cara.reload()
    cara.sees("It comes tomorrow", "#transcript")
    assert "angry" not in cara.text()
