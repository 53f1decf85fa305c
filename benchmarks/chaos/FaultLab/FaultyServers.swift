public import EventLoop
import Synchronization
public import Transport

/// A server to be started.
public struct FaultyServerDefinition: Sendable {
    /// The first two octets of every address that it answers.
    public var network: UInt16
    /// Its own IPv4 address as a number, one of loopback.
    public var host: UInt32 = 0x7F00_0001
    /// Seconds for which its answers may be kept; CoreDNS says 5.
    public var timeToLive: UInt8 = 5
    /// An earlier server whose port it has at another address; nil lets the kernel choose one.
    public var samePortAs: Int?

    public init(network: UInt16) { self.network = network }
}

/// Faulty servers on a thread of their own, whose behaviour other threads change while they run.
public final class FaultyServers: Sendable {
    /// Where the servers answer, in the order in which they were given.
    public let addresses: [SocketAddress]
    /// How many queries each of them got.
    public let received: [QueryCounter]

    private let thread: WorkerThread
    private let wakeup: WakeupHandle
    private let orders: Orders

    /// Opens all sockets and starts the thread; each server answers at once and rightly.
    public init(_ definitions: [FaultyServerDefinition]) throws(SystemError) {
        let loop = try EventLoop()
        var servers: [FaultyServer] = []
        for definition in definitions {
            let port = definition.samePortAs.map { servers[$0].address.port } ?? 0
            servers.append(try FaultyServer(loop, definition, port: port))
        }
        addresses = servers.map(\.address)
        received = servers.map(\.received)
        let orders = Orders()
        self.orders = orders
        let wakeup = try Wakeup(loop) { [unowned loop, servers] in
            for order in orders.take() {
                switch order {
                case .behave(let server, let steps): servers[server].behave(steps)
                case .stop: loop.stop()
                }
            }
        }
        self.wakeup = wakeup.handle
        // SAFETY: the loop and all that is registered with it belong to the new thread from its start on.
        nonisolated(unsafe) let owned = (loop: loop, servers: servers, wakeup: wakeup)
        thread = try WorkerThread.spawn(name: "upstreams") {
            unsafe owned.loop.run()
            for server in unsafe owned.servers { server.stop() }
        }
    }

    /// Lets a server behave so from now on: one step for good, or several in a circle.
    public func behave(_ server: Int, _ steps: [BehaviourStep]) { give(.behave(server, steps)) }

    /// Lets a server behave so for good.
    public func behave(_ server: Int, _ behaviour: Behaviour) {
        behave(server, [BehaviourStep(behaviour, milliseconds: 0)])
    }

    /// Closes all sockets and waits for the thread's end.
    ///
    /// Called at most once, from another thread.
    public func stop() {
        give(.stop)
        thread.join()
    }

    private func give(_ order: Orders.Order) {
        orders.add(order)
        wakeup.wake()
    }
}

/// What the servers are to do next.
private final class Orders: Sendable {
    enum Order: Sendable {
        case behave(Int, [BehaviourStep])
        case stop
    }

    private let waiting = Mutex<[Order]>([])

    func add(_ order: Order) { waiting.withLock { $0.append(order) } }

    func take() -> [Order] {
        waiting.withLock { orders in
            defer { orders = [] }
            return orders
        }
    }
}
