import EventLoop
import Foundation
import Testing

/// Changes of a file are noticed, whichever way it is changed.
@Suite struct FileWatcherTests {
    /// A folder that is removed with its owner.
    private final class Folder {
        let path = NSTemporaryDirectory() + "file-watcher-\(UUID().uuidString)"

        init() throws {
            try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
        }

        deinit { try? FileManager.default.removeItem(atPath: path) }

        func write(_ text: String, to name: String) throws {
            try Data(text.utf8).write(to: URL(fileURLWithPath: "\(path)/\(name)"))
        }

        func makeFolder(_ name: String) throws {
            try FileManager.default.createDirectory(
                atPath: "\(path)/\(name)",
                withIntermediateDirectories: false
            )
        }

        func link(_ name: String, to target: String) throws {
            try FileManager.default.createSymbolicLink(atPath: "\(path)/\(name)", withDestinationPath: target)
        }

        func rename(_ old: String, to new: String) {
            unsafe #expect(Glibc.rename("\(path)/\(old)", "\(path)/\(new)") == 0)
        }

        func remove(_ name: String) throws { try FileManager.default.removeItem(atPath: "\(path)/\(name)") }
    }

    /// Whether a watcher of the file reports what `change` does.
    private func isReported(_ folder: Folder, _ name: String, _ change: () throws -> Void) throws -> Bool {
        let loop = try EventLoop()
        var calls = 0
        let watcher = try FileWatcher(loop, paths: ["\(folder.path)/\(name)"]) {
            calls += 1
            loop.stop()
        }
        try change()
        // What has happened is reported in the first round; a second would tell a second call.
        for _ in 0..<2 { try runBriefly(loop) }
        withExtendedLifetime(watcher) {}
        #expect(calls <= 1)
        return calls == 1
    }

    @Test func nothingIsReportedWhenNothingChanges() throws {
        let folder = try Folder()
        try folder.write("a", to: "file")
        #expect(try !isReported(folder, "file") {})
    }

    @Test func aFileThatIsWrittenIsReported() throws {
        let folder = try Folder()
        try folder.write("a", to: "file")
        #expect(try isReported(folder, "file") { try folder.write("b", to: "file") })
    }

    @Test func aFileThatIsReplacedByRenameIsReported() throws {
        let folder = try Folder()
        try folder.write("a", to: "file")
        try folder.write("b", to: "new")
        #expect(try isReported(folder, "file") { folder.rename("new", to: "file") })
    }

    @Test func aFileThatAppearsOrGoesIsReported() throws {
        let folder = try Folder()
        #expect(try isReported(folder, "file") { try folder.write("a", to: "file") })
        #expect(try isReported(folder, "file") { try folder.remove("file") })
    }

    @Test func aLinkThatLeadsElsewhereIsReported() throws {
        let folder = try Folder()
        try folder.write("a", to: "one")
        try folder.link("file", to: "one")
        try folder.link("next", to: "two")
        #expect(try isReported(folder, "file") { folder.rename("next", to: "file") })
    }

    @Test func theFileBehindALinkIsReported() throws {
        let folder = try Folder()
        try folder.makeFolder("far")
        try folder.write("a", to: "far/one")
        try folder.link("file", to: "far/one")
        #expect(try isReported(folder, "file") { try folder.write("b", to: "far/one") })
    }

    /// As Kubernetes replaces the files of a ConfigMap: one rename of a link to the folder that holds them.
    @Test func aFolderBehindALinkOnTheWayIsReported() throws {
        let folder = try Folder()
        try folder.makeFolder("mount")
        for version in ["v1", "v2"] {
            try folder.makeFolder("mount/\(version)")
            try folder.write(version, to: "mount/\(version)/file")
        }
        try folder.link("mount/..data", to: "v1")
        try folder.link("mount/..next", to: "v2")
        try folder.link("mount/file", to: "..data/file")
        let replace = { folder.rename("mount/..next", to: "mount/..data") }
        #expect(try isReported(folder, "mount/file", replace))
        try folder.link("mount/..next", to: "v1")
        // The same for who names the file behind the link.
        #expect(try isReported(folder, "mount/..data/file", replace))
    }

    @Test func aFolderThatDoesNotExistYetIsReportedWhenItComes() throws {
        let folder = try Folder()
        #expect(try isReported(folder, "later/file") { try folder.makeFolder("later") })
    }

    @Test func linksThatLeadInACircleAreRefused() throws {
        let folder = try Folder()
        try folder.link("one", to: "two")
        try folder.link("two", to: "one")
        let loop = try EventLoop()
        #expect(throws: SystemError.self) { _ = try FileWatcher(loop, paths: ["\(folder.path)/one"]) {} }
    }

    @Test func aPathThatIsNotAbsoluteIsRefused() throws {
        let loop = try EventLoop()
        #expect(throws: SystemError.self) { _ = try FileWatcher(loop, paths: ["resolv.conf"]) {} }
    }

    @Test func watchersGiveTheirDescriptorsBack() throws {
        let folder = try Folder()
        let loop = try EventLoop()
        for _ in 0..<2000 { _ = try FileWatcher(loop, paths: ["\(folder.path)/file"]) {} }
    }
}
