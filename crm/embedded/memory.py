"""How much memory PostgreSQL may plan with, and which settings follow from it."""

import os
from pathlib import Path

_GIB = 1 << 30
_MIB = 1 << 20


def memory_bytes() -> int:
    """Return the memory of this machine, or of the container where that is less."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    try:
        limit = Path("/sys/fs/cgroup/memory.max").read_text().strip()
    except OSError:
        return total
    return min(total, int(limit)) if limit.isdigit() else total


def postgres_settings(*, throwaway: bool, memory: int, cores: int, shared_memory: int) -> dict[str, str]:
    """Return PostgreSQL's settings for `memory` bytes, `cores` processors, `shared_memory` free in /dev/shm.

    Commits are durable, except in a throwaway bank, which no one will miss.
    """
    buffers = min(memory // 4, (512 * _MIB) if throwaway else 2 * _GIB)
    settings = {
        "shared_buffers": f"{max(buffers // _MIB, 64)}MB",
        "effective_cache_size": f"{max(memory // 2 // _MIB, 128)}MB",
        "work_mem": "64MB" if memory >= 8 * _GIB else "16MB",
        "maintenance_work_mem": "512MB" if memory >= 8 * _GIB else "64MB",
        "max_connections": "60",
        "max_parallel_workers_per_gather": str(min(cores, 4)),
        "max_parallel_workers": str(max(cores, 2)),
        "max_worker_processes": str(max(cores, 2) + 6),
        # a statement over the whole ledger locks every partition of it, and so does a backup
        "max_locks_per_transaction": "512",
        "jit": "off",
        "random_page_cost": "1.1",
        "wal_compression": "on",
        "max_wal_size": "4GB",
        "checkpoint_timeout": "15min",
        "log_line_prefix": "%m [%p] ",
        # statements carry customers' data: a failing one is told by its error, not by its text
        "log_min_error_statement": "panic",
        "unix_socket_permissions": "0700",
    }
    if shared_memory < 512 * _MIB:  # containers give /dev/shm 64 MB; parallel queries need more
        settings["dynamic_shared_memory_type"] = "mmap"
    if throwaway:
        settings |= {
            "fsync": "off",
            "synchronous_commit": "off",
            "full_page_writes": "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            "autovacuum_naptime": "5s",
        }
    return settings
