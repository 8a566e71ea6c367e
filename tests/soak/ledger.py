"""What was sent and what has to arrive: numbered streams, each read by those who are owed all of it."""

MAX_PROBLEMS = 50


class Ledger:
    """Streams by name, with the number of the next message of each; and what went wrong, in words."""

    def __init__(self):
        self.sent = {}
        self.total_sent = 0
        self.total_read = 0
        self.problems = []
        self.problem_count = 0

    def next_number(self, stream):
        number = self.sent.get(stream, 0)
        self.sent[stream] = number + 1
        self.total_sent += 1
        return number

    def problem(self, text):
        self.problem_count += 1
        if len(self.problems) < MAX_PROBLEMS:
            self.problems.append(text)


class Reader:
    """One connection's view. `from_start` names streams that it is owed from their first message on; of any other it
    is owed what comes behind the first one that it sees."""

    def __init__(self, ledger, name, from_start=()):
        self.ledger = ledger
        self.name = name
        self.expected = {stream: 0 for stream in from_start}

    def take(self, stream, number):
        self.ledger.total_read += 1
        expected = self.expected.setdefault(stream, number)
        if number != expected:
            kind = "twice or late" if number < expected else "lost before it"
            self.ledger.problem(f"{self.name}, stream {stream}: got {number} instead of {expected} ({kind})")
        self.expected[stream] = number + 1

    def owed(self, *streams):
        """[(stream, how many did not come)] as of now, of these streams or of all that it reads."""
        missing = ((s, self.ledger.sent.get(s, 0) - self.expected[s]) for s in streams or self.expected)
        return [(stream, count) for stream, count in missing if count != 0]
