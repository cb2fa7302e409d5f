"""Serve from node_modules exactly the files listed here, under vendor/, and nothing else.

The source maps are listed beside the scripts and styles that name them: hashed storage follows those names.
"""

from pathlib import Path

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.contrib.staticfiles.utils import matches_patterns
from django.core.checks import Error
from django.core.files.storage import FileSystemStorage

FONT = "@fontsource/ibm-plex-sans/files/ibm-plex-sans-latin-{}-normal.woff2"
FILES = {
    "vendor/bootstrap/bootstrap.min.css": "bootstrap/dist/css/bootstrap.min.css",
    "vendor/bootstrap/bootstrap.min.css.map": "bootstrap/dist/css/bootstrap.min.css.map",
    "vendor/bootstrap/bootstrap.bundle.min.js": "bootstrap/dist/js/bootstrap.bundle.min.js",
    "vendor/bootstrap/bootstrap.bundle.min.js.map": "bootstrap/dist/js/bootstrap.bundle.min.js.map",
    "vendor/echarts/echarts.min.js": "echarts/dist/echarts.min.js",
    "vendor/alpine/alpine.min.js": "@alpinejs/csp/dist/cdn.min.js",
    **{
        f"vendor/ibm-plex-sans/ibm-plex-sans-latin-{weight}-normal.woff2": FONT.format(weight)
        for weight in (400, 500, 600)
    },
}


class ListedStorage(FileSystemStorage):
    """node_modules, opened by the served name."""

    def path(self, name):
        return super().path(FILES.get(name, name))


class NodeModulesFinder(BaseFinder):
    """Find the files of FILES in node_modules."""

    def __init__(self, app_names=None, *args, **kwargs):
        self.root = Path(settings.BASE_DIR) / "node_modules"
        self.storage = ListedStorage(location=self.root)
        super().__init__(*args, **kwargs)

    def check(self, **kwargs):
        missing = [source for source in FILES.values() if not (self.root / source).is_file()]
        if not missing:
            return []
        return [
            Error(
                f"{len(missing)} front-end files are missing, first node_modules/{missing[0]}.",
                hint="Run `npm ci --ignore-scripts` (make run does).",
                id="crm.E001",
            )
        ]

    def find(self, path, find_all=False, **kwargs):
        source = FILES.get(path.replace("\\", "/"))
        if source is None or not (self.root / source).is_file():
            return [] if find_all else None
        found = str(self.root / source)
        return [found] if find_all else found

    def list(self, ignore_patterns):
        for name in FILES:
            if not matches_patterns(name, ignore_patterns or ()):  # whitenoise asks with None
                yield name, self.storage
