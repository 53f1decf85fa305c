// Golden messages: Fixtures/wire/NAME.txt is written by hand, NAME.bin made of it by libldns.
//
// To make the .bin files anew: SWITCHYARD_WRITE_FIXTURES=1 swift test --filter WireFixtureTests
import DNSWire
import Foundation
import Testing

@Suite struct WireFixtureTests {
    /// The fixtures' names, without their endings.
    static let names = ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .filter { $0.hasSuffix(".txt") }
        .map { String($0.dropLast(4)) }
        .sorted()

    private static let isWriting = ProcessInfo.processInfo.environment["SWITCHYARD_WRITE_FIXTURES"] != nil

    /// Beside this file when fixtures are written, else in the bundle.
    private static var folder: URL {
        let inSource = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("Fixtures/wire")
        return isWriting ? inSource : Bundle.module.bundleURL.appendingPathComponent("Fixtures/wire")
    }

    @Test(.enabled(if: isWriting), arguments: names) func writesTheOctets(name: String) throws {
        let octets = try LDNSMessage.make(try text(name)).wire()
        try Data(octets).write(to: Self.folder.appendingPathComponent(name + ".bin"))
    }

    @Test func thereAreFixtures() { #expect(Self.names.count >= 15) }

    @Test(arguments: names) func libldnsReadsItsOctetsAsTheText(name: String) throws {
        let octets = try octets(name)
        let read = try LDNSMessage(octets.wireBytes).fixture.description
        #expect(try read == text(name).description)
    }

    @Test(arguments: names) func weReadTheOctetsOfLibldnsAsTheText(name: String) throws {
        let octets = try octets(name)
        let message = try ReadMessage(octets.wireBytes)
        #expect(try MessageFixture(message).description == text(name).description)
    }

    @Test(arguments: names) func libldnsReadsOurOctetsAsTheText(name: String) throws {
        let octets = try text(name).write()
        let read = try LDNSMessage(octets.wireBytes).fixture.description
        #expect(try read == text(name).description)
    }

    @Test(arguments: names) func whatWeReadWeWriteAndReadAgain(name: String) throws {
        let octets = try octets(name)
        let message = try ReadMessage(octets.wireBytes)
        let written = try message.write()
        #expect(try ReadMessage(written.wireBytes) == message)
        // Names are only ever compressed better than by libldns, which has no pointers into all RDATA.
        #expect(written.count <= octets.count)
    }

    @Test(arguments: names) func everyTruncationIsAnError(name: String) throws {
        let octets = try octets(name)
        for count in 0..<octets.count {
            let part = Array(octets.prefix(count))
            #expect(throws: WireError.self, "\(count) octets") { _ = try ReadMessage(part.wireBytes) }
        }
    }

    private func text(_ name: String) throws -> MessageFixture {
        let url = Self.folder.appendingPathComponent(name + ".txt")
        return try #require(MessageFixture(try String(contentsOf: url, encoding: .utf8)))
    }

    private func octets(_ name: String) throws -> [UInt8] {
        Array(try Data(contentsOf: Self.folder.appendingPathComponent(name + ".bin")))
    }
}
