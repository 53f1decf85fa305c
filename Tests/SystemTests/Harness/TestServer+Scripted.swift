extension TestServer {
    /// A forwarder with one cluster, `east`, and no other upstream than these.
    ///
    /// Without a default upstream of its own, default names go to a port where nobody listens.
    static func switchyard(
        cluster servers: ScriptedUpstream...,
        default defaultServer: Endpoint? = nil,
        settings: String = ""
    ) throws -> TestServer {
        try switchyard(
            clusterServers: servers.map(\.endpoint),
            default: defaultServer,
            settings: settings
        )
    }

    /// The same for servers of any kind.
    static func switchyard(
        clusterServers: [Endpoint],
        default defaultServer: Endpoint? = nil,
        settings: String = ""
    ) throws -> TestServer {
        let closed = Endpoint("127.0.0.1", 1)
        let cluster = """
            zonePattern: "{cluster}.k8s.corp"
            clusters:
              - name: east
                servers: [\(clusterServers.map { "\"\($0)\"" }.joined(separator: ", "))]

            """
        return try .switchyard(
            """
            listen: [127.0.0.1:PORT]
            workers: 1
            upstream: {servers: ["\(defaultServer ?? closed)"]}
            \(clusterServers.isEmpty ? "" : cluster)\(settings)
            """
        )
    }
}
