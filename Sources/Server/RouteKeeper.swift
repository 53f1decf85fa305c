import Configuration
import DNSWire
import EventLoop
import Forwarding
import Logging
import Routing

/// Keeps the routes of a running server as they should be: servers are given by names whose addresses change, and by
/// files that are written anew.
///
/// Control thread.
final class RouteKeeper {
    /// Milliseconds between a change and the snapshot with it, so that changes which come together make one.
    private static let pauseMilliseconds: UInt64 = 20
    /// Milliseconds between two looks at the health of the servers that are given by name.
    private static let lookMilliseconds = 200

    /// Milliseconds between two looks at whether a worker still has an old snapshot.
    private static let releaseMilliseconds = 500
    /// Milliseconds that a new configuration waits for the addresses of servers that are given by name.
    static let nameMilliseconds = 1000

    private let loop: EventLoop
    private let logger: Logger
    private let publish: (ForwardingSnapshot) -> Void
    private var builder: SnapshotBuilder
    private var names: HostNameFollower?
    private var files: FileFollower?
    private var timer: Timer?
    /// Set while new names are resolved, before the configuration that has them is used.
    private var limit: Timer?
    private var looks: Timer?
    private var retired = RetiredSnapshots()
    private var releases: Timer?
    /// What the last snapshot took to make, in milliseconds.
    private var lastEffort: UInt64 = 0
    /// The addresses behind names that were left out because they are ours.
    private var leftOut: Set<String> = []
    /// What was wrong with the files, said already.
    private var lastProblem = ""
    /// Their lines that were passed over, said already.
    private var lastWarnings: [ConfigurationProblem] = []

    /// - Parameter publish: takes each snapshot after the first.
    init(
        _ configuration: ServerConfiguration,
        _ loop: EventLoop,
        logger: Logger,
        publish: @escaping (ForwardingSnapshot) -> Void
    ) throws(SystemError) {
        builder = SnapshotBuilder(configuration)
        self.loop = loop
        self.logger = logger
        self.publish = publish
        timer = try Timer(loop) { [unowned self] in publishNext() }
        limit = try Timer(loop) { [unowned self] in publishNext() }
        releases = try Timer(loop) { [unowned self] in releaseRetired() }
    }

    var configuration: ServerConfiguration { builder.configuration }

    /// The newest snapshot; nil before the first.
    var current: ForwardingSnapshot? { builder.current }

    // MARK: - Snapshots

    /// The next snapshot: of the configuration, and of the addresses that are known.
    func makeSnapshot() -> ForwardingSnapshot {
        let start = Self.now()
        let snapshot = builder.next(usableAddresses(), now: start)
        lastEffort = Self.now() - start
        return snapshot
    }

    private func publishNext() {
        limit?.cancel()
        if let last = builder.current { retired.add(last) }
        publish(makeSnapshot())
        releases?.schedule(afterMilliseconds: Self.releaseMilliseconds)
    }

    private func releaseRetired() {
        retired.release()
        if !retired.isEmpty { releases?.schedule(afterMilliseconds: Self.releaseMilliseconds) }
    }

    /// Publishes soon; with many clusters later, so that most of the time is left for other work.
    private func publishSoon() {
        guard let timer, !timer.isScheduled, limit?.isScheduled == false else { return }
        timer.schedule(afterMilliseconds: Int(max(Self.pauseMilliseconds, lastEffort * 10)))
    }

    /// What each route is, by the cache tag that it has now.
    var identities: [UInt32: String] {
        guard let table = builder.current?.table else { return [:] }
        let texts = [configuration.servers.defaultIdentity] + configuration.clusters.map(\.identity)
        // Names that were resolved meanwhile change no tag.
        return Dictionary(zip(table.routes.map(\.cacheTag), texts)) { first, _ in first }
    }

    // MARK: - Following

    /// Begins to follow names and files.
    func start() throws(SystemError) {
        try follow(configuration)
        // They may have changed between the reading of the configuration and now.
        if files != nil { readFiles() }
    }

    /// Uses another configuration, as soon as the addresses of its servers are known, but within a second.
    ///
    /// When this throws nothing has changed.
    func use(_ new: ServerConfiguration) throws(SystemError) {
        try follow(new)
        builder.configuration = new
        lastProblem = ""
        say(new.warnings)
        timer?.cancel()
        limit?.schedule(afterMilliseconds: Self.nameMilliseconds)
        guard let names else { return publishNext() }
        names.waitUntilTried { [unowned self] in if limit?.isScheduled == true { publishNext() } }
    }

    private func follow(_ configuration: ServerConfiguration) throws(SystemError) {
        let files = try follower(of: configuration.resolvConfFiles)
        try followNames(of: configuration)
        self.files = files
    }

    private func follower(of paths: [String]) throws(SystemError) -> FileFollower? {
        if paths.isEmpty { return nil }
        return try FileFollower(loop, paths: paths, logger: logger) { [unowned self] in readFiles() }
    }

