"""Command line: `python -m crm.embedded run [--throwaway] -- COMMAND…` runs COMMAND beside the servers."""

import argparse
import contextlib
import shutil
import sys

from crm.embedded import folders, servers
from crm.embedded.errors import CannotStart
from crm.embedded.layout import Layout
from crm.embedded.supervisor import Stopped, Supervisor


def main(arguments: list[str] | None = None) -> int:
    """Run the command line; return the command's exit code, or 2 with one sentence on stderr."""
    parser = argparse.ArgumentParser(prog="python -m crm.embedded", description=__doc__)
    actions = parser.add_subparsers(required=True)
    run = actions.add_parser("run", help="start the servers, run COMMAND with their URLs, stop them")
    run.add_argument("--throwaway", action="store_true", help="a temporary, fast, undurable bank")
    run.add_argument("command", nargs="+", metavar="COMMAND")
    options = parser.parse_args(arguments)
    try:
        return run_beside_servers(options.command, throwaway=options.throwaway)
    except CannotStart as error:
        print(f"guanhu: {error}", file=sys.stderr)
        return 2
    except Stopped as stopped:
        return 128 + stopped.number


def run_beside_servers(command: list[str], *, throwaway: bool) -> int:
    """Run `command` with DATABASE_URL and REDIS_URL of embedded servers; return its exit code."""
    if shutil.which(command[0]) is None:
        raise CannotStart(f"There is no command {command[0]!r}: give the path of a program after --.")
    supervisor = Supervisor(lambda text: print(f"guanhu: {text}", file=sys.stderr))
    with bank(throwaway=throwaway) as layout, supervisor.catching(interrupt=False):
        try:
            environment = servers.start(layout, supervisor, throwaway=throwaway)
            return supervisor.run(command, environment, own_terminal=True)[0]
        finally:
            supervisor.stop()


@contextlib.contextmanager
def bank(*, throwaway: bool):
    """Yield the locked layout of a throwaway bank, or of the one that GUANHU_STATE names."""
    with contextlib.ExitStack() as stack:
        if throwaway:
            yield stack.enter_context(folders.throwaway())
        else:
            layout = Layout.from_environment()
            folders.prepare(layout)
            stack.callback(folders.unlock, folders.lock(layout))
            yield layout


if __name__ == "__main__":
    sys.exit(main())
