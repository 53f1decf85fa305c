/// Where a server's configuration comes from, so that it can be read once more.
public enum ConfigurationSource: Sendable {
    case file(path: String)
    /// There is no file; the nameservers of `/etc/resolv.conf` are read each time.
    case builtInDefaults
    /// The program made it, and would make the same again.
    case fixed(ServerConfiguration)

    /// Reads and validates the configuration.
    ///
    /// - Parameter last: what was loaded before, of which broken included files are used.
    public func read(after last: LoadedConfiguration? = nil) -> ConfigurationReading {
        switch self {
        case .file(let path): return ConfigurationLoader.read(path: path, after: last)
        case .fixed(let configuration):
            return Self.reading(.success(LoadedConfiguration(configuration)))
        case .builtInDefaults:
            do throws(ConfigurationError) {
                let configuration = try ConfigurationLoader.builtInDefaults()
                return Self.reading(.success(LoadedConfiguration(configuration)))
            } catch {
                return Self.reading(.failure(.invalid(error)))
            }
        }
    }

    /// Reads and validates the configuration for the first time.
    public func load() throws(ConfigurationLoadError) -> LoadedConfiguration { try read().result.get() }

    private static func reading(
        _ result: Result<LoadedConfiguration, ConfigurationLoadError>
    ) -> ConfigurationReading {
        ConfigurationReading(result: result, paths: [], fingerprint: 0)
    }
}