    private func followNames(of configuration: ServerConfiguration) throws(SystemError) {
        let hosts = configuration.hostNames
        if names == nil, !hosts.isEmpty {
            names = try HostNameFollower(loop, logger: logger) { [unowned self] in publishSoon() }
            looks = try Timer(loop) { [unowned self] in lookAtHealth() }
            looks?.schedule(afterMilliseconds: Self.lookMilliseconds)
        }
        names?.follow(hosts, servers: configuration.nameServersOfHosts)
    }

    /// A server that moves is down at its old addresses long before their TTL ends.
    private func lookAtHealth() {
        // What is to be published soon may have other addresses.
        if timer?.isScheduled == false { names?.resolveSoon(builder.namesThatAreDown) }
        looks?.schedule(afterMilliseconds: Self.lookMilliseconds)
    }

    /// Calls back when each name has been resolved, or could not be, and the workers have the addresses.
    func waitForNames(_ body: @escaping () -> Void) {
        guard let names else { return body() }
        names.waitUntilTried { [unowned self] in
            if timer?.isScheduled == true {
                timer?.cancel()
                publishNext()
            }
            body()
        }
    }

    /// Follows nothing any more.
    func stop() {
        names?.stop()
        names = nil
        files = nil
        timer = nil
        limit = nil
        releases = nil
        looks = nil
    }

    private static func now() -> UInt64 { MonotonicClock.nanoseconds() / 1_000_000 }
}

// MARK: - Addresses behind names

extension RouteKeeper {
    /// The addresses behind names, without those that are this server itself.
    private func usableAddresses() -> ServerAddresses {
        guard let known = names?.addresses else { return [:] }
        let own = OwnAddresses(listen: configuration.listen)
        var ports: [DomainName: Set<UInt16>] = [:]
        for server in configuration.servers + configuration.clusters.flatMap(\.servers) {
            if case .name(let name) = server.host { ports[name, default: []].insert(server.port) }
        }
        var stillLeftOut: Set<String> = []
        let usable = known.map { name, addresses in
            let others = addresses.filter { address in
                let isOwn = ports[name, default: []].contains { own.listener(at: address, port: $0) != nil }
                if isOwn { stillLeftOut.insert("server \(name.hostName): \(address)") }
                return !isOwn
            }
            return (name, others)
        }
        for address in stillLeftOut.subtracting(leftOut).sorted() {
            logger.warning("\(address) is this server itself and is left out")
        }
        leftOut = stillLeftOut
        return Dictionary(uniqueKeysWithValues: usable)
    }
}

// MARK: - Files that name servers

extension RouteKeeper {
    /// Reads the servers of the default route again; what cannot be read, or names none, changes nothing.
    private func readFiles() {
        do throws(ConfigurationError) {
            // Our own addresses are left out below, which at the start is a mistake.
            var anywhere = configuration
            anywhere.listen = []
            var warnings: [ConfigurationProblem] = []
            let servers = try ConfigurationLoader.servers(of: anywhere, warn: { warnings.append($0) })
            say(warnings)
            take(servers)
            lastProblem = ""
        } catch {
            let problem = error.problems.map(\.description).joined(separator: "; ")
            if problem != lastProblem { logger.warning("the servers stay as they were: \(problem)") }
            lastProblem = problem
        }
    }

    private func say(_ warnings: [ConfigurationProblem]) {
        if warnings != lastWarnings { for warning in warnings { logger.warning("\(warning)") } }
        lastWarnings = warnings
    }

    private func take(_ read: [ServerDefinition]) {
        let own = OwnAddresses(listen: configuration.listen)
        let servers = read.filter { server in
            guard let upstream = server.upstream,
                own.listener(at: upstream.address, port: upstream.port) != nil
            else { return true }
            logger.warning("default route: \(upstream) is this server itself and is left out")
            return false
        }
        guard !servers.isEmpty else {
            return logger.warning("the servers stay as they were: no other is left")
        }
        guard servers != configuration.servers else { return }
        builder.configuration.servers = servers
        let list = servers.map { $0.upstream?.description ?? $0.host.text }.joined(separator: ", ")
        logger.info("the servers of the default route are now \(list)")
        names?.follow(configuration.hostNames, servers: configuration.nameServersOfHosts)
        publishSoon()
    }
}

extension ServerConfiguration {
    /// The names of servers that are given by name.
    fileprivate var hostNames: [DomainName] { (servers + clusters.flatMap(\.servers)).names }

    /// The servers that resolve the names of others: those that are stated, else the plain ones of the default route.
    fileprivate var nameServersOfHosts: [Upstream] {
        bootstrap.isEmpty ? servers.compactMap(\.upstream).filter { $0.transport != .tls } : bootstrap
    }
}

extension ServerDefinition.Host {
    /// As the configuration writes it.
    fileprivate var text: String {
        switch self {
        case .address(let address): address.description
        case .name(let name): name.hostName
        }
    }
}
