"""docs/customer-service in Chromium: what each page does besides the one long conversation of test_customer_service.py."""

import json

import pytest

from site_under_test import WORDS, hand_over, say
from support.waiting import eventually

HOSTILE = "<img src=x onerror='window.hacked=1'><script>window.hacked=1</script>"


def test_what_others_write_is_text(site):
    alex = site.agent("Alex")
    cara = site.customer(HOSTILE[:30], HOSTILE)  # as long as a name may be
    say(cara, HOSTILE)
    alex.sees(HOSTILE, "#transcript")
    alex.sees(HOSTILE[:30], "#tickets")
    say(alex, HOSTILE)
    cara.sees(HOSTILE, "#transcript .other")
    alex.click("#say [name=note]")
    say(alex, HOSTILE)
    alex.sees(HOSTILE, "#transcript .note")
    ticket = site.running.admin.get("/api/v1/tickets").json()["tickets"][0]["ticket_id"]
    answer = site.running.admin.post(f"/api/v1/tickets/{ticket}/close", {"reason": HOSTILE})
    assert answer.status == 200, answer
    for page in (alex, cara):
        page.sees(f"closed: {HOSTILE}", "#transcript")
        assert page.run("window.hacked === undefined && !document.querySelector('img, #transcript script')")


def test_offers_are_accepted_declined_and_found_again(make_site):
    site = make_site(offer="accept", offer_timeout=600)
    alex = site.agent("Alex")
    cara = site.customer("Cara", "My order")
    alex.sees("Cara: My order", "#offers")
    alex.reload()  # an offer is not lost by it
    alex.sees("Cara: My order", "#offers")
    alex.click("#offers button:not(.main)")
    alex.count("#offers li", 0)
    cara.sees("An agent will be with you")

    anna = site.agent("Anna")  # who has not declined
    anna.sees("Cara: My order", "#offers")
    site.restart()
    anna.sees("connected", "#state")
    anna.sees("Cara: My order", "#offers")
    anna.click("#offers button.main")
    cara.sees("You are talking to Anna")
    anna.count("#offers li", 0)
    anna.sees("My order", "#tickets")


def test_busy_agents_get_nothing_and_stay_busy_over_a_restart(site):
    alex = site.agent("Alex")
    alex.choose("#status", "busy")
    eventually(lambda: site.running.admin.get("/api/v1/agents/agent-alex").json()["status"] == "busy", "busy")
    cara = site.customer("Cara", "My order")
    cara.sees("you are number 1")
    site.restart()
    for page in (alex, cara):
        page.sees("connected", "#state")
    alex.reload()
    alex.sees("connected", "#state")
    alex.wait("document.querySelector('#status').value === 'busy'", "still busy")
    alex.sees("No tickets", "#count")
    alex.choose("#status", "available")
    cara.sees("You are talking to Alex")


def test_hold_and_what_ends_it(site):
    alex = site.agent("Alex")
    cara = site.customer("Cara", "My order")
    alex.click("#pause")
    cara.sees("Alex has put this on hold")
    alex.sees("on hold: My order", "#tickets")
    alex.click("#pause")
    cara.sees("You are talking to Alex")
    alex.click("#pause")
    cara.sees("on hold", "#bar")
    say(cara, "I am back")
    alex.sees("I am back", "#transcript")
    cara.sees("You are talking to Alex")
    alex.sees("Hold", "#pause")


def test_several_tickets_on_one_desk(site):
    alex = site.agent("Alex")
    cara = site.customer("Cara", "My order")
    alex.sees("Cara: My order", "#subject")
    carl = site.customer("Carl", "My invoice")
    alex.count("#tickets li", 2)

    # What is written and not sent belongs to its ticket, and what comes elsewhere does not take the focus.
    alex.type(WORDS, "Half a sen")
    say(carl, "Number 17 is wrong")
    alex.sees("1", "#tickets li:nth-child(2) .unread")
    assert alex.run("document.title") == "(1) Agent desk"
    assert alex.run("document.activeElement.name") == "content"
    alex.click("#tickets li:nth-child(2) button")
    alex.sees("Number 17 is wrong", "#transcript")
    assert alex.run(f"document.querySelector('{WORDS}').value") == ""
    assert alex.run("document.title") == "Agent desk"
    say(alex, "I see")
    carl.sees("I see", "#transcript")
    alex.run("document.querySelector('#tickets li:nth-child(2) button').focus()")
    say(cara, "Hello?")
    alex.sees("1", "#tickets li:nth-child(1) .unread")
    assert alex.run("document.activeElement.closest('li:nth-child(2)') !== null")
    alex.click("#tickets li:nth-child(1) button")
    assert alex.run(f"document.querySelector('{WORDS}').value") == "Half a sen"
    assert "17" not in alex.text("#transcript") and "I see" not in cara.text()


