/// Lines of text in columns: the first flush left, the others flush right.
struct TextTable {
    private var rows: [[String]]

    init(_ header: [String]) { rows = [header] }

    mutating func append(_ row: [String]) { rows.append(row) }

    var text: String {
        let widths = rows[0].indices.map { column in rows.map { $0[column].count }.max() ?? 0 }
        return rows.map { row in
            let cells = zip(row, widths).enumerated().map { column, cell in
                let padding = String(repeating: " ", count: cell.1 - cell.0.count)
                return column == 0 ? cell.0 + padding : padding + cell.0
            }
            return cells.joined(separator: "  ")
        }.joined(separator: "\n")
    }

    /// A number with so many places behind the point.
    static func decimal(_ value: Double, places: Int) -> String {
        var scale = 1
        for _ in 0..<places { scale *= 10 }
        let rounded = Int((value * Double(scale)).rounded())
        let fraction = String(rounded % scale)
        let zeros = String(repeating: "0", count: places - fraction.count)
        return "\(rounded / scale).\(zeros)\(fraction)"
    }
}
