#!/usr/bin/env python3
"""Makes a container image as an OCI archive, without docker.

    image.py --tag v0.1.0 --certificates /etc/ssl/certs/ca-certificates.crt --out hydrant.oci.tar amd64=BINARY arm64=BINARY

The image has the static program, the certificates of authorities and an empty /tmp, and runs as the user 65532. It has no shell, no
git and no package manager. Equal inputs give equal bytes; SOURCE_DATE_EPOCH sets the time.
"""
import argparse
import datetime
import gzip
import hashlib
import io
import json
import os
import pathlib
import tarfile

USER = 65532
REPOSITORY = "https://github.com/hydrant-dev/hydrant"
MANIFEST = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"


class Layout:
    """The blobs of an OCI image layout."""

    def __init__(self):
        self.blobs = {}

    def add(self, content, media_type, **more):
        """Stores a blob, and returns its descriptor."""
        digest = hashlib.sha256(content).hexdigest()
        self.blobs["blobs/sha256/" + digest] = content
        return {"mediaType": media_type, "digest": "sha256:" + digest, "size": len(content), **more}

    def add_json(self, value, media_type, **more):
        """Stores a JSON document, and returns its descriptor."""
        return self.add(json.dumps(value, separators=(",", ":")).encode(), media_type, **more)


def layer(files, time):
    """Returns a tar archive of files by path: (content, mode), where None as content is a folder."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as archive:
        for path, (content, mode) in files.items():
            entry = tarfile.TarInfo(path)
            entry.mode, entry.mtime = mode, time
            entry.type = tarfile.DIRTYPE if content is None else tarfile.REGTYPE
            entry.size = len(content or b"")
            archive.addfile(entry, io.BytesIO(content or b""))
    return out.getvalue()


def image(layout, binary, architecture, tag, certificates, time):
    """Adds the image of one architecture, and returns the descriptor of its manifest."""
    passwd = f"root:x:0:0:root:/:/sbin/nologin\nnonroot:x:{USER}:{USER}:nonroot:/tmp:/sbin/nologin\n"
    files = {
        "etc": (None, 0o755), "etc/passwd": (passwd.encode(), 0o644), "etc/ssl": (None, 0o755), "etc/ssl/certs": (None, 0o755),
        "etc/ssl/certs/ca-certificates.crt": (certificates, 0o644), "tmp": (None, 0o1777),
        "usr": (None, 0o755), "usr/bin": (None, 0o755), "usr/bin/hydrant": (binary, 0o755),
    }
    content = layer(files, time)
    compressed = gzip.compress(content, mtime=0)
    created = datetime.datetime.fromtimestamp(time, datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")
    labels = {
        "org.opencontainers.image.source": REPOSITORY, "org.opencontainers.image.version": tag,
        "org.opencontainers.image.licenses": "Apache-2.0", "org.opencontainers.image.created": created,
    }
    config = {
        "created": created, "architecture": architecture, "os": "linux",
        "config": {"User": f"{USER}:{USER}", "Entrypoint": ["/usr/bin/hydrant"], "WorkingDir": "/tmp",
                   "Env": ["PATH=/usr/bin", "HOME=/tmp", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"], "Labels": labels},
        "rootfs": {"type": "layers", "diff_ids": ["sha256:" + hashlib.sha256(content).hexdigest()]},
        "history": [{"created": created, "created_by": "packaging/image.py"}],
    }
    manifest = {
        "schemaVersion": 2, "mediaType": MANIFEST,
        "config": layout.add_json(config, "application/vnd.oci.image.config.v1+json"),
        "layers": [layout.add(compressed, "application/vnd.oci.image.layer.v1.tar+gzip")],
        "annotations": labels,
    }
    return layout.add_json(manifest, MANIFEST, platform={"architecture": architecture, "os": "linux"})


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--tag", required=True)
    parser.add_argument("--certificates", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    parser.add_argument("binaries", nargs="+", metavar="ARCHITECTURE=BINARY")
    given = parser.parse_args()
    time = int(os.environ.get("SOURCE_DATE_EPOCH", "0"))
    layout, certificates = Layout(), given.certificates.read_bytes()
    manifests = []
    for pair in given.binaries:
        architecture, path = pair.split("=", 1)
        manifests.append(image(layout, pathlib.Path(path).read_bytes(), architecture, given.tag, certificates, time))
    index = layout.add_json({"schemaVersion": 2, "mediaType": INDEX, "manifests": manifests}, INDEX,
                            annotations={"org.opencontainers.image.ref.name": given.tag})
    files = {"oci-layout": (b'{"imageLayoutVersion":"1.0.0"}', 0o644),
             "index.json": (json.dumps({"schemaVersion": 2, "mediaType": INDEX, "manifests": [index]}).encode(), 0o644),
             "blobs": (None, 0o755), "blobs/sha256": (None, 0o755)}
    files.update({name: (content, 0o644) for name, content in sorted(layout.blobs.items())})
    given.out.write_bytes(layer(files, time))
    print(f"{given.out}: {index['digest']}")


if __name__ == "__main__":
    main()
