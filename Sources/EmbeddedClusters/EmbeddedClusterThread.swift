public import EventLoop
public import Transport

/// A thread that serves embedded clusters until it is told to stop.
public final class EmbeddedClusterThread: Sendable {
    /// Where the clusters answer, in the order in which they were given.
    public let addresses: [SocketAddress]

    private let thread: WorkerThread
    private let wakeup: WakeupHandle

    /// Opens all sockets, then starts the thread; with port 0 the kernel chooses.
    public init(
        _ clusters: [(cluster: EmbeddedCluster, address: SocketAddress)]
    ) throws(SystemError) {
        let loop = try EventLoop()
        let batch = try DatagramBatch(loop)
        let resources = try StreamResources(loop)
        var servers: [EmbeddedClusterServer] = []
        for (cluster, address) in clusters {
            let server = try EmbeddedClusterServer(
                cluster,
                loop,
                at: address,
                batch: batch,
                resources: resources
            )
            servers.append(server)
        }
        let wakeup = try Wakeup(loop) { [unowned loop] in loop.stop() }
        addresses = servers.map(\.address)
        self.wakeup = wakeup.handle
        // SAFETY: the loop and all that is registered with it belong to the new thread from its start on.
        nonisolated(unsafe) let owned = (loop: loop, servers: servers, wakeup: wakeup, resources: resources)
        thread = try WorkerThread.spawn(name: "clusters") {
            unsafe owned.loop.run()
            for server in unsafe owned.servers { server.stop() }
            unsafe owned.resources.closeConnections()
        }
    }

    /// Closes all sockets and waits for the thread's end.
    ///
    /// Called at most once, from another thread.
    public func stop() {
        wakeup.wake()
        thread.join()
    }
}
