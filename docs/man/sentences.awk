# Begins a line with each sentence, as the formatter wants it.
function sentences(text,    out) {
    out = ""
    while (match(text, /[a-zA-Z0-9)\]"][.?!] +/)) {
        out = out substr(text, 1, RSTART + 1) "\n"
        text = substr(text, RSTART + RLENGTH)
        if (text ~ /^[.']/) text = "\\&" text
    }
    return out text
}
