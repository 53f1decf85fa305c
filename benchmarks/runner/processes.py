"""Starts, pins, measures and ends the processes of a run."""

import ctypes
import os
import random
import signal
import socket
import subprocess
import time

STOP_SECONDS = 3
FIRST_PORT, LAST_PORT = 20000, 29999  # below the range from which the kernel picks client ports
PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
PR_SET_PDEATHSIG = 1


class DidNotStart(Exception):
    """A process ended or stayed silent at its start; the text holds the end of its log."""


def free_port():
    """Returns a port on 127.0.0.1 that is free for UDP and TCP."""
    for _ in range(1000):
        port = random.randint(FIRST_PORT, LAST_PORT)
        try:
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp, socket.socket() as tcp:
                udp.bind(("127.0.0.1", port))
                tcp.bind(("127.0.0.1", port))
                return port
        except OSError:
            continue
    raise DidNotStart(f"no free port between {FIRST_PORT} and {LAST_PORT}")


def nanoseconds(ticks):
    """Converts the ticks in which /proc counts."""
    return ticks * 1_000_000_000 // TICKS_PER_SECOND


class PinnedProcess:
    """A process on some cores, in a session of its own, that ends with the `with` block that started it.

    `started_nanoseconds` is when the program was executed, by the monotonic clock.
    """

    def __init__(self, command, cores, log, environment=None):
        self.command = [str(part) for part in command]
        self.cores = set(cores)
        self.log = log
        self.environment = {**os.environ, **(environment or {})}
        self.process = None
        self.started_nanoseconds = 0

    def __enter__(self):
        libc = ctypes.CDLL(None)
        reader, writer = os.pipe()

        def prepare():
            os.sched_setaffinity(0, self.cores)
            # Should this runner be killed itself. Not for dnsmasq: changing its rights undoes it.
            libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            os.write(writer, time.monotonic_ns().to_bytes(8, "little"))  # the last before exec

        with os.fdopen(reader, "rb") as told, os.fdopen(writer, "wb"), self.log.open("wb") as log:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
                preexec_fn=prepare,
            )
            self.started_nanoseconds = int.from_bytes(told.read(8), "little")
        return self

    def __exit__(self, *_):
        """Ends the process by its id, and then whatever it left in the session that it leads."""
        pid = self.process.pid
        if self.process.returncode is None:
            os.kill(pid, signal.SIGTERM)
            deadline = time.monotonic() + STOP_SECONDS
            # WNOWAIT: until it is reaped below, nobody else can get its id.
            while not os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT):
                if time.monotonic() > deadline:
                    break
                time.sleep(0.01)
            os.killpg(pid, signal.SIGKILL)
            self.process.wait()

    def pin_threads(self):
        """Puts every thread on the cores, also those that chose another for themselves, as knotd's do."""
        for thread in os.listdir(f"/proc/{self.process.pid}/task"):
            os.sched_setaffinity(int(thread), self.cores)

    def has_ended(self):
        """Whether the process has ended by itself; leaves it to be reaped by the `with` block."""
        return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None

    def log_tail(self):
        """Returns the last lines that the process wrote, as one line."""
        lines = self.log.read_text(errors="replace").strip().splitlines()
        return " / ".join(line.strip() for line in lines[-3:]) or "(it said nothing)"

    def cpu_nanoseconds(self):
        """Returns the CPU time of the process, its ended threads and children included."""
        _, _, children_user, children_system = self._ticks()
        total = nanoseconds(children_user + children_system)
        for pid in self._session():
            try:
                # A process' CPU clock: the kernel makes its number from the id, as clock_getcpuclockid does.
                total += time.clock_gettime_ns((~pid << 3) | 2)
            except OSError:
                continue  # a child that has just ended
        return total

    def resident_bytes(self):
        """Returns the memory that is resident, children included."""
        pages = 0
        for pid in self._session():
            try:
                with open(f"/proc/{pid}/statm") as file:
                    pages += int(file.read().split()[1])
            except OSError:
                continue
        return pages * PAGE_BYTES

    def user_ticks(self):
        """Returns the user part of the CPU time, which the kernel only samples, in clock ticks."""
        user, _, children_user, _ = self._ticks()
        return user + children_user

    def _ticks(self):
        return tuple(int(field) for field in _stat_fields(self.process.pid)[11:15])

    def _session(self):
        """Returns the ids of the processes in the session that this process leads (dnsmasq forks for TCP)."""
        found = []
        for entry in os.listdir("/proc"):
            if entry.isdecimal():
                try:
                    fields = _stat_fields(int(entry))
                except OSError:
                    continue
                if int(fields[3]) == self.process.pid:
                    found.append(int(entry))
        return found


def _stat_fields(pid):
    """Returns the fields of /proc/PID/stat from the third (the state) on; the second may hold spaces."""
    with open(f"/proc/{pid}/stat") as file:
        return file.read().rpartition(")")[2].split()