def test_an_agent_opens_again_what_it_closed(site):
    alex = site.agent("Alex")
    cara = site.customer("Cara", "My order")
    cara.sees("You are talking to Alex")
    alex.click("#close")
    cara.sees("This conversation has ended")
    alex.click("#again")
    cara.sees("You are talking to Alex")
    say(alex, "One more thing")
    cara.sees("One more thing", "#transcript")
    alex.click("#close")
    alex.click("#done")
    alex.sees("No tickets", "#count")
    alex.count("#tickets li", 0)
    cara.click("#another")
    cara.enter("#open input", "My invoice")
    alex.sees("Cara: My invoice", "#subject")


def test_handed_back_to_whoever_is_free(site):
    alex = site.agent("Alex")
    cara = site.customer("Cara", "My order")
    alex.sees("My order", "#subject")
    hand_over(alex, "whoever is free", "not for me")
    cara.sees("An agent will be with you")
    alex.sees("No tickets", "#count")
    anna = site.agent("Anna")
    anna.sees("not for me", "#transcript .note")
    cara.sees("You are talking to Anna")
    assert "not for me" not in cara.text()


def test_two_windows_of_one_customer(site):
    alex = site.agent("Alex")
    cara = site.customer("Cara", "My order")
    again = site.open("widget.html", "Cara")
    again.sees("You are talking to Alex")
    say(cara, "from the one")
    again.sees("from the one", "#transcript .own")
    say(again, "from the other")
    cara.sees("from the other", "#transcript .own:last-child")
    say(alex, "to both")
    for page in (cara, again):
        page.sees("to both", "#transcript")


def test_a_back_end_opens_a_ticket_and_says_something(site):
    alex = site.agent("Alex")
    cara = site.open("widget.html", "Cara")
    call = {"customer": "customer-cara", "ticket_id": "call-1", "subject": "We call you"}
    assert site.running.admin.post("/api/v1/tickets", call).status == 201
    cara.sees("We call you", "#title")
    alex.sees("We call you", "#subject")
    said = {"type": "text", "content": "Your parcel is on its way"}
    assert site.running.admin.post("/api/v1/tickets/call-1/messages", said).status == 200
    for page in (alex, cara):
        page.sees("Your parcel is on its way", "#transcript")
        page.reload()
        page.sees("Your parcel is on its way", "#transcript")
        assert page.text("#transcript").count("Your parcel") == 1


def test_unsent_words_survive_a_reload_of_the_page(site):
    alex = site.agent("Alex")
    cara = site.customer("Cara", "My order")
    cara.sees("You are talking to Alex")
    site.kill()
    cara.sees("trying again", "#state")
    say(cara, "Still there?")
    cara.sees("on its way", "#transcript")
    cara.reload()
    site.start()
    alex.sees("Still there?", "#transcript")
    cara.sees("Still there?", "#transcript")
    cara.wait("!document.querySelector('#transcript').innerText.includes('on its way')", "it is kept")
    history = site.running.admin.get("/api/v1/tickets").json()["tickets"][0]["ticket_id"]
    entries = site.running.admin.get(f"/api/v1/tickets/{history}/history").json()["entries"]
    assert [entry["content"] for entry in entries if entry["type"] == "text"] == ["Still there?"]


def test_a_long_history_comes_page_by_page(site):
    cara = site.customer("Cara", "My order")
    ticket = site.running.admin.get("/api/v1/tickets").json()["tickets"][0]["ticket_id"]
    for number in range(230):
        said = {"type": "text", "content": f"line {number}."}
        assert site.running.admin.post(f"/api/v1/tickets/{ticket}/messages", said).status == 200
    cara.sees("line 229.", "#transcript")
    cara.reload()
    cara.sees("line 229.", "#transcript")
    assert "line 100." not in cara.text()
    for seen in ("line 100.", "line 0."):
        cara.click("#transcript .event button")
        cara.sees(seen, "#transcript")
    lines = cara.run("[...document.querySelectorAll('#transcript .other .what')].map((one) => one.textContent)")
    assert lines == [f"line {number}." for number in range(230)]


