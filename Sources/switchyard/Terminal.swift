import Glibc
import Server

/// The terminal at standard output, taken over for a live view until `restore`.
struct Terminal {
    private let before: termios

    /// Nil when standard input or output is no terminal.
    init?() {
        var settings = termios()
        guard isatty(STDOUT_FILENO) == 1, unsafe tcgetattr(STDIN_FILENO, &settings) == 0 else { return nil }
        before = settings
        // Keys come at once and unseen; Ctrl-C is a key, so that the terminal is always restored.
        settings.c_lflag &= ~tcflag_t(ICANON | ECHO | ISIG)
        guard unsafe tcsetattr(STDIN_FILENO, TCSANOW, &settings) == 0 else { return nil }
        Self.write("\u{1B}[?1049h\u{1B}[?25l")
    }

    /// Gives the terminal back as it was.
    func restore() {
        Self.write("\u{1B}[?25h\u{1B}[?1049l")
        var settings = before
        _ = unsafe tcsetattr(STDIN_FILENO, TCSANOW, &settings)
    }

    /// The window's size now; 24 lines of 80 columns where the terminal does not say.
    var size: (rows: Int, columns: Int) {
        var window = winsize()
        guard unsafe ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &window) == 0, window.ws_row > 0 else {
            return (24, 80)
        }
        return (Int(window.ws_row), Int(window.ws_col))
    }

    /// Replaces what is shown.
    func show(_ lines: [String]) {
        Self.write("\u{1B}[H" + lines.map { "\($0)\u{1B}[K" }.joined(separator: "\r\n") + "\u{1B}[J")
    }

    /// Waits; true as soon as somebody wants to leave, or nobody is there any more.
    func waitForEnd(milliseconds: Int32) -> Bool {
        var ready = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        guard unsafe poll(&ready, 1, milliseconds) > 0 else { return false }
        var key: UInt8 = 0
        guard unsafe read(STDIN_FILENO, &key, 1) == 1 else { return true }
        return key == UInt8(ascii: "q") || key == 3 || key == 4
    }

    /// Waits without looking at keys.
    static func pause(milliseconds: UInt32) { usleep(milliseconds * 1000) }

    private static func write(_ text: String) {
        var octets = Array(text.utf8)[...]
        while !octets.isEmpty {
            let count = unsafe octets.withUnsafeBytes {
                unsafe Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count)
            }
            guard count > 0 else { return }
            octets = octets.dropFirst(count)
        }
    }
}
