import DNSWire
import PresentationFormat
import Testing

@Suite struct DomainNameTextTests {
    @Test func readsANameWithAndWithoutItsLastDot() throws {
        let name = try #require(DomainName(labels: [Array("web".utf8), Array("example".utf8)]))
        #expect(try DomainName(presentation: "web.example") == name)
        #expect(try DomainName(presentation: "web.example.") == name)
    }

    @Test func readsAndWritesTheRootAsADot() throws {
        #expect(try DomainName(presentation: ".").isRoot)
        #expect(DomainName().presentation == ".")
    }

    @Test func writesNoLastDot() throws {
        let text = "web.shop.svc.east.k8s.corp"
        #expect(try DomainName(presentation: text + ".").presentation == text)
    }

    @Test func keepsTheCaseOfLetters() throws {
        #expect(try DomainName(presentation: "WeB.ExAmPle").presentation == "WeB.ExAmPle")
    }

    @Test func readsEscapesAsOctets() throws {
        let name = try DomainName(presentation: "a\\.b\\\\c\\032d\\255.example")
        let first: [UInt8] = [97, 46, 98, 92, 99, 32, 100, 255]
        #expect(name.labels == [first, Array("example".utf8)])
    }

    @Test func everyOctetSurvivesTextAndBack() throws {
        for octet in UInt8.min...UInt8.max {
            let name = try #require(
                DomainName(labels: [[octet], [97, octet, octet], Array("example".utf8)])
            )
            let back = try DomainName(presentation: name.presentation)
            #expect(back.labels == name.labels)
            #expect(name.presentation.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7F })
        }
    }

    @Test func keepsADotAtTheEndOfTheLastLabel() throws {
        let name = try #require(DomainName(labels: [Array("a.".utf8)]))
        #expect(name.presentation == "a\\.")
        #expect(try DomainName(presentation: "a\\.").labels == [Array("a.".utf8)])
    }

    @Test func acceptsTheLongestLabelAndNoLongerOne() throws {
        let label = String(repeating: "a", count: 63)
        #expect(try DomainName(presentation: label).length == 65)
        #expect(throws: PresentationError.self) { try DomainName(presentation: label + "a") }
        #expect(throws: PresentationError.self) { try DomainName(presentation: label + "a.example.") }
    }

    @Test(arguments: ["", "."]) func acceptsTheLongestNameAndNoLongerOne(end: String) throws {
        let labels = Array(repeating: String(repeating: "a", count: 63), count: 3)
        let longest = labels + [String(repeating: "b", count: 61)]
        let tooLong = labels + [String(repeating: "b", count: 62)]
        #expect(try DomainName(presentation: longest.joined(separator: ".") + end).length == 255)
        #expect(throws: PresentationError.self) {
            try DomainName(presentation: tooLong.joined(separator: ".") + end)
        }
    }

    @Test func acceptsTheLongestNameOfEscapesOnly() throws {
        let label = { (count: Int) in String(repeating: "\\255", count: count) }
        let text = [label(63), label(63), label(63), label(61)].joined(separator: ".")
        let name = try DomainName(presentation: text)
        #expect(name.length == 255)
        #expect(name.presentation == text)
    }

    @Test(arguments: [
        ("", "the name is empty"),
        ("..", "an empty label"),
        (".example", "an empty label"),
        ("a..example", "an empty label"),
        ("example..", "an empty label"),
        ("a\\256.example", "a bad escape"),
        ("a\\25", "a bad escape"),
        ("a\\", "a bad escape"),
        ("a b.example", "`\\032`"),
        ("a\tb.example", "`\\009`"),
        ("a\u{0}b.example", "`\\000`"),
        ("a\u{7F}", "`\\127`"),
        ("bücher.example", "`xn--` form"),
    ]) func refusesWhatIsNoName(text: String, reason: String) {
        let error = #expect(throws: PresentationError.self) { try DomainName(presentation: text) }
        #expect(error?.message.contains(reason) == true, "\(error?.message ?? "")")
    }

    @Test func refusesAVeryLongTextWithAShortSentence() {
        let text = String(repeating: "a.", count: 100_000)
        let error = #expect(throws: PresentationError.self) { try DomainName(presentation: text) }
        #expect((error?.message.utf8.count ?? .max) < 200)
    }
}
