import Configuration
import Foundation
import Testing

@Suite struct LoadTests {
    private func withFile(_ octets: [UInt8], _ body: (String) throws -> Void) throws {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("switchyard-\(UUID()).yaml")
        try Data(octets).write(to: url)
        defer { try? FileManager.default.removeItem(at: url) }
        try body(url.path)
    }

    @Test func readsAFile() throws {
        try withFile(Array("workers: 3\nupstream: {servers: [192.0.2.1]}\n".utf8)) { path in
            let read = try ConfigurationLoader.load(path: path)
            #expect(read.workers == 3)
        }
    }

    @Test func mistakesAreNotUnreadableFiles() throws {
        try withFile(Array("workers: x\nupstream: {servers: [192.0.2.1]}\n".utf8)) { path in
            let error = #expect(throws: ConfigurationLoadError.self) {
                try ConfigurationLoader.load(path: path)
            }
            guard case .invalid(let mistakes) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(mistakes.problems.first?.description.hasPrefix("\(path):1:10: ") == true)
        }
    }

    @Test(arguments: [
        ("/nonexistent/switchyard.yaml", "there is no such file"), ("/tmp", "it is a directory"),
    ]) func unreadableFilesSayWhy(path: String, reason: String) {
        let error = #expect(throws: ConfigurationLoadError.self) { try ConfigurationLoader.load(path: path) }
        guard case .unreadable(let file) = error else {
            Issue.record("\(String(describing: error))")
            return
        }
        #expect(file.path == path)
        #expect(file.reason.contains(reason), "\(file)")
    }

    @Test func aFileWithoutEndIsRefused() {
        let error = #expect(throws: ConfigurationLoadError.self) {
            try ConfigurationLoader.load(path: "/dev/zero")
        }
        #expect(error?.description.contains("larger than 64 MiB") == true)
    }

    @Test func octetsThatAreNoTextHaveTheirPlace() throws {
        try withFile(Array("workers: 1\n# é".utf8) + [0xFF, 0x0A]) { path in
            let error = #expect(throws: ConfigurationLoadError.self) {
                try ConfigurationLoader.load(path: path)
            }
            #expect(
                error?.description.hasPrefix("\(path):2:4: this is no UTF-8") == true,
                "\(String(describing: error))"
            )
        }
    }
}
