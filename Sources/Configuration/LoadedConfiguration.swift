/// A configuration with what it was read of, so that it can be followed when that changes.
public struct LoadedConfiguration: Sendable {
    public let configuration: ServerConfiguration
    /// The mistakes of included files, whose last good content is used instead; never at the start.
    public internal(set) var problems: [ConfigurationProblem] = []
    /// What may be meant so, or not.
    public internal(set) var warnings: [ConfigurationProblem] = []
    /// The files, and patterns of files, whose change can change the configuration; as they are written.
    public internal(set) var paths: [String] = []
    /// Differs, all but surely, from the one of another reading when the files do.
    public internal(set) var fingerprint = 0
    /// What was read of each included file.
    var included: [String: [UInt8]] = [:]

    /// A configuration that was read of nothing.
    public init(_ configuration: ServerConfiguration) { self.configuration = configuration }
}

/// What came of reading a configuration's files once.
public struct ConfigurationReading: Sendable {
    public let result: Result<LoadedConfiguration, ConfigurationLoadError>
    /// The files, and patterns of files, whose change can change the configuration; as they are written.
    public let paths: [String]
    /// Differs, all but surely, from the one of another reading when the files do.
    public let fingerprint: Int
}

extension ConfigurationLoader {
    /// Reads a file and those that it includes.
    ///
    /// - Parameter last: what was loaded before; an included file with mistakes is then used as it was, or left out
    ///   when it is new. Without it every mistake is one of the whole.
    public static func read(path: String, after last: LoadedConfiguration? = nil) -> ConfigurationReading {
        let input = ConfigurationInput(mainFile: path, good: last?.included ?? [:])
        let octets: [UInt8]
        do throws(UnreadableFile) {
            octets = try ConfigurationFile.read(path, atMost: ConfigurationLimits.fileBytes)
        } catch {
            return ConfigurationReading(
                result: .failure(.unreadable(error)),
                // The included files are not known now, and nobody has to hear of them before this one is back.
                paths: input.watched,
                fingerprint: error.reason.hashValue
            )
        }
        let result = load(octets, path, input, last)
        let fingerprint = input.fingerprint(octets)
        return ConfigurationReading(
            result: result.map { loaded in
                var loaded = loaded
                loaded.paths = input.watched
                loaded.fingerprint = fingerprint
                return loaded
            }.mapError { .invalid($0) },
            paths: input.watched,
            fingerprint: fingerprint
        )
    }

    private static func load(
        _ octets: [UInt8],
        _ path: String,
        _ input: ConfigurationInput,
        _ last: LoadedConfiguration?
    ) -> Result<LoadedConfiguration, ConfigurationError> {
        let first = attempt(octets, path, input)
        guard let last, case .failure(let error) = first.result else { return first.result }
        // What is wrong anywhere else is wrong with the whole.
        let broken = Set(error.problems.map(\.file))
        guard broken.isSubset(of: first.included) else { return first.result }
        for file in broken { input.substitutes[file] = .some(last.included[file]) }
        return attempt(octets, path, input).result.map { loaded in
            var loaded = loaded
            loaded.problems = error.problems
            return loaded
        }.mapError { second in
            let more = Set(second.problems.map(\.description)).subtracting(error.problems.map(\.description))
            return ConfigurationError(
                problems: error.problems + second.problems.filter { more.contains($0.description) }
            )
        }
    }

    private static func attempt(
        _ octets: [UInt8],
        _ path: String,
        _ input: ConfigurationInput
    ) -> (result: Result<LoadedConfiguration, ConfigurationError>, included: Set<String>) {
        let reader = ConfigurationReader(file: path, readFile: readTextFile, input: input)
        do throws(ConfigurationError) {
            guard let text = reader.text(of: octets, file: 0) else {
                throw ConfigurationError(problems: reader.problems)
            }
            var loaded = LoadedConfiguration(try reader.read(text))
            loaded.warnings = reader.warnings
            loaded.included = input.included.merging(input.substitutes.compactMapValues { $0 }) { $1 }
            for file in input.substitutes.keys where input.substitutes[file] == .some(nil) {
                loaded.included[file] = nil
            }
            return (.success(loaded), Set(reader.fileNames.dropFirst()))
        } catch {
            return (.failure(error), Set(reader.fileNames.dropFirst()))
        }
    }
}
