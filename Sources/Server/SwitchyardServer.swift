import AnswerCache
public import Configuration
import EventLoop
import Forwarding
import Glibc
public import Logging
import Metrics
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
    private let workerConfigurations: [WorkerConfiguration]

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
        let failures = AnswerCache(sizeBytes: ForwardingLimits.failureCacheBytes, seed: seed)
        let blocks = (0..<count).map { _ in WorkerMetrics() }
        metrics = MetricsRegistry(blocks)
        workerConfigurations = blocks.map {
            WorkerConfiguration(
                listen: configuration.listen,
                snapshot: snapshot,
                cache: cache,
                failures: failures,
                metrics: $0
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
        // Workers share their ports with each other; with another program's they must not.
        for address in configuration.listen {
            do throws(SystemError) {
                try ListenProbe.check(SocketAddress(address))
            } catch {
                throw .cannotListen(address, error)
            }
        }
        for (number, worker) in workerConfigurations.enumerated() {
            do throws(ServerError) {
                workers.append(try RunningWorker(number, worker, ended: ended?.handle))
            } catch {
                stop()
                for worker in workers { worker.join() }
                throw error
            }
        }
        logger.info(
            "listening",
            metadata: [
                "addresses": "\(configuration.listen.map(\.description).joined(separator: ","))",
                "workers": "\(workers.count)",
                "clusters": "\(configuration.clusters.count)",
            ]
        )
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
