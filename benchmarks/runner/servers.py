"""What is measured: the limit and Switchyard here, the peers in peers.py."""

import re
import shutil
import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass

from . import wire, zone
from .processes import DidNotStart, PinnedProcess, free_port

START_SECONDS = 10
QUERY_SECONDS = 0.5
VERSION_SECONDS = 10
PAUSE_SECONDS = 0.02


@dataclass(frozen=True)
class Site:
    """Where and for what a server is configured."""

    directory: object
    port: int
    upstream_port: int
    workers: int = 1
    clusters: int = 1  # 1: `east`; more: those of zone.cluster_domain
    cached_names: int = zone.HIT_NAMES  # what the cache must hold
    cache_mebibytes: int = 64  # of Switchyard, for that


class Server:
    """A server that can take part; a subclass says how it is configured and started."""

    name = ""
    program = ""
    package = ""  # the Debian package that holds it
    domain = zone.UPSTREAM_DOMAIN  # what its clients ask
    environment = {}
    version_command = ["--version"]
    has_own_allocator = False  # then its allocations cannot be counted from outside
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

    def takes_part(self, scenario, all_servers):
        """Whether to measure this server in a scenario."""
        return scenario.is_for_peers or (all_servers and scenario.group not in ("workers", "clusters"))

    def configure(self, site):
        """Writes the configuration into the site's directory and returns the arguments of the program."""
        raise NotImplementedError

    def command(self, site, _scenario, _reply_octets):
        """Returns the whole command that serves the site's port; `_reply_octets` is for the limit."""
        return [self.path(), *self.configure(site)]

    def check(self, port, scenario):
        """Checks the answers to a scenario's questions; returns the mean length of the responses in octets.

        Raises WrongAnswer or OSError at the first that is wrong or does not come.
        """
        checks = zone.checks(scenario.questions, self.domain, scenario.wants_dnssec)
        return check_answers(port, scenario.transport, checks)

    @contextmanager
    def running(self, site, cores, scenario, reply_octets=0, environment=None):
        """Starts the server, waits until it answers, yields its process."""
        with self.started(site, cores, scenario, reply_octets, environment) as process:
            wait_for(process, lambda: self.check_up(site, scenario))
            yield process

    @contextmanager
    def started(self, site, cores, scenario, reply_octets=0, environment=None):
        """Starts the server in the site's new directory, which goes with it, and yields its process at once."""
        site.directory.mkdir()
        try:
            command = self.command(site, scenario, reply_octets)
            environment = {**self.environment, **(environment or {})}
            with PinnedProcess(command, cores, site.directory / "log", environment) as process:
                yield process
        finally:
            shutil.rmtree(site.directory, ignore_errors=True)

    def check_up(self, site, _scenario):
        """Raises WrongAnswer or OSError unless the server is up; leaves the scenario's names unasked."""
        if site.clusters > 1:
            name = f"up.miss.svc.{zone.cluster_domain(0)}"
            checks = [zone.Check(name, addresses=frozenset([zone.MISS_ADDRESS]))]
        else:
            checks = zone.checks("hit", self.domain)
        return check_answers(site.port, "udp", checks)


class Limit(Server):
    """The C program that only sets QR; it does UDP or TCP."""

    name = "limit"

    def __init__(self, program):
        self._program = program

    def path(self):
        return str(self._program)

    def version(self):
        return "limit/echo.c"

    def takes_part(self, scenario, _all_servers):
        return scenario.limit_name == scenario.name

    def command(self, site, scenario, reply_octets):
        if scenario.transport == "tcp":
            return [self.path(), "tcp", site.port]
        return [self.path(), "udp", site.port, reply_octets, site.workers]

    def check(self, port, scenario):
        lengths = []
        for check in zone.checks(scenario.questions, self.domain, scenario.wants_dnssec):
            response = wire.ask(port, check, scenario.transport, QUERY_SECONDS)
            wire.check_echo(response)
            lengths.append(len(response))
        return sum(lengths) / len(lengths)

    def check_up(self, site, scenario):
        return self.check(site.port, scenario)


class Switchyard(Server):
    """Switchyard with clusters whose names are mapped both ways."""

    name = "switchyard"
    domain = zone.MAPPED_DOMAIN

    def __init__(self, program):
        self._program = program

    def path(self):
        return str(self._program) if self._program.is_file() else None

    def takes_part(self, _scenario, _all_servers):
        return True

    def configure(self, site):
        names = ["east"]
        if site.clusters > 1:
            names = [zone.cluster_domain(index).partition(".")[0] for index in range(site.clusters)]
        file = site.directory / "switchyard.yaml"
        file.write_text(
            f"listen: [127.0.0.1:{site.port}]\n"
            "admin: {listen: none, controlSocket: none}\n"
            f"workers: {site.workers}\n"
            f"upstream: {{servers: [127.0.0.1:{site.upstream_port}]}}\n"
            f'zonePattern: "{{cluster}}.{zone.CLUSTERS_PARENT}"\n'
            f"cache: {{size: {site.cache_mebibytes}MiB, maxTTL: 1h, negativeTTL: 1h}}\n"
            "clusters:\n"
            + "".join(f"  - {{name: {name}, servers: [127.0.0.1:{site.upstream_port}]}}\n" for name in names)
        )
        return ["serve", "-c", file]


def check_answers(port, transport, checks):
    """Asks each zone.Check; returns the mean length of the responses.

    Raises WrongAnswer or OSError at the first that is wrong or does not come.
    """
    lengths = []
    for check in checks:
        response = wire.ask(port, check, transport, QUERY_SECONDS)
        wire.check_answer(response, check)
        lengths.append(len(response))
    return sum(lengths) / len(lengths)


def new_site(directory, upstream_port, **settings):
    """Returns a Site on a port that is free now."""
    return Site(directory, free_port(), upstream_port, **settings)


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
        time.sleep(PAUSE_SECONDS)
