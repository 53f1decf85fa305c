"""Says what machine a run was made on."""

import os
import platform


def describe(cores):
    """Returns pairs of a title and a fact about this machine."""
    server_core, load_core = cores
    return [
        ("CPU", f"{_cpu_model()}, {os.cpu_count()} cores"),
        ("Kernel", f"{platform.system()} {platform.release()} {platform.machine()}"),
        ("Distribution", _distribution()),
        ("Cores", f"server {server_core}, dnsperf and knotd {load_core}"),
        ("Load average before", " ".join(f"{value:.2f}" for value in os.getloadavg())),
    ]


def busy_ticks(core):
    """Returns the clock ticks that a core has not been idle, time taken by the hypervisor included."""
    with open("/proc/stat") as file:
        for line in file:
            name, *ticks = line.split()
            if name == f"cpu{core}":
                user, nice, system, _idle, _iowait, irq, softirq, steal = (int(tick) for tick in ticks[:8])
                return user + nice + system + irq + softirq + steal
    return 0


def choose_cores():
    """Returns the core of the server and that of the load; the same one twice where there is only one."""
    allowed = sorted(os.sched_getaffinity(0))
    return allowed[0], allowed[min(1, len(allowed) - 1)]


def _cpu_model():
    with open("/proc/cpuinfo") as file:
        for line in file:
            if line.lower().startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or "unknown"


def _distribution():
    try:
        return platform.freedesktop_os_release()["PRETTY_NAME"]
    except (OSError, KeyError):
        return "unknown"
