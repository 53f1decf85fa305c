"""The release binary under callgrind: what it asks of the heap and of the Swift runtime per query."""

import socket
import struct
import subprocess
import threading
import time
from contextlib import contextmanager

from . import callgrind

NAMES = 1000
# Queries that are under way at a time.
BURST = 25
# After which what misses leave behind is gone.
SETTLE_SECONDS = 9
START_SECONDS = 60
ANSWER_SECONDS = 20
CONTROL_SECONDS = 30
STOP_SECONDS = 30

# What costs: groups of functions of which a hit calls none.
GROUPS = {
    "allocations": (
        "malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign", "swift_allocObject",
    ),
    "frees": ("free",),
    # Those of bridged objects end in these.
    "retains": ("swift_retain", "swift_retain_n"),
    "releases": ("swift_release", "swift_release_n"),
}

_CONFIGURATION = """\
listen: [127.0.0.1:{port}]
admin: {{listen: none, controlSocket: none}}
workers: 1
clusters:
  - name: east
    zone: east.k8s.corp
    servers: ["127.0.0.1:{upstream}"]
    probe: off
upstream:
  servers: ["127.0.0.1:{upstream}"]
  probe: off
"""


class WrongAnswer(Exception):
    """The server did not answer as it had to."""


def query(identifier):
    """Returns a query for the A record of one of the names."""
    labels = [f"w{identifier:06x}", "shop", "svc", "east", "k8s", "corp"]
    qname = b"".join(bytes([len(label)]) + label.encode() for label in labels) + b"\0"
    return struct.pack("!6H", identifier, 0x0100, 1, 0, 0, 0) + qname + struct.pack("!2H", 1, 1)


def check(message, asked):
    """Raises WrongAnswer unless a message answers a query with its one A record; returns the query's ID."""
    (identifier, flags, _, answers) = struct.unpack_from("!4H", message)
    if identifier not in asked or flags & 0xFA0F != 0x8000 or answers != 1:
        raise WrongAnswer(f"query {identifier} got flags {flags:04x} and {answers} records")
    if message[12 : len(query(identifier))] != query(identifier)[12:]:
        raise WrongAnswer(f"query {identifier} got another question")
    if message[-4:] != address(identifier):
        raise WrongAnswer(f"query {identifier} got another address")
    return identifier


def address(identifier):
    """Returns the address of a name, which its server makes of the name."""
    return bytes([10, 96]) + identifier.to_bytes(2, "big")


class Upstream(threading.Thread):
    """The cluster's DNS server: answers every name with the address that is made of it."""

    def __init__(self):
        super().__init__(daemon=True)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 0))
        self._socket.settimeout(0.2)
        self._is_stopping = False
        self.port = self._socket.getsockname()[1]

    def run(self):
        while not self._is_stopping:
            try:
                message, client = self._socket.recvfrom(4096)
            except TimeoutError:
                continue
            end = 12
            while message[end]:
                end += message[end] + 1
            question = message[12 : end + 5]
            try:
                identifier = int(message[14:20], 16)
            except ValueError:
                # The server's own: a probe, or a look whether its queries come back.
                header = message[:2] + struct.pack("!5H", 0x8183, 1, 0, 0, 0)
                self._socket.sendto(header + question, client)
                continue
            header = message[:2] + struct.pack("!5H", 0x8180, 1, 1, 0, 0)
            record = struct.pack("!3HIH", 0xC00C, 1, 1, 300, 4) + address(identifier)
            self._socket.sendto(header + question + record, client)

    def stop(self):
        """Ends the thread and closes its socket."""
        self._is_stopping = True
        self.join()
        self._socket.close()


def free_port():
    """Returns a port that nothing uses for UDP and TCP."""
    for _ in range(50):
        with socket.socket() as stream, socket.socket(type=socket.SOCK_DGRAM) as datagrams:
            stream.bind(("127.0.0.1", 0))
            port = stream.getsockname()[1]
            try:
                datagrams.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port
    raise OSError("no port is free for both UDP and TCP")


