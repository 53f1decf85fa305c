import Routing
import Testing

@testable import Configuration

/// The section `admin`.
@Suite struct AdminTests {
    private func text(_ address: ListenAddress?) -> String? {
        address.map { Upstream(address: $0.address, port: $0.port).description }
    }

    private func admin(_ text: String) throws -> AdminConfiguration {
        try configuration("admin: {\(text)}").admin
    }

    @Test func defaultsAreTriedAndNotInsistedOn() throws {
        let admin = try configuration("{}").admin
        #expect(text(admin.listen) == "127.0.0.1:9153")
        #expect(admin.controlSocket == "/run/switchyard/control.sock")
        #expect(!admin.isListenWritten)
    }

    @Test(arguments: [
        ("127.0.0.1:9153", "127.0.0.1:9153"), ("10.0.0.1", "10.0.0.1:9153"), ("\"[::1]:80\"", "[::1]:80"),
    ])
    func whatIsWrittenIsInsistedOn(written: String, address: String) throws {
        let admin = try admin("listen: \(written)")
        #expect(text(admin.listen) == address)
        #expect(admin.isListenWritten)
    }

    @Test(arguments: ["none", "off"]) func bothCanBeSwitchedOff(word: String) throws {
        let admin = try admin("listen: \(word), controlSocket: \(word)")
        #expect(admin.listen == nil)
        #expect(admin.controlSocket == nil)
    }

    @Test func mistakesHaveTheirPlace() {
        expectProblem("admin: {listen: [127.0.0.1:9153]}", "1:17", "one address")
        expectProblem("admin: {listen: localhost:9153}", "1:17", "host name")
        expectProblem("admin: {listen: 9153}", "1:17", "no address")
        expectProblem("admin: {listen: 127.0.0.1:0}", "1:17", "port")
        expectProblem("admin: {controlSocket: control.sock}", "1:24", "begins with /")
        expectProblem("admin: {controlSocket: /run/}", "1:24", "begins with /")
        let long = "/\(String(repeating: "a", count: 96))"
        expectProblem("admin: {controlSocket: \(long)}", "1:24", "longer than 95 octets")
        expectProblem("admin: {lisen: none}", "1:9", "did you mean `listen`")
        expectProblem("admin: {ready: some}", "1:16", "write `any`, `all` or `none`")
        expectProblem("admin: none", "1:8", "must be a mapping")
    }

    @Test func thePortOfDNSIsNotTheAdminPort() {
        expectProblem("listen: [127.0.0.1:53]\nadmin: {listen: 127.0.0.1:53}", "2:17", "use another port")
    }
}
