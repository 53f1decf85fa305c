import AnswerCache
public import Configuration
import EventLoop
import Forwarding
import Glibc
public import Logging
import Metrics
import Routing
import Synchronization
import Transport

/// The server: workers, each on its own thread, and the signals that end it.
public final class SwitchyardServer {
    private var builder: SnapshotBuilder
    private let logger: Logger
    private let loop: EventLoop
    private var workers: [RunningWorker] = []
    private var signals: [SignalWatcher] = []
    private var ended: Wakeup?
    private let metrics: MetricsRegistry
    private let makeWorker: ([ListenAddress], WorkerMetrics, ForwardingSnapshot) -> WorkerConfiguration
    private let blocks: [WorkerMetrics]

    private var configuration: ServerConfiguration { builder.configuration }

    /// Prepares a server; nothing is bound yet.
    public init(_ configuration: ServerConfiguration, logger: Logger) throws(ServerError) {
        builder = SnapshotBuilder(configuration)
        self.logger = logger
        do throws(SystemError) {
            loop = try EventLoop()
        } catch {
            throw .system(error)
        }
        let count = configuration.workers > 0 ? configuration.workers : Self.cores
        let seed = UInt64.random(in: .min ... .max)
        let size = configuration.cache.sizeBytes
        let retention = configuration.cache.serveStaleSeconds
        let cache = size > 0 ? AnswerCache(sizeBytes: size, retentionSeconds: retention, seed: seed) : nil
        let streams = try UpstreamStreamSupport(configuration, logger)
        let failures = AnswerCache(sizeBytes: ForwardingLimits.failureCacheBytes, seed: seed)
        blocks = (0..<count).map { _ in WorkerMetrics() }
        metrics = MetricsRegistry(blocks)
        makeWorker = { listen, metrics, snapshot in
            WorkerConfiguration(
                listen: listen,
                snapshot: snapshot,
                cache: cache,
                failures: failures,
                metrics: metrics,
                streams: streams
            )
        }
    }

    private static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Binds all sockets and starts the workers; afterwards queries are answered.
    public func start() throws(ServerError) {
        ProcessLimits.ignoreBrokenPipe()
        do throws(SystemError) {
            _ = try ProcessLimits.raiseOpenFiles()
            ended = try Wakeup(loop) { [unowned self] in stopWhenAllEnded() }
            for signal in [SIGTERM, SIGINT] {
                signals.append(try SignalWatcher(loop, signal: signal) { [unowned self] in stop() })
            }
        } catch {
            throw .system(error)
        }
        let listen = try usableAddresses()
        try startWorkers(listen)
        logger.info(
            "listening",
            metadata: [
                "addresses": "\(listen.map(\.description).joined(separator: ","))",
                "workers": "\(workers.count)",
                "clusters": "\(configuration.clusters.count)",
            ]
        )
    }

    private func startWorkers(_ listen: [ListenAddress]) throws(ServerError) {
        let snapshot = builder.next([:], now: MonotonicClock.nanoseconds() / 1_000_000)
        for (number, block) in blocks.enumerated() {
            do throws(ServerError) {
                let worker = makeWorker(listen, block, snapshot)
                workers.append(try RunningWorker(number, worker, ended: ended?.handle))
            } catch {
                for worker in workers { worker.drain() }
                for worker in workers { worker.join() }
                throw error
            }
        }
    }

    /// The addresses to listen on, once it is sure that no other program does.
    ///
    /// Workers share their ports with each other; with another program's they must not. Loopback of IPv6 is in the
    /// defaults and left out, with a warning, where the machine has no IPv6.
    private func usableAddresses() throws(ServerError) -> [ListenAddress] {
        var usable: [ListenAddress] = []
        for address in configuration.listen {
            do throws(SystemError) {
                try ListenProbe.check(SocketAddress(address))
                usable.append(address)
            } catch {
                let isMissing = error.errno == EADDRNOTAVAIL || error.errno == EAFNOSUPPORT
                guard isMissing, !address.address.isIPv4, address.address.bits == 1 else {
                    throw .cannotListen(address, error)
                }
                logger.warning("not listening on \(address): this machine has no IPv6")
            }
        }
        guard let first = configuration.listen.first, usable.isEmpty else { return usable }
        throw .cannotListen(first, SystemError(call: "bind", errno: EADDRNOTAVAIL))
    }

    /// Runs until SIGTERM or SIGINT, then lets the workers finish what is in flight.
    public func run() {
        loop.run()
        for worker in workers { worker.join() }
        logger.info(
            "stopped",
            metadata: [
                "queries": "\(metrics.value(.queriesUDP) + metrics.value(.queriesTCP))",
                "cacheHits": "\(metrics.value(.cacheHits))",
            ]
        )
    }

    /// Asks the workers to stop accepting and to end when nothing is in flight.
    ///
    /// On the thread of `run`.
    public func stop() {
        logger.info("stopping")
        for worker in workers { worker.drain() }
    }

    private func stopWhenAllEnded() {
        if workers.allSatisfy(\.hasEnded) { loop.stop() }
    }
}
