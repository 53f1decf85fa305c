import PresentationFormat
import Routing
import Testing

@testable import Configuration

/// Imports of files that are large, or no text at all: the result is always valid.
@Suite struct ImportLimitTests {
    @Test func aHundredThousandLinesAreRead() throws {
        var lines = "no-hosts\nno-resolv\nserver=192.0.2.1\n"
        for i in 0..<100_000 {
            switch i % 5 {
            case 0: lines += "server=/c\(i / 10).example/10.1.\(i / 256 % 256).\(i % 256)\n"
            case 1: lines += "address=/ads\(i).example/0.0.0.0\n"
            case 2: lines += "# a comment about c\(i)\n"
            case 3: lines += "server=/c\(i)..example/10.0.0.1\n"
            default: lines += "rev-server=10.\(i / 256 % 256).\(i % 256).0/24,10.0.0.\(i % 7)\n"
            }
        }
        let imported = try Imported(lines, .dnsmasq)
        #expect(imported.configuration.clusters.count > 10_000)
        #expect(imported.notes.count >= 40_000)
    }

    @Test func manyServersAreCutToTheLimit() throws {
        let servers = (0..<100).map { "server=/a.example/10.0.0.\($0 + 1)\n" }.joined()
        let imported = try Imported("no-hosts\nno-resolv\nserver=192.0.2.1\n" + servers, .dnsmasq)
        #expect(imported.configuration.clusters.map(\.servers.count) == [64])
        #expect(imported.lines == [3 + 65])
        let listen = (0..<100).map { "listen-address=10.0.0.\($0 + 1)\n" }.joined()
        let many = try Imported("no-hosts\nno-resolv\nserver=192.0.2.1\n" + listen, .dnsmasq)
        #expect(many.configuration.listen.count == 64)
        #expect(many.lines == [3 + 65])
    }

    @Test func namesOfServersNeedOneThatResolvesThem() throws {
        let alone = try Imported("no-hosts\nno-resolv\nserver=dns.example.net\n", .dnsmasq)
        #expect(alone.lines.contains(3))
        let zone = "no-hosts\nno-resolv\nserver=192.0.2.1\nserver=/a.example/dns.a.example\n"
        let circle = try Imported(zone, .dnsmasq)
        #expect(circle.configuration.clusters.isEmpty)
        #expect(Set(circle.lines) == [4])
    }

    @Test func equalNamesOfClustersGetNumbers() throws {
        let lines = (0..<300).map { "server=/default.a-\($0 % 3).example\($0)/10.0.0.1\n" }.joined()
        let imported = try Imported("no-hosts\nno-resolv\nserver=192.0.2.1\n" + lines, .dnsmasq)
        #expect(imported.configuration.clusters.count == 300)
        let odd =
            "server=/-.example/10.0.0.1\nserver=/_.example/10.0.0.1\nserver=/\\195\\164.example/10.0.0.1\n"
        #expect(try Imported(odd + odd.uppercased(), .dnsmasq).configuration.clusters.count == 3)
    }

    @Test(arguments: ImportFormat.allCases)
    func octetsAtRandomGiveAValidResult(format: ImportFormat) throws {
        var generator = SystemRandomNumberGenerator()
        let words = [
            "server=/", "/", "10.0.0.1", "#", "@", "\n", "{", "}", "forward", ".", " ",
            "rewrite name suffix .a .b",
            "\"", "\\", "data:", "stubDomains:", "[", "]", "'", "|", "a.example", "rev-server=", ",", "cache",
            "5",
            "tls://", "policy", "\u{0}", "\u{FEFF}", "\u{2028}", "=", "*", ":", "::1", "- ", "cache-size=",
            "import",
        ]
        for _ in 0..<300 {
            let text = (0..<Int.random(in: 1...60, using: &generator))
                .map { _ in words[Int.random(in: 0..<words.count, using: &generator)] }.joined()
            #expect(throws: Never.self, "\(text.debugDescription)") { try Imported(text, format) }
            let octets = (0..<200).map { _ in UInt8.random(in: 0...255, using: &generator) }
            let noise = String(decoding: octets, as: UTF8.self)
            #expect(throws: Never.self, "\(octets)") { try Imported(noise, format) }
        }
    }

    @Test func aFileNameIsOneLineWhateverItIs() throws {
        let result = ConfigurationImporter.read("no-hosts\n", file: "a\nlisten: [b]\u{1B}", as: .dnsmasq)
        #expect(
            result.text.split(separator: "\n").filter { !$0.hasPrefix("#") }.allSatisfy {
                $0.hasPrefix("listen")
            }
        )
    }
}