def test_a_refusal_is_shown_and_can_be_tried_again(make_site):
    site = make_site(max_message_size=300)
    alex = site.agent("Alex")
    cara = site.customer("Cara", "My order")
    cara.sees("You are talking to Alex")
    say(cara, "x" * 400)
    cara.sees("300 bytes", "#transcript .failed")
    say(cara, "shorter")
    alex.sees("shorter", "#transcript")
    cara.click("#transcript .failed button")
    cara.sees("300 bytes", "#transcript .failed")
    assert "xxx" not in alex.text()

    # Who is full is not handed another one.
    site.running.admin.request("PATCH", "/api/v1/agents/agent-anna", {"max_tickets": 1})
    anna = site.agent("Anna")
    carl = site.customer("Carl", "My invoice")
    carl.sees("You are talking to Anna")
    hand_over(alex, "Anna")
    alex.wait("!document.querySelector('#alert').hidden", "why not")
    alex.sees("My order", "#subject")
    anna.sees("1 ticket", "#count")


def test_a_name_that_the_back_end_refuses(site):
    page = site.browser.open(f"{site.back_end.url}/widget.html")
    page.enter("#login input", "???")
    page.sees("not let in: a name with letters", "#state")
    page.enter("#login input", "小明")
    page.sees("connected", "#state")
    page.enter("#open input", "我的訂單")
    alex = site.agent("Алекс")
    alex.sees("小明: 我的訂單", "#subject")
    page.sees("You are talking to Алекс")


def test_the_keyboard_is_enough(site):
    alex = site.agent("Alex")
    cara = site.browser.open(f"{site.back_end.url}/widget.html")
    cara.wait("!document.querySelector('#login').hidden", "a form")
    for selector, text in (("#login input", "Cara"), ("#open input", "My order")):
        cara.wait(f"document.querySelector({json.dumps(selector)}).checkVisibility()", selector)
        cara.tab_to(selector)
        cara.call("Input.insertText", text=text)
        cara.press("Enter")
    cara.sees("You are talking to Alex")
    cara.tab_to(WORDS)
    cara.call("Input.insertText", text="Hello")
    cara.press("Enter")
    alex.sees("Hello", "#transcript")
    alex.tab_to("#tickets button")
    alex.press("Enter")
    assert alex.run("document.activeElement.name") == "content"

    alex.tab_to("#transfer")
    alex.press("Enter")
    alex.wait("document.querySelector('#handover').open", "the dialog")
    alex.press("Escape")
    alex.wait("!document.querySelector('#handover').open", "the dialog is gone")
    alex.sees("My order", "#subject")
    cara.tab_to("#close")
    cara.press("Enter")
    cara.sees("This conversation has ended")
    cara.wait("document.activeElement.id === 'again'", "the next thing to do has the focus")
    cara.press("Enter")
    cara.sees("You are talking to Alex")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_phone(site, scheme):
    alex = site.agent("Alex")
    cara = site.customer("Cara", "a-subject-without-any-space-" * 5)
    say(cara, "word" * 100)
    alex.sees("word", "#transcript")
    for page in (alex, cara):
        page.call("Emulation.setDeviceMetricsOverride", width=360, height=640, deviceScaleFactor=1, mobile=True)
        page.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
        page.wait("innerWidth === 360 && document.scrollingElement.scrollWidth <= 360", "nothing is wider than the screen")
        light = page.run("getComputedStyle(document.querySelector('header h1')).color") == "rgb(0, 0, 0)"
        assert light == (scheme == "light")
    # The desk shows its list or one conversation.
    alex.sees("Cara", "#tickets")
    alex.click("#tickets button")
    alex.wait("document.querySelector('#talk').checkVisibility() && !document.querySelector('aside').checkVisibility()", "one")
    assert alex.run("document.scrollingElement.scrollWidth <= 360")
    alex.click("#back")
    alex.wait("document.querySelector('aside').checkVisibility()", "the list")


def test_a_page_of_another_origin_is_kept_out(site):
    page = site.open("widget.html", "Cara")
    other = site.back_end.url.replace("127.0.0.1", "localhost")
    page.go(f"{other}/widget.html")
    page.enter("#login input", "Cara")
    page.sees("trying again", "#state")
    site.running.wait_for_log("origin")
