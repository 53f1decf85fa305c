/// The octets of a configuration's files, each read once, and those that stand in for broken ones.
///
/// Used by one thread.
final class ConfigurationInput {
    /// The files of an entry of `include`.
    enum Files {
        case found([String])
        case failed(UnreadableFile)
    }

    /// What could change so that the configuration would be another: files, and patterns of names.
    private(set) var watched: [String]
    /// The octets of included files as far as they were read.
    private(set) var included: [String: [UInt8]] = [:]
    /// What is used of a file instead of its octets; nil leaves it out.
    var substitutes: [String: [UInt8]?] = [:]

    private let good: [String: [UInt8]]
    private var failures: [String: UnreadableFile] = [:]
    private var bytes = 0

    /// - Parameter good: what was used last of included files, by path.
    init(mainFile: String, good: [String: [UInt8]] = [:]) {
        watched = [mainFile]
        self.good = good
    }

    /// The files that an entry stands for, sorted by their names.
    ///
    /// A directory that was there and is gone may be back soon: its files are as they were.
    func files(of pattern: IncludePattern) -> Files {
        watched.append(pattern.path)
        guard pattern.isPattern else { return .found([pattern.path]) }
        do throws(UnreadableFile) {
            if let names = try ConfigurationFile.names(in: pattern.directory, matching: pattern.name) {
                let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
                return .found(sorted.map { pattern.directory + $0 })
            }
        } catch {
            return .failed(error)
        }
        guard good.keys.contains(where: { IncludePattern($0, of: "")?.directory == pattern.directory })
        else { return .found([]) }
        return .failed(
            UnreadableFile(
                path: pattern.directory,
                reason: "the directory is gone",
                advice: "bring it back, or remove it from `include`"
            )
        )
    }

    /// The octets to use of an included file; nil leaves it out.
    func octets(of path: String) throws(UnreadableFile) -> [UInt8]? {
        if let substitute = substitutes[path] { return substitute }
        if let octets = included[path] { return octets }
        if let failure = failures[path] { throw failure }
        watched.append(path)
        do throws(UnreadableFile) {
            let octets = try ConfigurationFile.read(path, atMost: ConfigurationLimits.includedBytes)
            bytes += octets.count
            guard bytes <= ConfigurationLimits.includedBytes else { throw tooLarge(path) }
            included[path] = octets
            return octets
        } catch {
            failures[path] = error
            throw error
        }
    }

    private func tooLarge(_ path: String) -> UnreadableFile {
        UnreadableFile(
            path: path,
            reason:
                "all included files together are larger than \(ConfigurationLimits.includedBytes >> 20) MiB",
            advice: "shorten them"
        )
    }

    /// Differs, all but surely, when the files do.
    func fingerprint(_ main: [UInt8]) -> Int {
        var hasher = Hasher()
        hasher.combine(main)
        for path in watched { hasher.combine(path) }
        for (path, octets) in included.sorted(by: { $0.key < $1.key }) {
            hasher.combine(path)
            hasher.combine(octets)
        }
        for (path, failure) in failures.sorted(by: { $0.key < $1.key }) {
            hasher.combine(path)
            hasher.combine(failure.reason)
        }
        return hasher.finalize()
    }
}
