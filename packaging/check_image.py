#!/usr/bin/env python3
"""Checks an unpacked OCI image layout, and unpacks its image: check_image.py LAYOUT FOLDER"""
import gzip
import hashlib
import io
import json
import pathlib
import sys
import tarfile

layout, folder = map(pathlib.Path, sys.argv[1:])


def blob(descriptor):
    """Returns the content of a descriptor, after checking its digest and size."""
    content = (layout / "blobs" / descriptor["digest"].replace(":", "/")).read_bytes()
    assert descriptor["digest"] == "sha256:" + hashlib.sha256(content).hexdigest(), descriptor
    assert descriptor["size"] == len(content), descriptor
    return content


assert json.loads((layout / "oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
top = json.loads((layout / "index.json").read_text())["manifests"]
assert len(top) == 1, top
manifests = json.loads(blob(top[0]))["manifests"]
assert manifests and all(one["platform"]["os"] == "linux" for one in manifests), manifests
for one in manifests:
    manifest = json.loads(blob(one))
    config = json.loads(blob(manifest["config"]))
    assert config["architecture"] == one["platform"]["architecture"]
    assert config["config"]["User"] == "65532:65532" and config["config"]["Entrypoint"] == ["/usr/bin/hydrant"]
    layers = [blob(layer) for layer in manifest["layers"]]
    for content, expected in zip(layers, config["rootfs"]["diff_ids"], strict=True):
        with tarfile.open(fileobj=io.BytesIO(content), mode="r:gz") as archive:
            names = {entry.name for entry in archive}
            assert names == {"etc", "etc/passwd", "etc/ssl", "etc/ssl/certs", "etc/ssl/certs/ca-certificates.crt", "tmp", "usr", "usr/bin",
                             "usr/bin/hydrant"}, names
            assert all(entry.uid == 0 and not entry.mode & 0o6000 for entry in archive), "an owner or a mode"
            archive.extractall(folder)
        assert expected == "sha256:" + hashlib.sha256(gzip.decompress(content)).hexdigest()
print(f"{len(manifests)} image(s), all digests match")
