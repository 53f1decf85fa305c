import Configuration

extension ServerConfiguration {
    /// Puts back what a running server cannot change; returns the keys whose values have to wait for a restart.
    mutating func keepUntilRestart(_ running: ServerConfiguration) -> [String] {
        var keys: [String] = []
        func keep<Value: Equatable>(
            _ key: String,
            _ path: WritableKeyPath<ServerConfiguration, Value>
        ) {
            guard self[keyPath: path] != running[keyPath: path] else { return }
            self[keyPath: path] = running[keyPath: path]
            keys.append(key)
        }
        keep("listen", \.listen)
        keep("workers", \.workers)
        keep("cache.size", \.cache.sizeBytes)
        keep("cache.file", \.cache.file)
        keep("admin.listen", \.admin.listen)
        keep("admin.controlSocket", \.admin.controlSocket)
        keep("log.format", \.log.format)
        keep("queryLog", \.queryLog)
        return keys
    }
}
