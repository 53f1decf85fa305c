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
    private let logger: Logger
    private let loop: EventLoop
    private var workers: [RunningWorker] = []
    private var signals: [SignalWatcher] = []
    private var ended: Wakeup?
    private let metrics: MetricsRegistry
    private let makeWorker: ([ListenAddress], WorkerMetrics) -> WorkerConfiguration
    private let blocks: [WorkerMetrics]

    /// Prepares a server; nothing is bound yet.
    public init(_ configuration: ServerConfiguration, logger: Logger) throws(ServerError) {
        self.configuration = configuration
        self.logger = logger
        do throws(SystemError) {
            loop = try EventLoop()
        } catch {
            throw .system(error)
        }
        let count = configuration.workers > 0 ? configuration.workers : Self.cores
        let snapshot = ForwardingSnapshot(configuration)
        let seed = UInt64.random(in: .min ... .max)
        let size = configuration.cache.sizeBytes
        let cache = size > 0 ? AnswerCache(sizeBytes: size, seed: seed) : nil
        let streams = try UpstreamStreamSupport(configuration, logger)
        let failures = AnswerCache(sizeBytes: ForwardingLimits.failureCacheBytes, seed: seed)
        blocks = (0..<count).map { _ in WorkerMetrics() }
        metrics = MetricsRegistry(blocks)
        makeWorker = { listen, metrics in
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
        for (number, block) in blocks.enumerated() {
            do throws(ServerError) {
                let worker = makeWorker(listen, block)
                workers.append(try RunningWorker(number, worker, ended: ended?.handle))
            } catch {
                for worker in workers { worker.drain() }
                for worker in workers { worker.join() }
                throw error
            }
        }
        logger.info(
            "listening",
            metadata: [
                "addresses": "\(listen.map(\.description).joined(separator: ","))",
                "workers": "\(workers.count)",
                "clusters": "\(configuration.clusters.count)",
            ]
        )
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

/// A worker's thread, as the control thread sees it.
private final class RunningWorker: Sendable {
    private let thread: WorkerThread
    private let link: WorkerLink

    /// Starts the thread and waits until its sockets are bound.
    init(
        _ number: Int,
        _ configuration: WorkerConfiguration,
        ended: WakeupHandle?
    ) throws(ServerError) {
        let link = WorkerLink(ended: ended)
        self.link = link
        do throws(SystemError) {
            thread = try WorkerThread.spawn(name: "worker-\(number)") { link.run(configuration) }
        } catch {
            throw .system(error)
        }
        if let error = link.waitUntilStarted() {
            thread.join()
            throw error
        }
    }

    var hasEnded: Bool { link.hasEnded }

    func drain() { link.drain() }

    func join() { thread.join() }
}

/// What the control thread and a worker's thread share.
private final class WorkerLink: Sendable {
    private enum State {
        case starting
        case failed(ServerError)
        case running(WakeupHandle)
        case ended
    }

    private let state = Mutex(State.starting)
    private let ended: WakeupHandle?

    init(ended: WakeupHandle?) { self.ended = ended }

    /// The body of the worker's thread.
    func run(_ configuration: WorkerConfiguration) {
        do throws(ServerError) {
            let worker = try Worker(configuration)
            let wakeup: Wakeup
            do throws(SystemError) {
                wakeup = try Wakeup(worker.loop) { [unowned worker] in worker.drain() }
            } catch {
                throw .system(error)
            }
            state.withLock { $0 = .running(wakeup.handle) }
            worker.run()
            withExtendedLifetime(wakeup) {}
            state.withLock { $0 = .ended }
        } catch {
            state.withLock { $0 = .failed(error) }
        }
        ended?.wake()
    }

    /// Waits for the worker's sockets; returns what went wrong.
    func waitUntilStarted() -> ServerError? {
        while true {
            switch state.withLock({ $0 }) {
            case .starting: usleep(200)
            case .failed(let error): return error
            case .running, .ended: return nil
            }
        }
    }

    var hasEnded: Bool {
        switch state.withLock({ $0 }) {
        case .starting, .running: false
        case .failed, .ended: true
        }
    }

    func drain() {
        if case .running(let handle) = state.withLock({ $0 }) { handle.wake() }
    }
}
