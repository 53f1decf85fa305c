import Routing
import Testing

/// The flattened ranges against a list that is searched from end to end.
@Suite struct PrefixMapTests {
    private struct Model {
        var entries: [(prefix: IPPrefix, value: Int32)] = []

        func value(at address: UInt128) -> Int32? {
            var best: (length: Int, value: Int32)?
            for (prefix, value) in entries where prefix.range.contains(address) {
                if best.map({ prefix.length > $0.length }) ?? true { best = (prefix.length, value) }
            }
            return best?.value
        }
    }

    @Test(arguments: [UInt64(1), 2, 3, 4], [true, false])
    func findsTheLongestPrefixAsAListDoes(seed: UInt64, isIPv4: Bool) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<40 {
            let model = try randomModel(isIPv4: isIPv4, &random)
            let map = PrefixMap(model.entries)
            for address in probes(of: model, isIPv4: isIPv4, &random) {
                #expect(map.value(at: address) == model.value(at: address))
            }
        }
    }

    @Test(arguments: [UInt64(5), 6])
    func aRangeHasAValueWhenAllItsAddressesShareIt(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<200 {
            // Short prefixes in a space of 256 addresses, so that each can be looked at.
            let entries: [(prefix: IPPrefix, value: Int32)] = try (0..<Int.random(in: 0...6, using: &random))
                .map {
                    _ in
                    let length = Int.random(in: 24...32, using: &random)
                    let bits = (UInt32.random(in: 0...255, using: &random) >> (32 - length)) << (32 - length)
                    let prefix = try #require(IPPrefix(IPAddress(ipv4: bits), length: length))
                    return (prefix, Int32.random(in: 0...2, using: &random))
                }
            let model = Model(entries: entries)
            let map = PrefixMap(entries)
            for _ in 0..<20 {
                let low = UInt128.random(in: 0...255, using: &random)
                let high = UInt128.random(in: low...255, using: &random)
                let values = (low...high).map { model.value(at: $0) }
                let shared = values.allSatisfy { $0 == values[0] } ? values[0] : nil
                #expect(map.value(from: low, to: high) == shared)
                #expect(map.hasValue(from: low, to: high) == values.contains { $0 != nil })
            }
        }
    }

    @Test func anEmptyMapHasNothing() {
        let map = PrefixMap([])
        #expect(map.value(at: 0) == nil)
        #expect(map.value(at: .max) == nil)
        #expect(map.value(from: 0, to: .max) == nil)
        #expect(!map.hasValue(from: 0, to: .max))
    }

    @Test func ofEqualPrefixesTheFirstWins() throws {
        let map = PrefixMap([(try prefix("10.0.0.0/8"), 1), (try prefix("10.0.0.0/8"), 2)])
        #expect(map.value(at: try address("10.1.1.1").bits) == 1)
    }

    @Test func theWholeSpaceIsAPrefix() throws {
        let map = PrefixMap([(try prefix("::/0"), 1), (try prefix("ffff::/16"), 2)])
        #expect(map.value(at: 0) == 1)
        #expect(map.value(at: .max) == 2)
        #expect(map.value(from: 0, to: .max) == nil)
    }

    @Test func aPrefixHasNoBitsBehindItsLength() throws {
        #expect(IPPrefix(try address("10.0.0.1"), length: 24) == nil)
        #expect(IPPrefix(try address("10.0.0.0"), length: 33) == nil)
        #expect(IPPrefix(try address("10.0.0.0"), length: -1) == nil)
        #expect(IPPrefix(try address("2001:db8::"), length: 129) == nil)
        #expect(IPPrefix(try address("0.0.0.0"), length: 0)?.range.upperBound == 0xFFFF_FFFF)
    }

    @Test func aSetTakesAMappedAddressForTheIPv4AddressThatItIs() throws {
        let set = IPPrefixSet([try prefix("10.0.0.0/8"), try prefix("fd00::/8")])
        for inside in ["10.255.0.1", "::ffff:10.0.0.1", "fd12::1"] {
            #expect(set.contains(try address(inside)))
        }
        for outside in ["11.0.0.1", "::ffff:11.0.0.1", "fe80::1", "::10.0.0.1", "a00::1"] {
            #expect(!set.contains(try address(outside)))
        }
    }

    private func randomModel(isIPv4: Bool, _ random: inout SeededGenerator) throws -> Model {
        let width = isIPv4 ? 32 : 128
        var entries: [(prefix: IPPrefix, value: Int32)] = []
        for _ in 0..<Int.random(in: 1...40, using: &random) {
            let length = Int.random(in: 0...width, using: &random)
            var bits = UInt128.random(in: 0...UInt128.max, using: &random) >> UInt128(128 - width)
            // Half of the prefixes nest in an earlier one, which random bits hardly ever do.
            if let outer = entries.randomElement(using: &random), Bool.random(using: &random) {
                bits =
                    outer.prefix.address.bits
                    | (bits & (outer.prefix.range.upperBound ^ outer.prefix.range.lowerBound))
            }
            let free = UInt128(width - length)
            bits = free == 128 ? 0 : (bits >> free) << free
            let address = isIPv4 ? IPAddress(ipv4: UInt32(bits)) : IPAddress(ipv6: bits)
            let prefix = try #require(IPPrefix(address, length: length))
            // Of equal prefixes the first wins; that has a test of its own.
            if entries.contains(where: { $0.prefix == prefix }) { continue }
            entries.append((prefix, Int32.random(in: 0...3, using: &random)))
        }
        return Model(entries: entries)
    }

    /// The edges of every range with their neighbours, and random addresses.
    private func probes(of model: Model, isIPv4: Bool, _ random: inout SeededGenerator) -> [UInt128] {
        let highest = isIPv4 ? UInt128(UInt32.max) : UInt128.max
        var probes: [UInt128] = [0, highest]
        for (prefix, _) in model.entries {
            let range = prefix.range
            probes += [range.lowerBound, range.upperBound]
            if range.lowerBound > 0 { probes.append(range.lowerBound - 1) }
            if range.upperBound < highest { probes.append(range.upperBound + 1) }
            probes.append(UInt128.random(in: range, using: &random))
        }
        return probes
    }
}
