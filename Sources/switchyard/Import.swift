public import ArgumentParser
public import Configuration
import Server

/// `switchyard import FORMAT FILE`: makes a configuration of another resolver's.
struct Import: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a configuration made of another resolver's.",
        discussion: """
            Standard error has a line `file:line: sentence` for each thing that could not be carried over.
            """
    )

    @Argument(help: "What the file is.")
    var format: ImportFormat

    @Argument(help: "The file, or - for standard input.", completion: .file())
    var file: String

    @Flag(help: "End with 1 when something could not be carried over.")
    var strict = false

    func run() throws {
        let result: ImportResult
        do throws(UnreadableFile) {
            result = try ConfigurationImporter.load(path: file, as: format)
        } catch {
            throw CommandFailure(ConfigurationLoadError.unreadable(error))
        }
        for note in result.notes { StandardStream.error.write(line: note.description) }
        print(result.text, terminator: "")
        if strict, !result.notes.isEmpty { throw ExitCode(1) }
    }
}

extension ImportFormat: ExpressibleByArgument {}
