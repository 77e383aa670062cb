"""Certificates for tests: an authority of our own, and what it vouches for."""

from __future__ import annotations

import ssl
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

DAY = timedelta(days=1)


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, text)])


class Authority:
    """An authority whose own certificate is in `file`."""

    def __init__(self, folder: Path, name: str = "tests") -> None:
        self._folder, self._name, self._key = (
            folder,
            _name(f"authority of {name}"),
            ec.generate_private_key(ec.SECP256R1()),
        )
        basic = x509.BasicConstraints(ca=True, path_length=0)
        made = self._builder(self._name, self._key, DAY).add_extension(basic, critical=True)
        self._identifier = x509.SubjectKeyIdentifier.from_public_key(self._key.public_key())
        made = made.add_extension(self._identifier, critical=False)
        self.file = folder / f"{name}-authority.pem"
        self.file.write_bytes(made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))

    def trusted(self) -> ssl.SSLContext:
        """A context that trusts this authority and nobody else."""
        return ssl.create_default_context(cafile=str(self.file))

    def issue(self, host: str, lasts: timedelta = DAY) -> Path:
        """A file with key and certificate of a host; it has expired if it lasts less than nothing."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = self._builder(_name(host), key, lasts)
        made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=False)
        issuer = x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(self._identifier)
        signed = made.add_extension(issuer, critical=False).sign(self._key, hashes.SHA256())
        plain = serialization.NoEncryption()
        pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
        file = self._folder / f"{host}-{lasts.days}.pem"
        file.write_bytes(pem + signed.public_bytes(serialization.Encoding.PEM))
        return file

    def _builder(
        self, subject: x509.Name, key: ec.EllipticCurvePrivateKey, lasts: timedelta
    ) -> x509.CertificateBuilder:
        now = datetime.now(UTC)
        builder = x509.CertificateBuilder().subject_name(subject).issuer_name(self._name).public_key(key.public_key())
        dated = builder.not_valid_before(now - 2 * DAY).not_valid_after(now + lasts)
        return dated.serial_number(x509.random_serial_number())
