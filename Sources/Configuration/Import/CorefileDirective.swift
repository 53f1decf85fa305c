/// A line of a Corefile, and the lines between its braces.
struct CorefileDirective {
    let name: String
    let arguments: [String]
    /// Counted from 1.
    let line: Int
    var block: [CorefileDirective] = []

    /// The lines of the block that begin with a word.
    func options(_ name: String) -> [CorefileDirective] { block.filter { $0.name == name } }
}
