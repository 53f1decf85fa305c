import DNSWire
import Routing
import Testing

@testable import Forwarding

/// Places of those who wait, and how many are one client's.
@Suite struct WaitersTests {
    private func waiter(_ address: UInt32, seed: UInt64 = 1) throws -> Waiter {
        let octets = try ClientQuestion("example.org A").write()
        guard case .query(let query) = Query.parse(octets.wireBytes) else { throw WireError.truncated }
        let client = ClientHash(IPAddress(ipv4: address), seed: seed)
        return Waiter(client, ReplyContext(query, isStream: false), DomainName(), .a)
    }

    @Test func queriesAreCountedByClientAndForgottenAtZero() throws {
        var waiters = Waiters(limit: 10)
        var list = WaiterList()
        let first = try waiter(1)
        let second = try waiter(2)
        #expect(waiters.append(first, to: &list) != nil)
        #expect(waiters.append(second, to: &list) != nil)
        #expect(waiters.append(first, to: &list) != nil)
        #expect(waiters.count(of: first.client) == 2)
        #expect(waiters.count(of: second.client) == 1)
        while waiters.removeFirst(&list) != nil {}
        #expect(waiters.count(of: first.client) == 0)
        #expect(waiters.count(of: second.client) == 0)
        #expect(waiters.count == 0)
    }

    @Test func pendingQueriesAreNobodysClient() {
        var waiters = Waiters(limit: 10)
        var list = WaiterList()
        let parent = Waiter(PendingReference(place: 0, generation: 0), DomainName(), .a)
        #expect(waiters.append(parent, to: &list) != nil)
        #expect(waiters.count(of: parent.client) == 0)
        #expect(waiters.removeFirst(&list) != nil)
    }

    @Test func oneThatFindsNoPlaceIsNotCounted() throws {
        var waiters = Waiters(limit: 1)
        var list = WaiterList()
        let client = try waiter(1)
        #expect(waiters.append(client, to: &list) != nil)
        #expect(waiters.append(client, to: &list) == nil)
        #expect(waiters.count(of: client.client) == 1)
    }

    @Test func addressesAndSecretsTellHashesApart() {
        let address = IPAddress(ipv4: 0x7F00_0001)
        let hash = ClientHash(address, seed: 1)
        #expect(hash == ClientHash(address, seed: 1))
        #expect(hash != ClientHash(address, seed: 2))
        for upper: UInt128 in [0, 1, 0xFFFF_FFFF_FFFF_FFFF, 0xFFFF_FFFF_FFFF_FFFE] {
            #expect(hash != ClientHash(IPAddress(ipv6: 0x7F00_0001 | upper << 64), seed: 1))
        }
        #expect(hash != .none)
    }
}
