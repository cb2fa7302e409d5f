"""The platform under the apps: settings, servers, feed engine, page helpers."""
