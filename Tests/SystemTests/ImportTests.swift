import Foundation
import Testing

extension SystemTests {
    /// `switchyard import`: what is printed where, and exit codes.
    @Suite struct ImportTests {
        private static let complete = "no-hosts\nno-resolv\nserver=192.0.2.1\nserver=/a.example/10.0.0.1\n"

        @Test(arguments: [
            ("dnsmasq", complete), ("corefile", ". {\n forward . 192.0.2.1\n}\n"),
            ("stubdomains", "data: {upstreamNameservers: '[\"192.0.2.1\"]'}"),
        ]) func whatIsPrintedPassesTheCheck(format: String, text: String) throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write(text, to: "old.conf")
            let imported = try run(.switchyard, ["import", format, file, "--strict"])
            #expect(imported.status == .exited(0))
            #expect(imported.error.isEmpty)
            let new = try directory.write(imported.output, to: "switchyard.yaml")
            let checked = try run(.switchyard, ["check", new])
            #expect(checked.status == .exited(0), "\(checked.error)")
        }

        @Test func whatIsLeftOutIsNamedAndOneIfStrict() throws {
            let directory = try TemporaryDirectory()
            let file = try directory.write(Self.complete + "address=/b.example/10.0.0.2\n", to: "old.conf")
            let lax = try run(.switchyard, ["import", "dnsmasq", file])
            #expect(lax.status == .exited(0))
            #expect(lax.error.hasPrefix("\(file):5: `address` is left out"))
            let strict = try run(.switchyard, ["import", "--strict", "dnsmasq", file])
            #expect(strict.status == .exited(1))
            #expect(strict.output == lax.output)
            #expect(strict.error == lax.error)
        }

        @Test func standardInputIsAFileToo() throws {
            // A process under test has nothing there.
            let result = try run(.switchyard, ["import", "dnsmasq", "-"])
            #expect(result.status == .exited(0), "\(result)")
            #expect(result.error.hasPrefix("standard input:1:"), "\(result.error)")
        }

        @Test func aFileThatCannotBeReadIsThree() throws {
            for path in ["/nonexistent/dnsmasq.conf", "/"] {
                let result = try run(.switchyard, ["import", "dnsmasq", path])
                #expect(result.status == .exited(3))
                #expect(result.output.isEmpty)
                #expect(result.error.split(separator: "\n").count == 1, "\(result.error)")
            }
        }

        @Test(arguments: [["import"], ["import", "dnsmasq"], ["import", "unbound", "x"], ["import", "x"]])
        func wrongUsageIsTwo(arguments: [String]) throws {
            #expect(try run(.switchyard, arguments).status == .exited(2))
        }
    }
}
