"""Encryption at rest: AES-256-GCM for what people write, HMAC-SHA256 for finding an address without storing it.

One key of 32 bytes, created at set-up beside the database (mode 0600). Without the file nothing can be read any more:
it belongs into the backup, apart from the database. Imports `bot.model` only.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from bot.model.errors import SetupError

KEY_BYTES = 32
VERSION = b"\x01"
NONCE_BYTES = 12
ANY = "surrogatepass"
"""Half a surrogate pair, which broken phones do send, is kept as it is: nothing that arrives may fail to be stored."""


class Crypt:
    """Seals and unseals texts. Two keys are derived, so that digests say nothing about the cipher's key."""

    def __init__(self, key: bytes) -> None:
        if len(key) != KEY_BYTES:
            raise SetupError("The key file is damaged: put back the one from your backup.")
        self._cipher = AESGCM(hashlib.sha256(b"safar seal" + key).digest())
        self._digest_key = hashlib.sha256(b"safar digest" + key).digest()

    def seal(self, text: str) -> bytes:
        """`text`, encrypted with a nonce of its own."""
        nonce = os.urandom(NONCE_BYTES)
        return VERSION + nonce + self._cipher.encrypt(nonce, text.encode("utf-8", ANY), VERSION)

    def unseal(self, sealed: bytes) -> str:
        """The text. Raises `SetupError` when it was sealed with another key or was changed."""
        body = bytes(sealed)
        try:
            plain = self._cipher.decrypt(body[1 : 1 + NONCE_BYTES], body[1 + NONCE_BYTES :], body[:1])
        except (InvalidTag, ValueError) as bad:
            message = "The key file does not belong to this database: put back the one from your backup."
            raise SetupError(message) from bad
        return plain.decode("utf-8", ANY)

    def digest(self, *parts: str) -> str:
        """A pseudonym for `parts`, the same each time, of no use without the key. 64 hexadecimal digits."""
        joined = b"".join(len(part).to_bytes(4, "big") + part.encode("utf-8", ANY) for part in parts)
        return hmac.new(self._digest_key, joined, hashlib.sha256).hexdigest()


def load_or_create_key(path: Path) -> Crypt:
    """The key in `path`, made if it is not there. Raises `SetupError` when it can't be read or written."""
    try:
        if not path.exists():
            _create(path)
        return Crypt(path.read_bytes())
    except OSError as bad:
        message = f"The key file {path.name} can't be read or written ({bad.strerror}): check the data directory."
        raise SetupError(message) from bad


def _create(path: Path) -> None:
    """Written aside and linked into place: two processes that start at once end up with one key."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(secrets.token_bytes(KEY_BYTES))
        file.flush()
        os.fsync(file.fileno())
    try:
        os.link(draft, path)
    except FileExistsError:
        pass
    finally:
        draft.unlink()
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """The file's name, too, must survive a power cut: rows sealed with a key that is gone are gone."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
