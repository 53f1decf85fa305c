"""The committed instruction counts, and the comparison with them."""

import json
import platform
import re
import subprocess
from pathlib import Path

# What a count may differ by, in both directions: an improvement has to be written down, too.
TOLERANCE = 0.02
VERSION_SECONDS = 60


def machine(swift):
    """Returns what counts depend on beside the code: architecture, its vectors, compiler and C library."""
    done = subprocess.run([swift, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=True)
    version = re.search(r"Swift version (\d+(?:\.\d+)+)", done.stdout)
    library, library_version = platform.libc_ver()
    return f"{platform.machine()} {_vectors()}, Swift {version.group(1) if version else 'unknown'}, {library} {library_version}"


def _vectors():
    """Returns the widest vectors that valgrind passes on, which copies of memory use."""
    flags = Path("/proc/cpuinfo").read_text().split()
    return "avx2" if "avx2" in flags else "sse2"


def load(path):
    """Returns the counts of all machines: instructions per operation by machine and scenario."""
    return json.loads(path.read_text()) if path.exists() else {}


def store(path, machine_name, counts):
    """Writes the counts of one machine and keeps those of others."""
    known = load(path) | {machine_name: {name: round(count, 1) for name, count in counts.items()}}
    path.write_text(json.dumps(known, indent=2, sort_keys=True) + "\n")


def verdict(count, threshold):
    """Returns how a count compares with its threshold, and whether it passes."""
    if threshold is None:
        return "has no threshold", False
    change = count / threshold - 1
    text = f"{change:+.1%}"
    return text, abs(change) <= TOLERANCE
