import Logging
import Testing

@testable import Server

@Suite struct LogTests {
    private static func line(_ message: String) -> LogLine {
        LogLine(level: .warning, message: message, fields: [LogLine.Field(key: "server", value: "a")])
    }

    @Test func aLineThatRepeatsIsWrittenAFewTimesThenCounted() {
        let repeats = LogRepeats()
        let line = Self.line("down")
        let written = (0..<140).flatMap { repeats.lines(for: line, now: UInt64($0)) }
        #expect(written == Array(repeating: line, count: LogRepeats.most))
        let later = repeats.lines(for: Self.line("other"), now: LogRepeats.burst)
        #expect(later == [line.adding("repeated", "120 times"), Self.line("other")])
        #expect(repeats.lines(for: line, now: LogRepeats.burst) == [line], "a new burst")
    }

    @Test func linesThatDifferInOneFieldAreNoRepeats() {
        let repeats = LogRepeats()
        for number in 0..<100 {
            let line = Self.line("down").adding("number", "\(number)")
            #expect(repeats.lines(for: line, now: 0) == [line])
        }
    }

    @Test func aFewRepeatsAreNotCounted() {
        let repeats = LogRepeats()
        for _ in 0..<LogRepeats.most { _ = repeats.lines(for: Self.line("a"), now: 0) }
        #expect(repeats.lines(for: Self.line("b"), now: LogRepeats.burst) == [Self.line("b")])
    }

    @Test func manyDifferentLinesTakeNoMoreMemoryAndAreWritten() {
        let repeats = LogRepeats()
        for number in 0..<LogRepeats.linesMax { _ = repeats.lines(for: Self.line("\(number)"), now: 0) }
        let more = Self.line("one more")
        for _ in 0..<100 { #expect(repeats.lines(for: more, now: 1) == [more]) }
    }

    @Test func theJournalIsKnownByDeviceAndInode() {
        #expect(JournalStream.matches("8:123", (device: 8, inode: 123)))
        for variable in ["8:124", "9:123", "8:123:1", "", ":", "8", nil] {
            #expect(!JournalStream.matches(variable, (device: 8, inode: 123)), "\(variable ?? "none")")
        }
        #expect(!JournalStream.matches("8:123", nil))
    }

    @Test(arguments: [(Logger.Level.debug, 7), (.info, 6), (.warning, 4), (.error, 3)])
    func levelsHavePriorities(level: Logger.Level, priority: Int) {
        #expect(LogLine(level: level, message: "", fields: []).priority == priority)
    }
}
