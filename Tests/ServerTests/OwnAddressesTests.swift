import Configuration
import Routing
import Testing

@testable import Server

/// Which addresses are this server itself.
@Suite struct OwnAddressesTests {
    private func own(_ listen: String..., port: UInt16 = 53) throws -> OwnAddresses {
        OwnAddresses(
            listen: try listen.map { ListenAddress(address: try address($0), port: port) },
            local: try addresses("127.0.0.1", "10.0.0.5", "::1", "2001:db8::5")
        )
    }

    @Test func anAddressThatIsListenedOnIsOurs() throws {
        let own = try own("10.0.0.5")
        #expect(try own.listener(at: address("10.0.0.5"), port: 53)?.description == "10.0.0.5:53")
    }

    @Test func anotherPortOfItIsNot() throws {
        #expect(try own("10.0.0.5").listener(at: address("10.0.0.5"), port: 5353) == nil)
    }

    @Test(arguments: ["10.0.0.5", "127.0.0.1", "127.99.1.2", "0.0.0.0"])
    func aWildcardListenerHasEveryAddressOfTheMachine(text: String) throws {
        #expect(try own("0.0.0.0").listener(at: address(text), port: 53)?.description == "0.0.0.0:53")
    }

    @Test(arguments: ["2001:db8::5", "::1", "::"])
    func aWildcardListenerOfIPv6HasThoseOfIPv6(text: String) throws {
        #expect(try own("::").listener(at: address(text), port: 53)?.description == "[::]:53")
        #expect(try own("0.0.0.0").listener(at: address(text), port: 53) == nil)
    }

    @Test(arguments: ["10.0.0.6", "192.0.2.1"])
    func addressesOfOthersAreNotOurs(text: String) throws {
        #expect(try own("0.0.0.0", "::").listener(at: address(text), port: 53) == nil)
    }

    @Test func theMachinesAddressesAreOursOnlyWhereSomebodyListens() throws {
        #expect(try own("127.0.0.1").listener(at: address("10.0.0.5"), port: 53) == nil)
        #expect(try own("127.0.0.1").listener(at: address("127.0.0.2"), port: 53) == nil)
    }

    // MARK: - Configurations

    private func check(_ text: String) throws {
        let configuration = try ConfigurationLoader.parse(text, file: "test")
        try OwnAddresses(listen: configuration.listen, local: try addresses("10.0.0.5"))
            .check(configuration)
    }

    @Test func serversOfOthersAreTaken() throws {
        try check("{listen: [0.0.0.0:53], upstream: {servers: [10.0.0.6, \"10.0.0.5:5353\"]}}")
    }

    @Test(arguments: [
        ("{servers: [10.0.0.6, 10.0.0.5]}", "default route: the server 10.0.0.5:53"),
        ("{servers: [10.0.0.6], bootstrap: [10.0.0.5]}", "the bootstrap server 10.0.0.5:53"),
        (
            "{servers: [10.0.0.6]}, clusters: [{name: east, zone: e.corp, servers: [\"tcp://10.0.0.5\"]}]",
            "cluster east: the server 10.0.0.5:53"
        ),
    ])
    func ourselvesAsAServerAreRefusedInOneSentence(upstream: String, server: String) throws {
        let error = #expect(throws: ServerError.self) {
            try check("{listen: [0.0.0.0:53], upstream: \(upstream)}")
        }
        #expect(
            error?.description
                == "\(server) is this server itself, which listens on 0.0.0.0:53, so that queries would go in"
                + " circles; name another server"
        )
    }
}
