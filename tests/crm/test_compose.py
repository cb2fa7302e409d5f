"""docker-compose.yml describes the processes of `make run`, and .env.example every variable it reads."""

import re
from fnmatch import fnmatch
from pathlib import Path

import yaml
from django.conf import settings

from crm.embedded.layout import REPOSITORY
from crm.feed.loading import reports_folder

DOCKERFILE = (REPOSITORY / "Dockerfile").read_text()
COMPOSE = (REPOSITORY / "docker-compose.yml").read_text()
SERVICES = yaml.safe_load(COMPOSE)["services"]


def test_services_are_those_of_make_run_and_each_tells_its_health():
    assert sorted(SERVICES) == ["beat", "migrate", "postgres", "valkey", "web", "worker"]
    assert [name for name in sorted(SERVICES) if "healthcheck" not in SERVICES[name]] == ["migrate"]


def test_processes_wait_for_tables_and_servers():
    for name in ("web", "worker", "beat"):
        assert SERVICES[name]["depends_on"] == {
            "migrate": {"condition": "service_completed_successfully"},
            "postgres": {"condition": "service_healthy"},
            "valkey": {"condition": "service_healthy"},
        }


def test_only_the_web_process_is_reachable_and_only_from_the_host():
    published = {name: service["ports"] for name, service in SERVICES.items() if "ports" in service}
    assert published == {"web": ["127.0.0.1:${PORT:-8000}:8000"]}


def test_what_a_process_writes_lies_on_a_volume_that_its_user_owns():
    """The containers are read-only; a new volume takes its owner from the folder of the image."""
    worker = {mount.split(":")[1] for mount in SERVICES["worker"]["volumes"]}
    for path in (reports_folder(), Path(settings.HISTORY_HEADS).parent):
        inside = path.relative_to(REPOSITORY)
        assert f"/srv/guanhu/{inside}" in worker
        assert re.search(rf"chown guanhu: .*{inside}", DOCKERFILE)
    assert "feed-reports:/srv/guanhu/var/feed-reports:ro" in SERVICES["web"]["volumes"]
    for mount in (mount for service in SERVICES.values() for mount in service.get("volumes", [])):
        assert mount.startswith("${") or mount.split(":")[0] in yaml.safe_load(COMPOSE)["volumes"]


def test_the_image_copies_what_is_there_and_needs_no_root():
    copied = [words.split()[1:-1] for words in re.findall(r"^(COPY (?!--from).*)$", DOCKERFILE, re.M)]
    assert [name for names in copied for name in names if not (REPOSITORY / name).exists()] == []
    assert DOCKERFILE.rindex("USER guanhu") < DOCKERFILE.rindex("CMD")
    assert "RUN" not in DOCKERFILE[DOCKERFILE.rindex("USER guanhu") :]


def test_neither_keys_nor_records_of_the_bank_get_into_the_image():
    """What compose mounts from the repository's folder is left out of it, and out of git."""
    beside = {name.rstrip("/") for name in re.findall(r":-\./([^}]+)}", COMPOSE)} | {".env"}
    assert beside == {"feed", "guanhu_keys.json", ".env"}
    for ignored in (".dockerignore", ".gitignore"):
        patterns = (REPOSITORY / ignored).read_text().split()
        left = [name for name in beside if not any(fnmatch(name, p.strip("/")) for p in patterns)]
        assert left == [], ignored


def test_every_variable_is_in_the_example():
    example = (REPOSITORY / ".env.example").read_text()
    named = set(re.findall(r"^([A-Z_]+)=", example, re.M))
    assert set(re.findall(r"\$\{([A-Z_]+)", COMPOSE)) <= named
    assert {"SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"} <= named


def test_health_check_without_a_name_says_which_there_are(capsys):
    from crm.healthcheck import main

    assert main([]) == 1
    assert capsys.readouterr().err == "Name one of web, worker, beat.\n"


def test_health_check_of_a_dead_process_fails_with_the_reason(capsys, monkeypatch):
    from crm.healthcheck import main

    monkeypatch.setenv("PORT", "1")
    assert main(["web"]) == 1
    assert capsys.readouterr().err == "ConnectionRefusedError: [Errno 111] Connection refused\n"
