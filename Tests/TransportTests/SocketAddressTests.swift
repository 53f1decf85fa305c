import Testing

@testable import Transport

@Suite struct SocketAddressTests {
    @Test(arguments: [
        (SocketAddress(ipv4: 0xC000_0201, port: 53), "192.0.2.1:53"),
        (SocketAddress(ipv6: 0x2001_0DB8 << 96 | 1, port: 5353), "[2001:db8::1]:5353"),
        (SocketAddress(ipv6: 0xFE80 << 112 | 2, port: 53, scopeID: 3), "[fe80::2%3]:53"),
        (SocketAddress(ipv6: 0, port: 0), "[::]:0"),
    ])
    func readsAsAddressAndPort(_ address: SocketAddress, _ text: String) {
        #expect(address.description == text)
    }

    @Test func survivesTheKernelsForm() {
        let addresses = [
            SocketAddress(ipv4: 0x0102_0304, port: 1), SocketAddress(ipv4: 0xFFFF_FFFF, port: 65_535),
            SocketAddress(ipv6: UInt128.max, port: 2),
            SocketAddress(ipv6: 0xFE80 << 112 | 9, port: 3, scopeID: 4),
        ]
        for address in addresses { #expect(SocketAddress(address.system) == address) }
    }

    @Test func familiesAreNeverEqual() {
        #expect(SocketAddress(ipv4: 1, port: 53) != SocketAddress(ipv6: 1, port: 53))
        #expect(SocketAddress(ipv4: 1, port: 53).ipv6 == nil)
        #expect(SocketAddress(ipv6: 1, port: 53).ipv4 == nil)
    }

    @Test func linkLocalIsTheTenBitsOfFE80() {
        #expect(SocketAddress(ipv6: 0xFE80 << 112, port: 0).isLinkLocalIPv6)
        #expect(SocketAddress(ipv6: 0xFEBF << 112, port: 0).isLinkLocalIPv6)
        #expect(!SocketAddress(ipv6: 0xFEC0 << 112, port: 0).isLinkLocalIPv6)
        #expect(!SocketAddress(ipv4: 0xA9FE_0001, port: 0).isLinkLocalIPv6)
    }
}
