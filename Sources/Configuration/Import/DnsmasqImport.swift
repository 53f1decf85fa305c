import DNSWire
import PresentationFormat
import Routing

/// Reads a dnsmasq.conf.
struct DnsmasqImport {
    var notes: ImportNotes
    var draft = ImportDraft()
    /// Domains and ranges with servers of their own.
    var domains = ImportedDomains()
    /// Domains that are exempt from those above them.
    var exempt: [(domain: DomainName, line: Int)] = []
    /// Where names below no domain go, in addition to `upstream`.
    var resolvConf: [DraftValue] = []
    var usesResolvConf = true
    var usesHosts = true
    var port = DraftValue("53", 1)
    /// The first of each way to say where to listen.
    var interface: Int?
    var minimumTTL: DraftValue?
    var maximumTTL: Int?
    var allServers: Int?
    var strictOrder: Int?
    var pending: DraftValue?
    /// Lines about DHCP, TFTP and the like.
    var otherServices: [Int] = []

    /// Makes a draft of the text of a file.
    static func read(_ text: String, _ notes: inout ImportNotes) -> ImportDraft {
        var reader = DnsmasqImport(notes: notes)
        let lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false)
        for (i, line) in lines.enumerated() {
            if let line = DnsmasqLine(Substring(line), number: i + 1) { reader.read(line) }
        }
        reader.finish()
        notes = reader.notes
        return reader.draft
    }

    private mutating func read(_ line: DnsmasqLine) {
        switch line.option {
        case "server", "local": readServer(line)
        case "rev-server": readReverseServer(line)
        case "listen-address": for address in line.value.parts(by: ",") { listen(address, line.number) }
        case "port": port = DraftValue(String(line.value), line.number)
        case "interface": interface = interface ?? line.number
        case "resolv-file": resolvConf.append(DraftValue(String(line.value), line.number))
        case "no-resolv": usesResolvConf = false
        case "no-hosts": usesHosts = false
        case "all-servers": allServers = line.number
        case "strict-order": strictOrder = line.number
        case "dns-forward-max": pending = DraftValue(String(line.value), line.number)
        default: if !readCache(line) { leaveOut(line) }
        }
    }

    private mutating func listen(_ address: Substring, _ line: Int) {
        if let address = IPAddress(text: address) {
            draft.listen.append(DraftValue(address.unmapped.description, line))
        } else {
            draft.listen.append(DraftValue(String(address), line))
        }
    }
}
