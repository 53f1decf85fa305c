import AnswerCache
public import Configuration
import EventLoop
import Forwarding
import FoundationEssentials
import Glibc
public import Logging
import Metrics
import Routing
import Synchronization
import Transport

/// The server: workers, each on its own thread, and the signals that end it.
public final class SwitchyardServer {
    private let loaded: LoadedConfiguration
    private let source: ConfigurationSource
    private var logger: Logger
    let loop: EventLoop
    private(set) var workers: [RunningWorker] = []
    private var signals: [SignalWatcher] = []
    private var ended: Wakeup?
    let metrics: MetricsRegistry
    let admin: AdminServer
    private(set) var health: HealthCheck?
    private(set) var rates: QueryRates?
    private(set) var history: History?
    /// The addresses that queries are taken on.
    private(set) var listening: [ListenAddress] = []
    /// When the server was made, by `MonotonicClock`.
    let startedAt = MonotonicClock.nanoseconds()
    /// The same in seconds since 1970.
    let startSeconds = Double(time(nil))
    private let makeWorker: ([ListenAddress], WorkerMetrics, QueryRecorder?) -> WorkerConfiguration
    private let recorders: [QueryRecorder?]
    let queryLog: QueryLog?
    private let blocks: [WorkerMetrics]
    let cache: AnswerCache?
    let failures: AnswerCache
    private let streams: UpstreamStreamSupport
    private(set) var keeper: RouteKeeper?
    private(set) var reloader: Reloader?
    /// For questions to ourselves; made for the first.
    lazy var liveSockets = try? HostSockets(loop)
    private var cacheKeeper: CacheKeeper?
    private var hasEnded = false
    private let service = ServiceManager(
        environment: ProcessInfo.processInfo.environment,
        processID: getpid()
    )
    private var watchdog: Watchdog?
    private var inherited: [InheritedSocket] = []
    private var predecessor: Predecessor?
    /// The process that takes over, and the time that it has left for that.
    var successor: Int32?
    var succession: Timer?

    /// Prepares a server; nothing is bound yet.
    ///
    /// - Parameter source: what the configuration was read of, and is read of again.
    public init(
        _ loaded: LoadedConfiguration,
        from source: ConfigurationSource,
        logger: Logger
    ) throws(ServerError) {
        let configuration = loaded.configuration
        self.loaded = loaded
        self.source = source
        self.logger = logger
        do throws(SystemError) {
            loop = try EventLoop()
        } catch {
            throw .system(error)
        }
        admin = AdminServer(configuration.admin, loop, logger: logger)
        let count = configuration.workers > 0 ? configuration.workers : Self.cores
        let seed = UInt64.random(in: .min ... .max)
        let size = configuration.cache.sizeBytes
        let retention = configuration.cache.serveStaleSeconds
        let cache = size > 0 ? AnswerCache(sizeBytes: size, retentionSeconds: retention, seed: seed) : nil
        let streams = try UpstreamStreamSupport(configuration, logger)
        self.cache = cache
        self.streams = streams
        let failures = AnswerCache(sizeBytes: ForwardingLimits.failureCacheBytes, seed: seed)
        self.failures = failures
        blocks = (0..<count).map { _ in
            WorkerMetrics(
                routes: ForwardingLimits.routeRowsMax,
                upstreams: ForwardingLimits.upstreamRowsMax
            )
        }
        metrics = MetricsRegistry(blocks)
        let recorders = (0..<count).map { _ in configuration.queryLog.map(QueryRecorder.init) }
        self.recorders = recorders
        queryLog = configuration.queryLog.map {
            QueryLog($0, rings: recorders.compactMap { $0?.ring }, logger: logger)
        }
        makeWorker = { [allMetrics = metrics] listen, metrics, recorder in
            WorkerConfiguration(
                listen: listen,
                cache: cache,
                failures: failures,
                metrics: metrics,
                allMetrics: allMetrics,
                streams: streams,
                recorder: recorder
            )
        }
    }

    /// The configuration of the start.
    var configuration: ServerConfiguration { loaded.configuration }

