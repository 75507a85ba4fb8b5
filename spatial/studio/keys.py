"""What lets people in: addresses that wait for somebody, and the cookies of those who came.

Only digests are kept: who reads the file of a sitting cannot come in by it.
"""

from __future__ import annotations

import hashlib
import secrets

from spatial.studio.kept import MEMORY, Kept

WAITING, INSIDE = "waiting", "inside"
# Of more than so many of a kind the oldest are forgotten.
MOST = {WAITING: 200, INSIDE: 2000}


class Keys:
    """Secrets and the role that each gives.

    Parameters
    ----------
    kept
        Where they outlive the process; None: nowhere.
    """

    def __init__(self, kept: Kept | None = None) -> None:
        self._kept = kept or Kept(MEMORY, "")
        self._roles = {(kind, digest): role for kind, digest, role in self._kept.known_keys()}

    def made(self, kind: str, role: str) -> str:
        """Make a secret that gives a role.

        Raises
        ------
        InputError
            If it cannot be kept.
        """
        secret = secrets.token_urlsafe(32)
        self._kept.keep_key(kind, _digest(secret), role)
        self._roles[kind, _digest(secret)] = role
        for digest in [digest for known, digest in self._roles if known == kind][: -MOST[kind]]:
            self._drop(kind, digest)
        return secret

    def role(self, kind: str, secret: str) -> str | None:
        """The role of a secret, if it is one. By its digest, which nobody can guess letter by letter."""
        return self._roles.get((kind, _digest(secret)))

    def used(self, kind: str, secret: str) -> None:
        """Let a secret be worth nothing from now on."""
        self._drop(kind, _digest(secret))

    def _drop(self, kind: str, digest: str) -> None:
        self._kept.drop_key(digest)
        del self._roles[kind, digest]


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "surrogateescape")).hexdigest()
