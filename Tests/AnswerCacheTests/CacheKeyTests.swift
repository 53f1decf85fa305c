import DNSWire
import Testing

@testable import AnswerCache

/// Keys of names of any length, wherever they stand in a message.
@Suite struct CacheKeyTests {
    private func octets(_ count: Int, seed: UInt64 = 1) -> [UInt8] {
        var random = SeededGenerator(seed: seed)
        return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
    }

    private func finished(_ key: CacheKey) -> CacheKey {
        var key = key
        key.finish(tag: 7, qtype: .a, dnssecOK: false, checkingDisabled: false, seed: 5)
        return key
    }

    @Test(arguments: 1...255)
    func theNameIsFoldedAndNothingElseIsRead(length: Int) {
        let name = octets(length)
        for offset in [0, 1, 5, 12] {
            // The last octet of the message is the name's: a load that goes on would trap.
            let message = octets(offset, seed: 2) + name
            let key = CacheKey(name: message.wireBytes, at: offset, length: length)
            #expect(key.name.toArray() == name.map { foldASCII($0) })
            #expect(key.nameLength == length)
        }
    }

    @Test func whatStandsAroundTheNameDoesNotMatter() {
        let name = octets(13)
        let alone = finished(CacheKey(name: name.wireBytes, at: 0, length: 13))
        for seed in UInt64(1)...20 {
            let message = octets(12, seed: seed) + name + octets(9, seed: seed + 100)
            #expect(finished(CacheKey(name: message.wireBytes, at: 12, length: 13)) == alone)
        }
    }

    @Test func aKeyThatIsUsedAgainIsLikeANewOne() {
        var key = CacheKey(name: octets(255).wireBytes, at: 0, length: 255)
        for length in [200, 3, 30, 8, 1, 255] {
            let name = octets(length, seed: UInt64(length))
            key.setName(name.wireBytes, at: 0, length: length)
            #expect(key.hash == 0)
            let new = finished(CacheKey(name: name.wireBytes, at: 0, length: length))
            #expect(finished(key) == new)
            #expect(finished(key).hash == new.hash)
            #expect(key.name.toArray() == new.name.toArray())
        }
    }

    @Test func aNameThatNoMessageHoldsTraps() async {
        await #expect(processExitsWith: .failure) {
            let message = [UInt8](repeating: 1, count: 20)
            _ = CacheKey(name: message.wireBytes, at: 12, length: 9)
        }
        await #expect(processExitsWith: .failure) {
            let message = [UInt8](repeating: 1, count: 300)
            _ = CacheKey(name: message.wireBytes, at: 0, length: 256)
        }
    }
}
