import CSystem

/// Calls its body once when a file may have become another: was written, replaced or removed, or a link leads elsewhere.
///
/// The file need not exist. Who wants to hear of the next change makes the next watcher before reading the file, so
/// that nothing is missed in between. Used on the loop's thread only; releasing it ends the watch.
public final class FileWatcher {
    private let list: WatchList
    private var watcher: Watcher?

    /// Watches the files at these paths.
    ///
    /// Throws when the system has no watches left (`fs.inotify.max_user_watches`).
    public init(
        _ loop: EventLoop,
        paths: [String],
        _ body: @escaping () -> Void
    ) throws(SystemError) {
        let list = try WatchList()
        for path in paths { try list.follow(path) }
        self.list = list
        watcher = try Watcher(loop, fd: list.fd, .read) { [unowned self] in
            // What was reported is not read: the list is of no more use.
            watcher?.disable()
            body()
        }
    }
}

/// Directories whose changes the kernel reports.
private final class WatchList {
    let fd: CInt

    init() throws(SystemError) { fd = try SystemError.check("inotify_init", csystem_inotify()) }

    deinit { csystem_close(fd) }

    func follow(_ path: String) throws(SystemError) {
        try SystemError.check("inotify_add_watch", unsafe csystem_inotify_follow(fd, path))
    }
}
