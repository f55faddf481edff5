"""The command-line tool of Azure and azq on one emulator: what the one writes, the other reads.

Run by `cargo xtask interop az`, with azq's path as the argument. AZ_RUNS says how often each command
of the table of times is run. Default: 1.
"""

import base64
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time

AZQ = [sys.argv[1]]
AZ = [sys.executable, "-m", "azure.cli"]
RUNS = int(os.environ.get("AZ_RUNS", "1"))
CONNECTION = os.environ["AZURE_STORAGE_CONNECTION_STRING"]
# Configuration of its own: that of the user is neither read nor written.
FOLDER = tempfile.TemporaryDirectory()
ENVIRONMENT = {
    **os.environ,
    "AZURE_CONFIG_DIR": FOLDER.name,
    "AZURE_CORE_COLLECT_TELEMETRY": "no",
    "AZURE_CORE_ONLY_SHOW_ERRORS": "yes",
    "AZQ_CONTEXTS": os.path.join(FOLDER.name, "contexts.toml"),
}
TEXTS = ["17 bottles", '<b>&amp; "q" ü 🍾</b>', "two\nlines", base64.b64encode(b"\0\1\2").decode()]


def run(command, arguments, **environment):
    run = subprocess.run(
        [*command, *arguments],
        env={**ENVIRONMENT, **environment},
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=300,
    )
    assert run.returncode == 0, f"{arguments} ended with {run.returncode}: {run.stderr}"
    return run.stdout


def az(*arguments, **environment):
    """The answer of az."""
    out = run(AZ, ["storage", *arguments, "-o", "json"], **environment)
    return json.loads(out) if out.strip() else None


def azq(*arguments, **environment):
    """The objects of azq's answer."""
    out = run(AZQ, [*arguments, "-o", "jsonl"], **environment)
    return [json.loads(line) for line in out.splitlines()]


def same(what, left, right):
    assert left == right, f"{what}: {left!r} is not {right!r}"
    print(f"ok  {what}")


def queues_and_metadata():
    az("queue", "create", "-n", "from-az", "--metadata", "owner=billing")
    run(AZQ, ["create", "from-azq", "--metadata", "owner=billing"])
    same("az's metadata in azq", azq("info", "from-az")[0]["metadata"], {"owner": "billing"})
    same("azq's metadata in az", az("queue", "metadata", "show", "-n", "from-azq"), {"owner": "billing"})
    names = [queue["name"] for queue in az("queue", "list")]
    same("the list of queues", names, [queue["name"] for queue in azq("ls")])


def messages():
    for text in TEXTS:
        az("message", "put", "-q", "from-az", "--content", text, "--time-to-live", "600")
        run(AZQ, ["send", "from-azq", text, "--codec", "text", "--ttl", "10m"])
    received = azq("receive", "from-az", "-n", "32")
    same("az's messages in azq", sorted(message["text"] for message in received), sorted(TEXTS))
    taken = az("message", "get", "-q", "from-azq", "--num-messages", "32", "--visibility-timeout", "300")
    same("azq's messages in az", sorted(message["content"] for message in taken), sorted(TEXTS))
    first, second = received[0], taken[0]
    receipt = ["--id", first["id"], "--pop-receipt", first["receipt"]]
    az("message", "delete", "-q", "from-az", *receipt)
    same("az deletes by azq's receipt", azq("info", "from-az")[0]["depth"], len(TEXTS) - 1)
    receipt = ["--receipt", second["popReceipt"]]
    run(AZQ, ["update", "from-azq", second["id"], "changed", "--codec", "text", "--lease", "0", *receipt])
    peeked = az("message", "peek", "-q", "from-azq")
    same("azq updates by az's receipt", [message["content"] for message in peeked], ["changed"])
    az("message", "clear", "-q", "from-azq")
    same("az clears", azq("info", "from-azq")[0]["depth"], 0)


def policies():
    expiry = "2099-01-01T00:00:00Z"
    az("queue", "policy", "create", "-q", "from-az", "-n", "reader", "--permissions", "r", "--expiry", expiry)
    found = [(policy["name"], policy["permissions"]) for policy in azq("policy", "get", "from-az")]
    same("az's policy in azq", found, [("reader", "r")])
    run(AZQ, ["policy", "set", "from-az", "worker", "--permissions", "rp", "--expiry", expiry])
    policy = az("queue", "policy", "show", "-q", "from-az", "-n", "worker")
    same("azq's policy in az", policy["permission"], "rp")
    both = sorted(az("queue", "policy", "list", "-q", "from-az"))
    same("the other policy stays", both, ["reader", "worker"])


def signatures():
    endpoint = next(part for part in CONNECTION.split(";") if part.startswith("QueueEndpoint="))
    run(AZQ, ["send", "from-azq", "signed", "--codec", "text"])
    allowed = ["--permissions", "r", "--expiry", "2099-01-01T00:00Z"]
    token = az("queue", "generate-sas", "-n", "from-azq", *allowed)
    account = f"{endpoint};SharedAccessSignature={token}"
    peeked = azq("peek", "from-azq", AZURE_STORAGE_CONNECTION_STRING=account)
    same("az's signature in azq", [message["text"] for message in peeked], ["signed"])
    url = run(AZQ, ["sas", "create", "from-azq", *allowed]).strip()
    account = f"{endpoint};SharedAccessSignature={url.split('?', 1)[1]}"
    peeked = az("message", "peek", "-q", "from-azq", AZURE_STORAGE_CONNECTION_STRING=account)
    same("azq's signature in az", [message["content"] for message in peeked], ["signed"])


def times():
    pairs = [
        ("az storage queue list", "azq ls"),
        ("az storage message put -q timed --content hello", "azq send timed hello"),
        ("az storage message peek -q timed", "azq peek timed"),
        ("az storage message get -q timed", "azq receive timed"),
    ]
    run(AZQ, ["create", "timed"])
    print("\n| | ms | | ms | times |\n| --- | ---: | --- | ---: | ---: |")
    for theirs, ours in pairs:
        took = []
        for program, line in ((AZ, theirs), (AZQ, ours)):
            words, each = line.split()[1:], []
            for _ in range(RUNS):
                begun = time.perf_counter()
                run(program, words)
                each.append((time.perf_counter() - begun) * 1000)
            took.append(statistics.median(each))
        print(f"| `{theirs}` | {took[0]:,.0f} | `{ours}` | {took[1]:,.1f} | {took[0] / took[1]:,.0f} |")


queues_and_metadata()
messages()
policies()
signatures()
times()
