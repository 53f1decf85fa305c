import Glibc
import Routing
import Testing

/// Addresses as text against the system's inet_ntop.
@Suite struct IPAddressTextTests {
    @Test(arguments: [
        "::", "::1", "1::", "2001:db8::1", "2001:db8:0:0:1::", "1:0:0:2::", "1:2:3:4:5:6:7:8", "fe80::1:0:0",
        "0:0:1::", "1:0:2:0:3:0:4:0", "fd00:a:0:b::c", "10.0.0.1", "0.0.0.0", "255.255.255.255",
        "192.168.7.32",
    ]) func writesWhatInetNtopWrites(text: String) throws {
        let address = try address(text)
        #expect(address.description == oracle(address))
    }

    @Test func aSingleZeroGroupIsNotShortened() throws {
        #expect(try address("2001:db8:0:1:1:1:1:1").description == "2001:db8:0:1:1:1:1:1")
    }

    @Test func ofTwoEqualRunsTheFirstIsShortened() throws {
        #expect(try address("2001:0:0:1:1:0:0:1").description == "2001::1:1:0:0:1")
    }

    @Test(arguments: [UInt64(1), 2])
    func randomAddressesAreWrittenAsInetNtopWritesThem(seed: UInt64) {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<2000 {
            var bits = UInt128.random(in: 0...UInt128.max, using: &random)
            // Groups of zeros, which random bits hardly ever have.
            for group in 0..<8 where Bool.random(using: &random) {
                bits &= ~(UInt128(0xFFFF) << UInt128(group * 16))
            }
            let ipv6 = IPAddress(ipv6: bits)
            // inet_ntop writes these with a dotted tail.
            if bits >> 32 != 0, bits >> 32 != 0xFFFF { #expect(ipv6.description == oracle(ipv6)) }
            let ipv4 = IPAddress(ipv4: UInt32(truncatingIfNeeded: bits))
            #expect(ipv4.description == oracle(ipv4))
        }
    }

    @Test func upstreamsAreWrittenWithTheirPort() throws {
        #expect(Upstream(address: try address("10.1.0.10")).description == "10.1.0.10:53")
        #expect(Upstream(address: try address("2001:db8::1"), port: 5353).description == "[2001:db8::1]:5353")
    }

    private func oracle(_ address: IPAddress) -> String {
        let octets = (0..<(address.width / 8)).map {
            UInt8(truncatingIfNeeded: address.bits >> UInt128(address.width - 8 - $0 * 8))
        }
        var text = [CChar](repeating: 0, count: 64)
        let family = address.isIPv4 ? AF_INET : AF_INET6
        _ = unsafe octets.withUnsafeBytes { octets in
            unsafe text.withUnsafeMutableBufferPointer {
                unsafe inet_ntop(family, octets.baseAddress, $0.baseAddress, 64)
            }
        }
        return String(decoding: text.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
