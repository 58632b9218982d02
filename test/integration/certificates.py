"""Certificates of the tests' own, made with the openssl command."""

import pathlib
import subprocess


def openssl(*words):
    subprocess.run(["openssl", *map(str, words)], stdin=subprocess.DEVNULL, capture_output=True, check=True, timeout=60)


class Authority:
    """Signs what it is asked to; its own certificate is `file`."""

    def __init__(self, directory, name="authority"):
        self.directory = pathlib.Path(directory)
        self.name = name
        self.file = self.directory / f"{name}.pem"
        self._key = self.directory / f"{name}-key.pem"
        openssl("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2",
                "-subj", f"/CN={name}", "-keyout", self._key, "-out", self.file)

    def sign(self, name, alternatives="IP:127.0.0.1,DNS:localhost", days=2):
        """(certificate, key): files."""
        certificate, key = self.directory / f"{name}.pem", self.directory / f"{name}-key.pem"
        request, extensions = self.directory / f"{name}.csr", self.directory / f"{name}.ext"
        extensions.write_text(f"subjectAltName={alternatives}\n")
        openssl("req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", f"/CN={name}",
                "-keyout", key, "-out", request)
        openssl("x509", "-req", "-in", request, "-CA", self.file, "-CAkey", self._key, "-CAcreateserial",
                "-days", days, "-extfile", extensions, "-out", certificate)
        return certificate, key
