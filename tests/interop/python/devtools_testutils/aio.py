"""The names of the asynchronous half."""


def recorded_by_proxy_async(test):
    """Every test is one of the live service."""
    return test
