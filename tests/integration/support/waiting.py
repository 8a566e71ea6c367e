"""Deadlines. Every wait of these tests is for a condition, and ends with an error that says what it was.

Limits are in seconds on an ordinary machine; GATEWAYD_SLOW (set by CMake for builds with a sanitizer)
stretches them all.
"""

import os
import threading
import time

SLOW = float(os.environ.get("GATEWAYD_SLOW", "1"))

# For what should happen at once: long enough for a busy machine, since nobody waits when all is well.
SOON = 15.0


class Deadline:
    """A point in time until which something has to happen."""

    def __init__(self, seconds=SOON):
        self._end = time.monotonic() + seconds * SLOW

    def left(self):
        """Seconds that are left, never negative."""
        return max(0.0, self._end - time.monotonic())

    def over(self):
        return self.left() == 0.0


def eventually(condition, what, seconds=SOON):
    """Asks until `condition()` is true, and returns what it returned.

    For conditions that can only be asked for, such as numbers of the admin API; what can be waited for (a log
    line, bytes) has a wait of its own.
    """
    deadline = Deadline(seconds)
    pause = threading.Event()
    while True:
        result = condition()
        if result:
            return result
        if deadline.over():
            raise AssertionError(f"not within {seconds * SLOW:.0f} s: {what}")
        pause.wait(0.01)
