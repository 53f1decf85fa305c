/// What becomes of plugins of CoreDNS that no key of ours corresponds to.
enum CorefilePlugins {
    /// Those that change nothing here, because it is so already.
    static let needless: Set<String> = [
        "any", "cancel", "debug", "errors", "health", "local", "loop", "minimal", "ready", "root",
    ]

    private static let records =
        "there are no records of one's own yet; put it on a server, and name that here"
    private static let validation = "nothing is signed or validated here; leave it to other servers"
    private static let cloud = "zones are not read from other systems; name a server that has them"
    private static let service = "the service manager does it"

    /// Why others are left out, and what to do.
    static let reasons: [String: String] = [
        "kubernetes":
            "the API of Kubernetes is not asked; write a cluster with the address of its kube-dns in `servers`",
        "k8s_external": cloud, "k8s_gateway": cloud, "multicluster": cloud, "kubernetai": cloud,
        "autopath": "search paths are left to clients",
        "hosts": records, "template": records, "file": records, "auto": records, "secondary": records,
        "records": records, "erratic": records, "whoami": records,
        "etcd": cloud, "route53": cloud, "azure": cloud, "clouddns": cloud, "nomad": cloud,
        "dnssec": validation, "sign": validation, "tsig": validation,
        "transfer": "zones are not transferred",
        "import": "it is not followed; import that file on its own",
        "log": "queries are not logged",
        "dnstap": "queries are not logged",
        "bufsize": "UDP answers have 1232 octets at most",
        "loadbalance": "records keep their order",
        "reload": "send SIGHUP when the file has changed",
        "chaos": "class CH is answered with this server's own version",
        "nsid": "NSID is not answered",
        "dns64": "addresses are not made up",
        "ecs": "nothing of a client is forwarded",
        "geoip": "answers do not depend on where clients are",
        "view": "answers do not depend on who asks",
        "metadata": "answers do not depend on who asks",
        "header": "flags are those that the RFCs ask for",
        "tls": "clients are served over UDP and TCP only",
        "quic": "clients are served over UDP and TCP only",
        "grpc": "servers are asked over UDP, TCP and TLS only",
        "timeouts": "connections end as the limits in docs/CONFIGURATION.md say",
        "pprof": service, "trace": service, "on": service,
        "fanout": "use `forward` there, or write its servers with `policy: fastest` and `hedge`",
        "alternate": "servers are not chosen by response code",
    ]
}
