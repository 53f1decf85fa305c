import EventLoop
import Logging

/// Calls back when one of some files may have changed.
///
/// What is written in several steps is reported once, a moment later. Control thread.
final class FileFollower {
    private static let pauseMilliseconds = 100
    /// How often the files are looked at where the system cannot report changes.
    private static let pollMilliseconds = 30_000

    private let loop: EventLoop
    private var paths: [String]
    private let logger: Logger
    private let changed: () -> Void
    private var watcher: FileWatcher?
    private var timer: Timer?
    private var hasComplained = false

    init(
        _ loop: EventLoop,
        paths: [String],
        logger: Logger,
        changed: @escaping () -> Void
    ) throws(SystemError) {
        self.loop = loop
        self.paths = paths
        self.logger = logger
        self.changed = changed
        timer = try Timer(loop) { [unowned self] in
            // First: what changes while the files are read is to be noticed, too.
            watch()
            self.changed()
        }
        watch()
    }

    /// Follows other files.
    ///
    /// They may have changed before this, so that they are reported once.
    func follow(_ paths: [String]) {
        guard paths != self.paths else { return }
        self.paths = paths
        watch()
        reportSoon()
    }

    /// Reports a change, as if there had been one.
    func reportSoon() { timer?.schedule(afterMilliseconds: Self.pauseMilliseconds) }

    private func watch() {
        do throws(SystemError) {
            watcher = try FileWatcher(loop, paths: paths) { [unowned self] in reportSoon() }
        } catch {
            watcher = nil
            timer?.schedule(afterMilliseconds: Self.pollMilliseconds)
            guard !hasComplained else { return }
            hasComplained = true
            let names = paths.prefix(3).joined(separator: ", ") + (paths.count > 3 ? " and others" : "")
            logger.warning("changes of \(names) are not reported (\(error)): looking every 30 s")
        }
    }
}
