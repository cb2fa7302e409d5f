"""Where everything of an embedded bank lies: computed from the environment, nothing is touched."""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
ROLE = "app"
DATABASE = "guanhu"
SUPERUSER = "postgres"
POSTGRES_SOCKET = ".s.PGSQL.5432"
# sun_path of unix(7) holds 108 bytes with its closing zero
SOCKET_PATH_BYTES = 107
# PostgreSQL splits socket folders at commas, libpq splits hosts: anything unusual goes to the short folder
_PLAIN_PATH = re.compile(r"[A-Za-z0-9_./-]+")


@dataclass(frozen=True)
class Layout:
    """The folders and files of the bank whose state lies in `state` (an absolute path)."""

    state: Path

    @classmethod
    def from_environment(cls) -> "Layout":
        """Return the layout under GUANHU_STATE, or under `var/bank` of the repository."""
        chosen = os.environ.get("GUANHU_STATE")
        return cls(Path(os.path.abspath(chosen)) if chosen else REPOSITORY / "var" / "bank")

    @property
    def sockets(self) -> Path:
        """The socket folder: inside the state where that path is short, else a per-user folder in /tmp."""
        inside = self.state / "run"
        length = len(os.fsencode(inside / POSTGRES_SOCKET))
        if length <= SOCKET_PATH_BYTES and _PLAIN_PATH.fullmatch(str(inside)):
            return inside
        digest = hashlib.sha256(os.fsencode(self.state)).hexdigest()[:12]
        return Path(f"/tmp/guanhu-{os.getuid()}-{digest}")  # noqa: S108 (verified before use: folders.py)

    @property
    def postgres_data(self) -> Path:
        return self.state / "postgres"

    @property
    def postgres_socket(self) -> Path:
        return self.sockets / POSTGRES_SOCKET

    @property
    def valkey_data(self) -> Path:
        return self.state / "valkey"

    @property
    def valkey_socket(self) -> Path:
        return self.sockets / "valkey.sock"

    @property
    def logs(self) -> Path:
        return self.state / "logs"

    @property
    def secret_key(self) -> Path:
        return self.state / "secret_key"

    @property
    def secret_keys(self) -> Path:
        return self.state / "secret_keys.json"

    @property
    def lock(self) -> Path:
        return self.state / "lock"
