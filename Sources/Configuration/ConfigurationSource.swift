/// Where a server's configuration comes from, so that it can be read once more.
public enum ConfigurationSource: Sendable {
    case file(path: String)
    /// There is no file; the nameservers of `/etc/resolv.conf` are read each time.
    case builtInDefaults
    /// The program made it, and would make the same again.
    case fixed(ServerConfiguration)

    /// Reads and validates the configuration.
    public func load() throws(ConfigurationLoadError) -> ServerConfiguration {
        switch self {
        case .file(let path): return try ConfigurationLoader.load(path: path)
        case .fixed(let configuration): return configuration
        case .builtInDefaults:
            do throws(ConfigurationError) {
                return try ConfigurationLoader.builtInDefaults()
            } catch {
                throw .invalid(error)
            }
        }
    }
}
