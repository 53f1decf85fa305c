"""What is measured: the limit and Switchyard here, the peers in peers.py."""

import re
import shutil
import subprocess
import time
from contextlib import contextmanager

from . import wire, zone
from .processes import DidNotStart, PinnedProcess, free_port

START_SECONDS = 10
QUERY_SECONDS = 0.5
VERSION_SECONDS = 10


class Server:
    """A server that can take part; a subclass says how it is configured and started."""

    name = ""
    program = ""
    package = ""  # the Debian package that holds it
    domain = zone.UPSTREAM_DOMAIN  # what its clients ask
    environment = {}
    version_command = ["--version"]
    scenarios = ("hit", "miss", "tcp")
    closes_tcp_early = False  # whether it may lose queries because it limits the queries of a connection

    def path(self):
        """Returns the program's path, or None where it is not installed."""
        return shutil.which(self.program)

    def version(self):
        """Returns the version that the program tells."""
        command, limit = [self.path(), *self.version_command], VERSION_SECONDS
        try:
            done = subprocess.run(command, capture_output=True, text=True, timeout=limit, check=False)
        except (OSError, subprocess.TimeoutExpired):
            return "unknown"
        found = re.search(r"\d+\.\d+[\w.+~-]*", done.stdout + done.stderr)
        return found.group(0) if found else "unknown"

    def configure(self, directory, port, upstream_port):
        """Writes the configuration into `directory` and returns the arguments of the program."""
        raise NotImplementedError

    def command(self, directory, port, upstream_port, _scenario):
        """Returns the whole command that serves `port`."""
        return [self.path(), *self.configure(directory, port, upstream_port)]

    def check(self, port, scenario):
        """Raises WrongAnswer or OSError unless what the scenario asks is answered rightly."""
        check_answers(port, "tcp" if scenario == "tcp" else "udp", zone.checks(scenario, self.domain))

    @contextmanager
    def running(self, directory, core, upstream_port, scenario):
        """Starts the server in a new `directory`, waits until it answers, yields its process and port."""
        directory.mkdir()
        port = free_port()
        command = self.command(directory, port, upstream_port, scenario)
        with PinnedProcess(command, core, directory / "log", self.environment) as process:
            wait_for(process, lambda: self.check(port, self.first_scenario(scenario)))
            yield process, port

    def first_scenario(self, _scenario):
        """Returns the scenario whose answers show that the server is up."""
        return "hit"


class Limit(Server):
    """The C program that only sets QR; it does UDP or TCP."""

    name = "limit"
    scenarios = ("hit", "tcp")  # its miss is two echoes

    def __init__(self, program):
        self._program = program

    def path(self):
        return str(self._program)

    def version(self):
        return "limit/echo.c"

    def command(self, _directory, port, _upstream_port, scenario):
        return [self.path(), "tcp" if scenario == "tcp" else "udp", port]

    def check(self, port, scenario):
        transport = "tcp" if scenario == "tcp" else "udp"
        for qname, _ in zone.checks(scenario, self.domain):
            wire.check_echo(wire.ask(port, qname, transport, QUERY_SECONDS))

    def first_scenario(self, scenario):
        return scenario


class Switchyard(Server):
    """Switchyard with a cluster whose names are mapped both ways."""

    name = "switchyard"
    domain = zone.MAPPED_DOMAIN

    def __init__(self, program):
        self._program = program

    def path(self):
        return str(self._program) if self._program.is_file() else None

    def configure(self, directory, port, upstream_port):
        file = directory / "switchyard.yaml"
        file.write_text(
            f"listen: [127.0.0.1:{port}]\n"
            "workers: 1\n"
            f"upstream: {{servers: [127.0.0.1:{upstream_port}]}}\n"
            'zonePattern: "{cluster}.k8s.corp"\n'
            "clusters:\n"
            f"  - {{name: east, clusterDomain: cluster.local, servers: [127.0.0.1:{upstream_port}]}}\n"
            "cache: {size: 64MiB, maxTTL: 1h}\n"
        )
        return ["serve", "-c", file]


def check_answers(port, transport, checks):
    """Asks for each pair of a name and its address; raises WrongAnswer or OSError at the first that fails."""
    for qname, address in checks:
        wire.check_answer(wire.ask(port, qname, transport, QUERY_SECONDS), qname, address)


def wait_for(process, attempt):
    """Repeats `attempt` until it raises nothing, then pins the threads that the process has started.

    Raises DidNotStart if the process ends or START_SECONDS pass.
    """
    deadline = time.monotonic() + START_SECONDS
    while True:
        try:
            attempt()
            return process.pin_threads()
        except (OSError, wire.WrongAnswer) as error:
            if process.has_ended():
                raise DidNotStart("it ended at once: " + process.log_tail()) from error
            if time.monotonic() > deadline:
                why = f"no right answer in {START_SECONDS} s ({error}): {process.log_tail()}"
                raise DidNotStart(why) from error
        time.sleep(0.02)
