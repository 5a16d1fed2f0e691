#!/usr/bin/env python3
"""Makes signatures as `cosign sign` of version 2 makes them with an identity, with certificates and a log of their own.

    keyless.py > keyless.json            (needs Python's `cryptography`)

Sigstore's public services cannot be used by a test, so this is the same form with other keys: an authority like Fulcio, a log like
Rekor, and the `trusted_root.json` that names both. The private keys are thrown away.
"""
import base64, datetime, hashlib, json, sys
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

UTC = datetime.timezone.utc
START = datetime.datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
SUBJECT = "https://github.com/acme/cart/.github/workflows/build.yml@refs/heads/main"
ISSUER = "https://token.actions.githubusercontent.com"
IMAGE = "sha256:" + hashlib.sha256(b"cart").hexdigest()
OTHER_IMAGE = "sha256:" + hashlib.sha256(b"checkout").hexdigest()

b64 = lambda data: base64.b64encode(data).decode()
der = lambda key: key.public_key().public_bytes(serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
pem = lambda cert: cert.public_bytes(serialization.Encoding.PEM).decode()
sign = lambda key, data: key.sign(data, ec.ECDSA(hashes.SHA256()))
name = lambda text: x509.Name([x509.NameAttribute(NameOID.ORGANIZATION_NAME, "test"), x509.NameAttribute(NameOID.COMMON_NAME, text)])


def certificate(subject, key, issuer, issuer_key, ca, start, end, extensions=()):
    builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
               .serial_number(x509.random_serial_number()).not_valid_before(start).not_valid_after(end)
               .add_extension(x509.BasicConstraints(ca, None), True)
               .add_extension(x509.KeyUsage(not ca, False, False, False, False, ca, ca, False, False), True))
    builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CODE_SIGNING]), False) if not ca or subject != issuer else builder
    builder = builder.add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
    builder = builder.add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer_key.public_key()), False)
    for extension, critical in extensions:
        builder = builder.add_extension(extension, critical)
    return builder.sign(issuer_key, hashes.SHA256())


class Authority:
    """A root and an intermediate, as Fulcio has."""

    def __init__(self):
        year = datetime.timedelta(days=3650)
        self.root_key, self.key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
        self.root = certificate(name("root"), self.root_key, name("root"), self.root_key, True, START - year, START + year)
        self.cert = certificate(name("intermediate"), self.key, name("root"), self.root_key, True, START - year, START + year)

    def leaf(self, key, subject):
        text = lambda value: bytes([0x0C, len(value)]) + value.encode()
        oid = lambda number: x509.ObjectIdentifier(f"1.3.6.1.4.1.57264.1.{number}")
        extensions = [
            (x509.SubjectAlternativeName([x509.UniformResourceIdentifier(subject)]), True),
            (x509.UnrecognizedExtension(oid(8), text(ISSUER)), False),
            (x509.UnrecognizedExtension(oid(12), text("https://github.com/acme/cart")), False),
        ]
        return certificate(x509.Name([]), key, name("intermediate"), self.key, False, START, START + datetime.timedelta(minutes=10), extensions)


def payload(image):
    return json.dumps({"critical": {"identity": {"docker-reference": "example.com/cart"}, "image": {"docker-manifest-digest": image},
                                    "type": "cosign container image signature"}, "optional": None}, separators=(",", ":")).encode()


def entry(log_key, message, signature, cert, minutes):
    """cosign's annotation with the log's entry and promise."""
    body = {"apiVersion": "0.0.1", "kind": "hashedrekord", "spec": {
        "data": {"hash": {"algorithm": "sha256", "value": hashlib.sha256(message).hexdigest()}},
        "signature": {"content": b64(signature), "publicKey": {"content": b64(pem(cert).encode())}}}}
    body = b64(json.dumps(body, separators=(",", ":"), sort_keys=True).encode())
    time = int((START + datetime.timedelta(minutes=minutes)).timestamp())
    log = {"body": body, "integratedTime": time, "logID": hashlib.sha256(der(LOG)).hexdigest(), "logIndex": 7}
    promise = sign(log_key, json.dumps(log, separators=(",", ":"), sort_keys=True).encode())
    return json.dumps({"SignedEntryTimestamp": b64(promise), "Payload": log})


AUTHORITY, LOG = Authority(), ec.generate_private_key(ec.SECP256R1())


def case(image=IMAGE, subject=SUBJECT, authority=None, log_key=None, minutes=1, logged=True, log_message=None, trust_chain=True):
    authority, log_key = authority or AUTHORITY, log_key or LOG
    key = ec.generate_private_key(ec.SECP256R1())
    cert, message = authority.leaf(key, subject), payload(image)
    signature = sign(key, message)
    annotations = {"dev.cosignproject.cosign/signature": b64(signature), "dev.sigstore.cosign/certificate": pem(cert),
                   "dev.sigstore.cosign/chain": pem(authority.cert) + pem(authority.root)}
    if logged:
        annotations["dev.sigstore.cosign/bundle"] = entry(log_key, log_message or message, signature, cert, minutes)
    return {"payload": message.decode(), "annotations": annotations}


window = lambda: {"start": "2020-01-01T00:00:00Z"}
root = {
    "mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
    "tlogs": [{"baseUrl": "https://log.test", "hashAlgorithm": "SHA2_256",
               "publicKey": {"rawBytes": b64(der(LOG)), "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": window()},
               "logId": {"keyId": b64(hashlib.sha256(der(LOG)).digest())}}],
    "certificateAuthorities": [{"subject": {"organization": "test", "commonName": "root"}, "uri": "https://authority.test", "validFor": window(),
                                "certChain": {"certificates": [{"rawBytes": b64(cert.public_bytes(serialization.Encoding.DER))}
                                                               for cert in (AUTHORITY.cert, AUTHORITY.root)]}}],
    "ctlogs": [], "timestampAuthorities": [],
}
cases = {
    "valid": case(),
    "another-identity": case(subject="https://github.com/evil/cart/.github/workflows/build.yml@refs/heads/main"),
    "another-image": case(image=OTHER_IMAGE),
    "another-authority": case(authority=Authority()),
    "another-log": case(log_key=ec.generate_private_key(ec.SECP256R1())),
    "not-logged": case(logged=False),
    "logged-after-expiry": case(minutes=60),
    "logged-before-validity": case(minutes=-60),
    "entry-of-another-message": case(log_message=payload(OTHER_IMAGE)),
}
json.dump({"image": IMAGE, "subject": SUBJECT, "issuer": ISSUER, "trustedRoot": root, "cases": cases}, sys.stdout, indent=1, sort_keys=True)
