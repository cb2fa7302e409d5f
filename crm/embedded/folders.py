"""Folders of the bank: made private, checked before use, locked against a second launcher.

Every mode and owner that changes here belongs to a folder of the bank itself, never to a parent.
"""

import contextlib
import fcntl
import os
import secrets
import shutil
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

from crm.embedded.errors import CannotStart
from crm.embedded.layout import Layout
from crm.embedded.leftovers import end_leftovers

THROWAWAY_PREFIX = "guanhu-throwaway-"
_OURS = ("lock", "postgres", "valkey", "logs", "run", "secret_key", "demo-feed-", "beat-schedule")


def make_private(folder: Path, mode: int = 0o700) -> None:
    """Make `folder` (parents as needed) and give it `mode`; refuse one that someone else controls."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    # a folder of another user, or a link laid in /tmp by one, must not receive our sockets
    with contextlib.suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode):
        raise CannotStart(f"{folder} is not a folder: remove it, or set GUANHU_STATE to another folder.")
    if found.st_uid != os.getuid():
        raise CannotStart(
            f"{folder} belongs to another user (uid {found.st_uid}): "
            "run as that user, or set GUANHU_STATE to a folder of your own."
        )
    if stat.S_IMODE(found.st_mode) != mode:
        folder.chmod(mode)


def prepare(layout: Layout) -> None:
    """Make the bank's folders and its secret key; refuse a folder that holds other things."""
    state = layout.state
    try:
        if state.is_dir() and not _is_bank(state):
            raise CannotStart(
                f"{state} is not empty and holds no bank: set GUANHU_STATE to a new or empty folder."
            )
        for folder in (state, layout.sockets, layout.logs, layout.valkey_data):
            make_private(folder)
        _write_secret_key(layout.secret_key)
        _write_secret_keys(layout.secret_keys)
    except OSError as error:
        raise CannotStart(
            f"{error.filename or state} cannot be written ({error.strerror}): "
            "set GUANHU_STATE to a folder where you may write."
        ) from error


def _is_bank(state: Path) -> bool:
    """Return whether `state` is a bank's folder or may become one: empty, or begun and interrupted."""
    return (state / "secret_key").is_file() or all(name.startswith(_OURS) for name in os.listdir(state))


def _write_secret_key(path: Path) -> None:
    if path.exists():
        return
    partial = path.with_suffix(".partial")
    with open(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        file.write(secrets.token_urlsafe(48))
    partial.rename(path)


def _write_secret_keys(path: Path) -> None:
    """Make the keys of personal data (docs/operations.md) once; whoever loses them loses the data."""
    from crm.secrets.keys import Keyring, write  # loads Django: only where a bank is begun

    if not path.exists():
        write(Keyring.new(), path)


def lock(layout: Layout) -> int:
    """Take the bank's lock and return its descriptor; the kernel frees it when this process ends.

    Raises CannotStart when another launcher holds it, naming that process.
    """
    descriptor = os.open(layout.lock, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        holder = os.read(descriptor, 200).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise CannotStart(
            f"This bank is already running ({holder}): stop it first (Ctrl-C in its terminal), "
            f"or set GUANHU_STATE to another folder. State: {layout.state}"
        ) from None
    note_in_lock(descriptor, f"process {os.getpid()}")
    return descriptor


def unlock(descriptor: int) -> None:
    """Give the lock back."""
    os.close(descriptor)


def note_in_lock(descriptor: int, text: str) -> None:
    """Write who runs the bank, and where it listens, for the message of a second launcher."""
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, text.encode(), 0)


def require_space(folder: Path, megabytes: int, purpose: str) -> None:
    """Refuse to begin `purpose` when the disk under `folder` has less than `megabytes` (MB) free."""
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free // 1_000_000
    if free < megabytes:
        raise CannotStart(
            f"{purpose} needs about {megabytes:,} MB free in {folder}, there are {free:,} MB: free some "
            "space, or set GUANHU_STATE to a folder on a larger disk."
        )


@contextlib.contextmanager
def throwaway() -> Iterator[Layout]:
    """Yield the layout of a bank in a temporary folder, locked, and remove it at the end.

    Folders left behind by launchers that were killed are swept first.
    """
    sweep_abandoned()
    layout = Layout(Path(tempfile.mkdtemp(prefix=f"{THROWAWAY_PREFIX}{os.getuid()}-")))
    descriptor = lock(layout)
    prepare(layout)
    try:
        yield layout
    finally:
        _remove_whole(layout)
        unlock(descriptor)


def remove(layout: Layout) -> None:
    """Remove what a bank put into its state folder, and the folders where nothing else is in them."""
    for path in layout.state.iterdir():
        if path.is_dir() and not path.is_symlink() and path.name.startswith(_OURS):
            shutil.rmtree(path, ignore_errors=True)
        elif path.name.startswith(_OURS):
            path.unlink()
    shutil.rmtree(layout.sockets, ignore_errors=True)
    with contextlib.suppress(OSError):
        layout.state.rmdir()


def _remove_whole(layout: Layout) -> None:
    shutil.rmtree(layout.state, ignore_errors=True)
    shutil.rmtree(layout.sockets, ignore_errors=True)


def sweep_abandoned() -> None:
    """Remove throwaway banks of this user whose launcher is gone."""
    for state in Path(tempfile.gettempdir()).glob(f"{THROWAWAY_PREFIX}{os.getuid()}-*"):
        layout = Layout(state)
        try:
            if state.is_symlink() or state.stat().st_uid != os.getuid() or not layout.lock.exists():
                continue
            descriptor = lock(layout)
        except (CannotStart, OSError):
            continue
        end_leftovers(layout)
        _remove_whole(layout)
        unlock(descriptor)
