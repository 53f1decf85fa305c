import DNSWire
import Glibc
import Routing
import Testing

/// A generator with a fixed seed (SplitMix64), so that a failing run can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// An address of text, read by the system's inet_pton.
func address(_ text: String) throws -> IPAddress {
    var octets = [UInt8](repeating: 0, count: 16)
    let family = text.contains(":") ? AF_INET6 : AF_INET
    let status = unsafe octets.withUnsafeMutableBytes { unsafe inet_pton(family, text, $0.baseAddress) }
    try #require(status == 1, "\(text) is no address")
    if family == AF_INET6 { return IPAddress(ipv6: octets.reduce(0) { $0 << 8 | UInt128($1) }) }
    return IPAddress(ipv4: octets.prefix(4).reduce(0) { $0 << 8 | UInt32($1) })
}

/// A prefix of text: `10.96.0.0/12`.
func prefix(_ text: String) throws -> IPPrefix {
    let parts = text.split(separator: "/").map(String.init)
    let length = try #require(Int(parts[1]))
    return try #require(IPPrefix(try address(parts[0]), length: length))
}

/// A name of text whose labels need no escapes.
func name(_ text: String) throws -> DomainName { try #require(DomainName(text)) }

/// A cluster with its zone and reverse ranges as text.
func cluster(
    _ name: String,
    _ zone: String,
    domain: String = "cluster.local",
    reverse: [String] = []
) throws -> ClusterDefinition {
    ClusterDefinition(
        name: name,
        zone: try #require(DomainName(zone)),
        clusterDomain: try #require(DomainName(domain)),
        servers: [ServerDefinition(Upstream(address: try address("192.0.2.10")))],
        reverse: try reverse.map { try prefix($0) }
    )
}

/// What a table decides, in words: `east`, `default`, or the local answer with its apex.
func decide(_ table: RoutingTable, _ text: String, _ qtype: RecordType = .a) throws -> String {
    try decide(table, try name(text), qtype)
}

func decide(_ table: RoutingTable, _ name: DomainName, _ qtype: RecordType = .a) throws -> String {
    switch table.decide(name.bytes, qtype) {
    case .forward(let route): return table.routes[Int(route.rawValue)].name
    case .local(let answer):
        var words = "\(answer.content) \(try dotted(name.suffix(from: answer.apexOffset)))"
        if let start = answer.unknownClusterOffset {
            words += " unknown \(try #require(name.suffix(from: start).labels.first.map(text)))"
        }
        return words
    }
}

private func text(_ label: [UInt8]) -> String { String(decoding: label, as: UTF8.self) }

private func dotted(_ name: DomainName) throws -> String {
    name.isRoot ? "." : name.labels.map(text).joined(separator: ".")
}