@contextmanager
def running(switchyard, directory):
    """Starts the server under callgrind; yields its process and port once it answers."""
    upstream = Upstream()
    upstream.start()
    try:
        port = free_port()
        configuration = directory / "switchyard.yaml"
        configuration.write_text(_CONFIGURATION.format(port=port, upstream=upstream.port))
        program = [switchyard, "serve", "--config", configuration]
        with open(directory / "log", "wb") as log:
            process = subprocess.Popen(
                callgrind.command(directory / "calls", *program),
                env=callgrind.environment(), stdout=log, stderr=log, stdin=subprocess.DEVNULL,
            )
        try:
            wait_until_it_answers(process, port, directory / "log")
            yield process, port
        finally:
            stop(process)
    finally:
        upstream.stop()


def wait_until_it_answers(process, port, log):
    """Returns when the server answers; raises CallgrindFailed when it ends or takes too long."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        try:
            ask_datagrams(port, [0], 1)
            return
        except OSError:
            time.sleep(0.2)
    raise callgrind.CallgrindFailed(f"the server does not answer:\n{log.read_text(errors='replace')}")


def stop(process):
    """Ends the server, by force if need be."""
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def ask_datagrams(port, identifiers, timeout=ANSWER_SECONDS):
    """Asks for names over UDP, some at a time, and checks every answer."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(timeout)
        client.connect(("127.0.0.1", port))
        for start in range(0, len(identifiers), BURST):
            asked = set(identifiers[start : start + BURST])
            for identifier in asked:
                client.send(query(identifier))
            while asked:
                asked.remove(check(client.recv(4096), asked))


class Stream:
    """A TCP connection to the server."""

    def __init__(self, port):
        self._socket = socket.create_connection(("127.0.0.1", port), ANSWER_SECONDS)

    def ask(self, identifiers):
        """Asks for names, some at a time, and checks every answer."""
        for start in range(0, len(identifiers), BURST):
            asked = set(identifiers[start : start + BURST])
            messages = [query(identifier) for identifier in asked]
            self._socket.sendall(b"".join(struct.pack("!H", len(m)) + m for m in messages))
            while asked:
                (length,) = struct.unpack("!H", self._read(2))
                asked.remove(check(self._read(length), asked))

    def close(self):
        """Closes the connection."""
        self._socket.close()

    def _read(self, count):
        data = b""
        while len(data) < count:
            part = self._socket.recv(count - len(data))
            if not part:
                raise WrongAnswer("the server closed the connection")
            data += part
        return data


class Window:
    """What the server called between two moments."""

    def __init__(self, process, directory):
        self._process = process
        self._directory = directory
        self._parts = set(directory.glob("calls.*"))

    def cut(self):
        """Ends a window and begins the next; returns the calls of each group in the one that ended."""
        control = ["vgdb", f"--pid={self._process.pid}", "dump"]
        subprocess.run(control, capture_output=True, timeout=CONTROL_SECONDS, check=True)
        parts = set(self._directory.glob("calls.*"))
        new = parts - self._parts
        self._parts = parts
        if len(new) != 1:
            raise callgrind.CallgrindFailed(f"one dump was asked for, and {len(new)} were written")
        counted = callgrind.calls(new.pop())
        return {group: sum(counted[name] for name in names) for group, names in GROUPS.items()}


def count(switchyard, directory):
    """Returns the calls of each group while the server starts and answers NAMES queries, by kind of query."""
    identifiers = list(range(1, NAMES + 1))
    with running(switchyard, directory) as (process, port):
        window = Window(process, directory)
        figures = {"start": window.cut()}
        ask_datagrams(port, identifiers)
        figures["miss"] = window.cut()
        # The sockets of the misses are closed 5 s after their last use: that is no price of a hit.
        time.sleep(SETTLE_SECONDS)
        ask_datagrams(port, identifiers)
        window.cut()
        ask_datagrams(port, identifiers)
        figures["hit"] = window.cut()
        stream = Stream(port)
        try:
            stream.ask(identifiers[:BURST])
            window.cut()
            stream.ask(identifiers)
            figures["tcp"] = window.cut()
        finally:
            stream.close()
    return figures
