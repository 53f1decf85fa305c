// Options of dnsmasq that are one value, or that nothing here corresponds to.

extension DnsmasqImport {
    /// Reads an option about the cache; false for any other.
    mutating func readCache(_ line: DnsmasqLine) -> Bool {
        let value = line.value
        switch line.option {
        case "cache-size": cacheSize(line)
        case "no-negcache": set("negativeTTL", "0", line)
        case "neg-ttl":
            set("negativeTTL", value, line)
            notes.add(
                line.number,
                "`neg-ttl` became `cache.negativeTTL`, which is a limit; denials without a SOA record are not kept"
            )
        case "max-ttl", "max-cache-ttl": limitTTL(line)
        case "min-cache-ttl": set("minTTL", value, line)
        case "use-stale-cache":
            let isForever = value == "0"
            set("serveStale", isForever ? "604800" : value.isEmpty ? "86400" : value, line)
            if isForever {
                notes.add(line.number, "stale answers are kept for 7 days, which is the longest time")
            }
        default: return false
        }
        return true
    }

    private mutating func set(_ key: String, _ seconds: Substring, _ line: DnsmasqLine) {
        draft.cache.removeAll { $0.key == key }
        draft.cache.append((key, DraftValue("\(seconds)s", line.number)))
    }

    /// The lower of two limits holds.
    private mutating func limitTTL(_ line: DnsmasqLine) {
        let seconds = Int(line.value) ?? Int.max
        guard maximumTTL.map({ seconds < $0 }) ?? true else { return }
        maximumTTL = seconds
        set("maxTTL", line.value, line)
    }

    /// Octets for as many names, where the default does not have room for them.
    private mutating func cacheSize(_ line: DnsmasqLine) {
        draft.cache.removeAll { $0.key == "size" }
        guard let names = Int(line.value), names >= 0 else {
            notes.add(line.number, "`cache-size` is no number; it is left out")
            return
        }
        let mebibytes = names / Self.namesPerMebibyte
        if names == 0 {
            draft.cache.append(("size", DraftValue("0", line.number)))
        } else if mebibytes > Self.defaultMebibytes {
            draft.cache.append(("size", DraftValue("\(mebibytes)MiB", line.number)))
        }
    }

    /// With room for answers of half a kibibyte each.
    private static let namesPerMebibyte = 2048
    private static let defaultMebibytes = CacheConfiguration().sizeBytes >> 20

    /// Says why an option is left out, unless nothing is lost.
    mutating func leaveOut(_ line: DnsmasqLine) {
        let option = String(line.option)
        if DnsmasqOptions.needless.contains(option) { return }
        if DnsmasqOptions.isOtherService(option) {
            otherServices.append(line.number)
        } else if let reason = DnsmasqOptions.reasons[option] {
            notes.add(line.number, "`\(option)` is left out: \(reason)")
        } else {
            notes.add(line.number, "\(quoted(option)) is no option that is known here; it is left out")
        }
    }
}
