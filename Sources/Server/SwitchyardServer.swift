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
    private let configuration: ServerConfiguration
    private let source: ConfigurationSource
    private var logger: Logger
    private let loop: EventLoop
    private var workers: [RunningWorker] = []
    private var signals: [SignalWatcher] = []
    private var ended: Wakeup?
    private let metrics: MetricsRegistry
    private let makeWorker:
        ([ListenAddress], WorkerMetrics, QueryRecorder?, ForwardingSnapshot) -> WorkerConfiguration
    private let recorders: [QueryRecorder?]
    private let queryLog: QueryLog?
    private let blocks: [WorkerMetrics]
    private let cache: AnswerCache?
    private let streams: UpstreamStreamSupport
    private var keeper: RouteKeeper?
    private var reloader: Reloader?
    private var hasEnded = false

    /// Prepares a server; nothing is bound yet.
    ///
    /// - Parameter source: what the configuration was read of, and is read of again.
    public init(
        _ configuration: ServerConfiguration,
        from source: ConfigurationSource,
        logger: Logger
    ) throws(ServerError) {
        self.configuration = configuration
        self.source = source
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
        self.cache = cache
        self.streams = streams
        let failures = AnswerCache(sizeBytes: ForwardingLimits.failureCacheBytes, seed: seed)
        blocks = (0..<count).map { _ in WorkerMetrics() }
        metrics = MetricsRegistry(blocks)
        let recorders = (0..<count).map { _ in configuration.queryLog.map(QueryRecorder.init) }
        self.recorders = recorders
        queryLog = configuration.queryLog.map {
            QueryLog($0, rings: recorders.compactMap { $0?.ring }, logger: logger)
        }
        makeWorker = { listen, metrics, recorder, snapshot in
            WorkerConfiguration(
                listen: listen,
                snapshot: snapshot,
                cache: cache,
                failures: failures,
                metrics: metrics,
                streams: streams,
                recorder: recorder
            )
        }
    }

    private static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Binds all sockets and starts the workers; afterwards queries are answered.
    ///
    /// Waits for the addresses of servers that are given by name, but not for long.
    public func start() throws(ServerError) {
        ProcessLimits.ignoreBrokenPipe()
        try OwnAddresses(listen: configuration.listen).check(configuration)
        do throws(SystemError) {
            _ = try ProcessLimits.raiseOpenFiles()
            ended = try Wakeup(loop) { [unowned self] in stopWhenAllEnded() }
            for signal in [SIGTERM, SIGINT] {
                signals.append(try SignalWatcher(loop, signal: signal) { [unowned self] in stop() })
            }
            signals.append(try SignalWatcher(loop, signal: SIGHUP) { [unowned self] in reload() })
        } catch {
            throw .system(error)
        }
        let listen = try usableAddresses()
        let keeper = try makeKeeper()
        self.keeper = keeper
        let snapshot = keeper.makeSnapshot()
        queryLog?.use(snapshot.table)
        try startWorkers(listen, snapshot)
        do throws(SystemError) {
            try queryLog?.start()
        } catch {
            throw .system(error)
        }
        reloader = makeReloader()
        waitForNames()
        logger.info(
            "listening",
            metadata: [
                "addresses": "\(listen.map(\.description).joined(separator: ","))",
                "workers": "\(workers.count)",
                "clusters": "\(configuration.clusters.count)",
            ]
        )
    }

    private func makeKeeper() throws(ServerError) -> RouteKeeper {
        do throws(SystemError) {
            let keeper = try RouteKeeper(configuration, loop, logger: logger) { [unowned self] snapshot in
                queryLog?.use(snapshot.table)
                for worker in workers { worker.replace(snapshot: snapshot) }
            }
            try keeper.start()
            return keeper
        } catch {
            throw .system(error)
        }
    }

    private func makeReloader() -> Reloader {
        Reloader(source, running: configuration, logger: logger) {
            [unowned self] new throws(ServerError) in try use(new)
        }
    }

    private func startWorkers(
        _ listen: [ListenAddress],
        _ snapshot: ForwardingSnapshot
    ) throws(ServerError) {
        for (number, block) in blocks.enumerated() {
            do throws(ServerError) {
                let worker = makeWorker(listen, block, recorders[number], snapshot)
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

    /// Lets names be resolved for a moment; queries are answered meanwhile.
    private func waitForNames() {
        var isOver = false
        let end = { [loop] in
            if !isOver { loop.stop() }
            isOver = true
        }
        keeper?.waitForNames(end)
        guard !isOver, let limit = try? Timer(loop, end) else { return }
        limit.schedule(afterMilliseconds: RouteKeeper.nameMilliseconds)
        loop.run()
        limit.cancel()
    }

    /// Runs until SIGTERM or SIGINT, then lets the workers finish what is in flight.
    public func run() {
        while !hasEnded { loop.run() }
        for worker in workers { worker.join() }
        queryLog?.stop()
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
        reloader = nil
        keeper?.stop()
        for worker in workers { worker.drain() }
    }

    private func stopWhenAllEnded() {
        guard workers.allSatisfy(\.hasEnded) else { return }
        hasEnded = true
        loop.stop()
    }
}

// MARK: - Reload

extension SwitchyardServer {
    /// Reads the configuration once more and uses it, unless it has a mistake; what did not change goes on.
    ///
    /// On the thread of `run`.
    public func reload() { reloader?.reload() }

    /// What came of the reloads; nil before the start.
    public var reloadStatus: ReloadStatus? { reloader?.status }

    private func use(_ configuration: ServerConfiguration) throws(ServerError) {
        try OwnAddresses(listen: configuration.listen).check(configuration)
        let authorities = try UpstreamStreamSupport.authorities(of: configuration)
        do throws(SystemError) {
            try keeper?.use(configuration)
        } catch {
            throw .system(error)
        }
        streams.use(authorities)
        cache?.retain(seconds: configuration.cache.serveStaleSeconds)
        logger.logLevel = LoggingSetup.level(configuration.log.level)
    }
}
