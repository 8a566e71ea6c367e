"""docs/customer-service in Chromium: two customers and two agents, over a reload of a page and a kill -9 of the gateway."""

from site_under_test import hand_over, say


def test_two_customers_and_two_agents(make_site):
    site = make_site(max_tickets_per_agent=1)
    cara = site.customer("Cara", "My order")
    cara.sees("you are number 1")
    say(cara, "Is <b>anybody</b> there?")
    carl = site.customer("Carl", "My invoice")
    carl.sees("you are number 2")

    # The first agent gets the first customer, and what was said before.
    alex = site.agent("Alex")
    alex.sees("Is <b>anybody</b> there?", "#transcript")
    cara.sees("You are talking to Alex")
    carl.sees("you are number 1")
    say(alex, "I am. What is it?")
    cara.sees("I am. What is it?", "#transcript")
    say(cara, "Where is my parcel?")
    alex.sees("Where is my parcel?", "#transcript")

    # The second one gets the second, and then nothing mixes.
    anna = site.agent("Anna")
    carl.sees("You are talking to Anna")
    say(carl, "Number 17 is wrong")
    anna.sees("Number 17 is wrong", "#transcript")
    assert "parcel" not in anna.text() and "17" not in alex.text()

    # Pages that are loaded again go on where they were.
    for page in (cara, alex):
        page.reload()
        page.sees("Where is my parcel?", "#transcript")
    cara.sees("You are talking to Alex")

    # The gateway dies. What is said meanwhile waits; then all pages come back, with all that was said, each thing once.
    site.kill()
    for page in (cara, carl, alex, anna):
        page.sees("trying again", "#state")
    say(cara, "Hello? Hello?")
    cara.sees("on its way", "#transcript .own:last-child")
    site.start()
    for page in (cara, carl, alex, anna):
        page.sees("connected", "#state")
    alex.sees("Hello? Hello?", "#transcript")
    say(alex, "I have found it")
    cara.sees("I have found it", "#transcript")
    cara.wait("!document.querySelector('#transcript').innerText.includes('on its way')", "all is kept")
    for page in (cara, alex):
        for said in ("Where is my parcel?", "Hello? Hello?", "I have found it"):
            assert page.text("#transcript").count(said) == 1, (said, page.text())

    # Handed over, with a note that the customer never sees.
    anna.click("#close")
    carl.sees("This conversation has ended")
    anna.sees("Open again")  # the one that has ended stays in sight until she is done with it
    hand_over(alex, "Anna", "a very good customer")
    anna.sees("Cara", "#tickets")
    anna.click("#done")
    anna.sees("a very good customer", "#transcript")
    anna.sees("I have found it", "#transcript")
    alex.sees("No tickets", "#count")
    cara.sees("You are talking to Anna")
    anna.click("#say [name=note]")
    say(anna, "she is angry")
    anna.sees("she is angry", "#transcript .note:last-child")
    say(anna, "It comes tomorrow")
    cara.sees("It comes tomorrow", "#transcript")
    assert "angry" not in cara.text() and "good customer" not in cara.text()

    # Closed by the customer, opened again; the agent who had it gets it.
    cara.click("#close")
    cara.sees("This conversation has ended")
    anna.sees("No tickets", "#count")
    cara.click("#again")
    cara.sees("You are talking to Anna")
    anna.sees("1 ticket", "#count")
    anna.sees("It comes tomorrow", "#transcript")
    cara.reload()
    cara.sees("It comes tomorrow", "#transcript")
    assert "angry" not in cara.text() and "good customer" not in cara.text()
