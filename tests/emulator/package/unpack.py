"""Unpacks an image: checks every digest, lays its files out, and prints how it is to be run.

    python3 unpack.py IMAGE.tar FOLDER

Run by `cargo xtask package`, which makes the image with other means than those that read it here.
"""

import gzip
import hashlib
import io
import json
import os
import sys
import tarfile

image, folder = sys.argv[1:]
parts = {}
with tarfile.open(image) as archive:
    for member in archive:
        if member.isfile():
            parts[member.name] = archive.extractfile(member).read()


def blob(descriptor):
    kind, digest = descriptor["digest"].split(":")
    data = parts[f"blobs/{kind}/{digest}"]
    assert hashlib.new(kind, data).hexdigest() == digest, f"{digest} is damaged"
    assert len(data) == descriptor["size"], f"{digest} has another size"
    return data


assert json.loads(parts["oci-layout"])["imageLayoutVersion"] == "1.0.0"
(entry,) = json.loads(parts["index.json"])["manifests"]
manifest = json.loads(blob(entry))
config = json.loads(blob(manifest["config"]))
for layer, digest in zip(manifest["layers"], config["rootfs"]["diff_ids"], strict=True):
    plain = gzip.decompress(blob(layer))
    assert "sha256:" + hashlib.sha256(plain).hexdigest() == digest, f"{digest} is another layer"
    with tarfile.open(fileobj=io.BytesIO(plain)) as files:
        files.extractall(folder, numeric_owner=True)
        if os.geteuid() == 0:
            for member in files:
                path = os.path.join(folder, member.name)
                os.chown(path, member.uid, member.gid, follow_symlinks=False)

run = config["config"]
assert run["Healthcheck"]["Test"][0] == "CMD" and "10001/tcp" in run["ExposedPorts"]
assert "/data" in run["Volumes"] and run["StopSignal"] == "SIGTERM"
print("user", run["User"])
for name in ("Env", "Entrypoint", "Cmd"):
    word = {"Env": "env", "Entrypoint": "entry", "Cmd": "command"}[name]
    for text in run[name]:
        print(word, text)