    private static var cores: Int { max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN))) }

    /// Binds all sockets and starts the workers; afterwards queries are answered.
    ///
    /// Waits for the addresses of servers that are given by name, but not for long.
    ///
    /// - Parameter takesOver: whether a server that answers at the control socket is replaced.
    public func start(takesOver: Bool = false) throws(ServerError) {
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
        inherited = try service.sockets(for: configuration.listen.map { SocketAddress($0) })
        if takesOver { predecessor = try findPredecessor() }
        let listen = try usableAddresses()
        try startAdmin()
        let keeper = try makeKeeper()
        self.keeper = keeper
        listening = listen
        let snapshot = keeper.makeSnapshot()
        queryLog?.use(snapshot.table)
        try startWorkers(listen, snapshot)
        try startQueryLog()
        try followConfiguration()
        try keepCache(of: keeper)
        waitForNames()
        try startWatchdog()
        service.ready(statusText)
        predecessor?.end()
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

    private func startAdmin() throws(ServerError) {
        // Nobody would see what is sampled for the page.
        guard configuration.admin.listen != nil || configuration.admin.controlSocket != nil else { return }
        do throws(SystemError) {
            health = try HealthCheck(loop, configuration.listen)
            rates = try QueryRates(loop) { [unowned self] in metrics.queries }
            history = try History(loop) { [unowned self] in historyReading() }
        } catch {
            throw .system(error)
        }
        try admin.start(endpoints)
    }

    private func startQueryLog() throws(ServerError) {
        do throws(SystemError) {
            try queryLog?.start()
        } catch {
            throw .system(error)
        }
    }

    private func followConfiguration() throws(ServerError) {
        let reloader = Reloader(source, loaded, logger: logger) {
            [unowned self] new throws(ServerError) in try use(new)
        }
        do throws(SystemError) {
            try reloader.followFiles(loop)
        } catch {
            throw .system(error)
        }
        self.reloader = reloader
    }

    private func findPredecessor() throws(ServerError) -> Predecessor? {
        guard let path = configuration.admin.controlSocket else {
            throw .handover("`admin.controlSocket` is none; name the socket of the server that runs")
        }
        let predecessor = try Predecessor.find(path)
        if predecessor == nil { logger.info("no server to take over from at \(path)") }
        return predecessor
    }

    private func keepCache(of keeper: RouteKeeper) throws(ServerError) {
        guard let cache, let path = configuration.cache.file else { return }
        do throws(SystemError) {
            cacheKeeper = try CacheKeeper(
                cache,
                path: path,
                loop,
                logger: logger,
                retentionMilliseconds: { UInt64(keeper.configuration.cache.serveStaleSeconds) * 1000 },
                routes: { keeper.identities }
            )
        } catch {
            throw .system(error)
        }
        cacheKeeper?.start()
    }

    private func startWatchdog() throws(ServerError) {
        guard let milliseconds = service.watchdogMilliseconds else { return }
        do throws(SystemError) {
            watchdog = try Watchdog(
                loop,
                milliseconds: milliseconds,
                ages: { [unowned self] in
                    let now = MonotonicClock.nanoseconds()
                    return workers.filter { !$0.hasEnded }.map { $0.age(at: now) }
                },
                alive: { [service] in service.alive() }
            )
        } catch {
            throw .system(error)
        }
    }

    /// What the service manager shows.
    private var statusText: String {
        "Answering on \(listening.map(\.description).joined(separator: ", "))"
    }

    private func startWorkers(
        _ listen: [ListenAddress],
        _ snapshot: ForwardingSnapshot
    ) throws(ServerError) {
        for (number, block) in blocks.enumerated() {
            do throws(ServerError) {
                var worker = makeWorker(listen, block, recorders[number])
                worker.inherited = ServiceManager.share(inherited, ofWorker: number, of: blocks.count)
                workers.append(try RunningWorker(number, worker, snapshot, ended: ended?.handle))
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
                if error.errno == EADDRINUSE, isOurs(address) {
                    usable.append(address)
                    continue
                }
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

    /// Says whether who has an address is to share it with us.
    private func isOurs(_ address: ListenAddress) -> Bool {
        predecessor != nil || inherited.contains { $0.address == SocketAddress(address) }
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
        yieldToWorkers()
        while !hasEnded { loop.run() }
        for worker in workers { worker.join() }
        queryLog?.stop()
        cacheKeeper?.finish()
        admin.stop()
        logger.info(
            "stopped",
            metadata: [
                "queries": "\(metrics.value(.queriesUDP) + metrics.value(.queriesTCP))",
                "cacheHits": "\(metrics.value(.cacheHits))",
            ]
        )
    }

    /// Lets workers have the processor first: to load 10,000 clusters takes this thread longer than a query may wait.
    ///
    /// On Linux this is a property of the calling thread.
    private func yieldToWorkers() { _ = setpriority(CInt(PRIO_PROCESS.rawValue), 0, Self.niceness) }

    private static let niceness: CInt = 10

    /// Asks the workers to stop accepting and to end when nothing is in flight.
    ///
    /// On the thread of `run`.
    public func stop() {
        logger.info("stopping")
        succession = nil
        if let successor { service.replaced(by: successor) } else { service.stopping() }
        reloader = nil
        health = nil
        rates = nil
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
    public func reload() {
        guard let reloader else { return }
        service.reloading()
        reloader.reload()
        service.ready(statusText)
    }

    /// Writes a line into the log.
    func note(_ line: String) { logger.notice("\(line)") }

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
