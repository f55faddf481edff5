"""What the programs beside this file check, and how often they did."""

count = 0


def check(condition, what):
    """The condition must hold."""
    global count
    count += 1
    if not condition:
        raise AssertionError(what)
