"""Microsoft's Python SDK and this workspace's client encrypt for each other, through the emulator.

Run by `cargo xtask interop python-encryption`, which builds the other program: the example `encrypted`
of queue-client, at INTEROP_PEER.
"""

import base64
import os
import subprocess
import tempfile

import checks
from azure.core.exceptions import HttpResponseError
from azure.storage.queue import QueueServiceClient
from checks import check
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.keywrap import aes_key_unwrap, aes_key_wrap

TEXTS = ["17 bottles", "é € 漢字 🍷", '{"bottles": 17}', "<&> \"'", "x" * 40_000]
AES_ID, RSA_ID = "orders-1", "https://contoso.vault.azure.net/keys/orders/1"


class AesKey:
    """A key as the SDK wants it, which wraps by RFC 3394."""

    def __init__(self, key):
        self.key = key

    def get_kid(self):
        return AES_ID

    def get_key_wrap_algorithm(self):
        return "A256KW"

    def wrap_key(self, key):
        return aes_key_wrap(self.key, key)

    def unwrap_key(self, key, algorithm):
        check(algorithm == "A256KW", algorithm)
        return aes_key_unwrap(self.key, key)


class RsaKey:
    """A key as the SDK wants it, which wraps by OAEP with SHA-1 or SHA-256."""

    ALGORITHMS = {"RSA-OAEP": hashes.SHA1, "RSA-OAEP-256": hashes.SHA256}

    def __init__(self, private, algorithm):
        self.private, self.algorithm = private, algorithm

    def get_kid(self):
        return RSA_ID

    def get_key_wrap_algorithm(self):
        return self.algorithm

    def oaep(self, algorithm):
        hash = self.ALGORITHMS[algorithm]
        return padding.OAEP(padding.MGF1(hash()), hash(), None)

    def wrap_key(self, key):
        return self.private.public_key().encrypt(key, self.oaep(self.algorithm))

    def unwrap_key(self, key, algorithm):
        return self.private.decrypt(key, self.oaep(algorithm))


def main():
    service = QueueServiceClient.from_connection_string(
        os.environ["AZURE_STORAGE_CONNECTION_STRING"], retry_total=0
    )
    secret = os.urandom(32)
    private = rsa.generate_private_key(65537, 2048)
    with tempfile.TemporaryDirectory() as folder:
        file = os.path.join(folder, "key.der")
        with open(file, "wb") as out:
            out.write(
                private.private_bytes(
                    serialization.Encoding.DER,
                    serialization.PrivateFormat.PKCS8,
                    serialization.NoEncryption(),
                )
            )
        aes = {"QUEUE_KEY": base64.b64encode(secret).decode(), "QUEUE_KEY_ID": AES_ID}
        both = {**aes, "QUEUE_RSA_KEY": file, "QUEUE_RSA_KEY_ID": RSA_ID}

        def peer(keys, *arguments):
            run = subprocess.run(
                [os.environ["INTEROP_PEER"], *arguments],
                env={**os.environ, **keys},
                capture_output=True,
                encoding="utf-8",
            )
            check(run.returncode == 0, run.stderr)
            return run.stdout.split("\n")[:-1]

        keys = [
            ("aes", aes, AesKey(secret)),
            ("rsa-sha1", both, RsaKey(private, "RSA-OAEP")),
            ("rsa-sha256", both, RsaKey(private, "RSA-OAEP-256")),
        ]
        for name, environment, key in keys:
            for version in ["1.0", "2.0"]:
                queue = service.get_queue_client(f"{name}-{version[0]}")
                queue.create_queue()
                queue.key_encryption_key = key
                queue.encryption_version = version
                queue.require_encryption = True
                for text in TEXTS:
                    queue.send_message(text)
                read = peer(environment, "receive", queue.queue_name)
                check(read == TEXTS, f"{name} {version}: {read}"[:500])

                # The SDK itself sends an empty text as it is.
                sent = [*TEXTS, ""]
                peer(environment, "send", queue.queue_name, *sent)
                received = [message.content for message in queue.receive_messages()]
                check(received == sent, f"{name}: {received}"[:500])
                queue.clear_messages()

        # What one turns down, so does the other.
        queue = service.get_queue_client("wrong")
        queue.create_queue()
        peer(aes, "send", "wrong", "17 bottles")
        queue.key_encryption_key = AesKey(os.urandom(32))
        queue.require_encryption = True
        try:
            list(queue.receive_messages(visibility_timeout=1))
        except HttpResponseError:
            check(True, "")
        else:
            raise AssertionError("a wrong key reads")
    print(f"{checks.count} checks")


main()
