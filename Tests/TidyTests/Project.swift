import Foundation

/// The files of the project, as they lie on disk.
enum Project {
    static let root = URL(fileURLWithPath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    /// The paths of all files below a folder, relative to the root and sorted; hidden ones are left out.
    static func files(below folder: String = "", ending: String = "") -> [String] {
        let start = folder.isEmpty ? root : root.appendingPathComponent(folder)
        let all = FileManager.default.enumerator(
            at: start,
            includingPropertiesForKeys: [.isRegularFileKey],
            options: [.skipsHiddenFiles]
        )
        let prefix = root.standardizedFileURL.path + "/"
        return (all?.compactMap { $0 as? URL } ?? [])
            .filter { (try? $0.resourceValues(forKeys: [.isRegularFileKey]).isRegularFile) == true }
            .map { String($0.standardizedFileURL.path.dropFirst(prefix.count)) }
            .filter { $0.hasSuffix(ending) && !$0.contains("/__pycache__/") }
            .sorted()
    }

    /// The text of a file; nil for what is no text.
    static func text(_ path: String) -> String? {
        guard let data = FileManager.default.contents(atPath: root.appendingPathComponent(path).path) else {
            return nil
        }
        return String(data: data, encoding: .utf8)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appendingPathComponent(path).path)
    }
}
