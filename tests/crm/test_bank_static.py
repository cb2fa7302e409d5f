"""The static files are collected again only when a source changed."""

from crm.bank import static


def test_what_was_collected_is_no_source(tmp_path, monkeypatch):
    monkeypatch.setattr(static, "REPOSITORY", tmp_path)
    for name in ("static/a.css", "package-lock.json", "requirements.txt", "crm/settings.py"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name)
    before = static.digest()

    (tmp_path / "var" / "static").mkdir(parents=True)
    (tmp_path / "var" / "static" / "a.css").write_text("collected")
    assert static.digest() == before

    (tmp_path / "static" / "a.css").write_text("changed")
    assert static.digest() != before
