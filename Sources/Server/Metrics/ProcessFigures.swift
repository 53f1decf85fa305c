import Configuration
import FoundationEssentials
import Glibc

/// What the system says of this process.
struct ProcessFigures {
    var cpuSeconds = 0.0
    var residentBytes = 0.0
    var virtualBytes = 0.0
    var openFiles = 0
    var threads = 0

    init() {
        let text = (try? ConfigurationLoader.readTextFile("/proc/self/stat")) ?? ""
        // The second field, the name, may have anything but is in parentheses; the third follows.
        let fields = text.split(separator: ")").last?.split(separator: " ") ?? []
        func field(_ number: Int) -> Double {
            fields.count > number - 3 ? Double(fields[number - 3]) ?? 0 : 0
        }
        cpuSeconds = (field(14) + field(15)) / Double(max(1, sysconf(Int32(_SC_CLK_TCK))))
        threads = Int(field(20))
        virtualBytes = field(23)
        residentBytes = field(24) * Double(max(1, sysconf(Int32(_SC_PAGESIZE))))
        openFiles = (try? FileManager.default.contentsOfDirectory(atPath: "/proc/self/fd").count) ?? 0
    }
}
