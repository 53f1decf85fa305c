import Configuration
import Glibc
import Routing
import Testing

@Suite struct AddressTextTests {
    @Test(arguments: [
        "0.0.0.0", "255.255.255.255", "192.0.2.1", "::", "::1", "2001:db8::1", "1:2:3:4:5:6:7:8", "fe80::",
        "2001:db8:0:1:1:1:1:1", "2001:0:0:1::1", "2001:db8::1:0:0:1", "::ffff:c000:201", "1::8", "0:1::",
    ]) func canonicalTextSurvives(text: String) throws {
        #expect(try #require(IPAddress(text: text)).description == text)
    }

    @Test(arguments: [
        ("2001:DB8:0:0:0:0:0:1", "2001:db8::1"), ("0:0:0:0:0:0:0:0", "::"), ("1:0:0:2:0:0:0:3", "1:0:0:2::3"),
        ("64:ff9b::192.0.2.1", "64:ff9b::c000:201"), ("0001:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"),
    ]) func otherTextIsMadeCanonical(text: String, canonical: String) throws {
        #expect(try #require(IPAddress(text: text)).description == canonical)
    }

    /// inet_pton is the judge.
    @Test func agreesWithTheSystemOnTextOfAllShapes() {
        var generator = SystemRandomNumberGenerator()
        let pieces = [
            "0", "1", "ffff", "db8", "00001", "g", "1.2.3.4", "1.2.3", ":", "::", ".", "256", "%", "[", "",
        ]
        for _ in 0..<20_000 {
            let count = Int.random(in: 1...9, using: &generator)
            let text = (0..<count).map { _ in pieces.randomElement(using: &generator) ?? "" }
                .joined(separator: Bool.random(using: &generator) ? ":" : "")
            #expect(IPAddress(text: text) == systemAddress(text), "\(text)")
        }
    }

    @Test func agreesWithTheSystemOnAddresses() {
        for _ in 0..<5000 {
            // Many zero groups, so that runs of all lengths occur.
            let groups = (0..<8).map { _ in Bool.random() ? 0 : UInt16.random(in: 0...UInt16.max) }
            let address = IPAddress(ipv6: groups.reduce(0) { $0 << 16 | UInt128($1) })
            #expect(systemAddress(address.description) == address)
            #expect(IPAddress(text: address.description) == address)
        }
    }

    private func systemAddress(_ text: String) -> IPAddress? {
        let family = text.contains(":") ? AF_INET6 : AF_INET
        var octets = [UInt8](repeating: 0, count: 16)
        guard unsafe inet_pton(family, text, &octets) == 1 else { return nil }
        if family == AF_INET { return IPAddress(ipv4: octets[..<4].reduce(0) { $0 << 8 | UInt32($1) }) }
        return IPAddress(ipv6: octets.reduce(0) { $0 << 8 | UInt128($1) })
    }

    @Test func prefixesHaveText() {
        #expect(IPPrefix(IPAddress(ipv4: 0x0A00_0000), length: 8)?.text == "10.0.0.0/8")
        #expect(
            AccessConfiguration.defaultAllow.map(\.text) == [
                "127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16",
                "100.64.0.0/10",
                "::1/128", "fc00::/7", "fe80::/10",
            ]
        )
    }
}
