"""What does this machine have? Processors and memory, on every system."""

from __future__ import annotations

import ctypes
import os

_UNKNOWN_MEMORY = 8 << 30  # where the system does not say: a small machine of 2026


def usable_processors() -> int:
    """Those that this process may run on; at least 1."""
    if hasattr(os, "sched_getaffinity"):  # Linux alone
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def physical_memory() -> int:
    """Bytes of main memory; 8 GiB where the system does not say."""
    if hasattr(os, "sysconf"):
        return int(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES"))
    return _windows_memory() or _UNKNOWN_MEMORY


class _MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX of Windows, as its documentation lays it out."""

    _fields_ = (
        ("length", ctypes.c_ulong),
        ("load", ctypes.c_ulong),
        ("total", ctypes.c_ulonglong),
        ("rest", ctypes.c_ulonglong * 6),
    )


def _windows_memory() -> int:
    """0 where this is no Windows."""
    windows = getattr(ctypes, "windll", None)
    status = _MemoryStatus(length=ctypes.sizeof(_MemoryStatus))
    if windows is None:
        return 0
    windows.kernel32.GlobalMemoryStatusEx(ctypes.byref(status))
    return int(status.total)
