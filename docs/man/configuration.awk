# Makes mdoc(7) of docs/CONFIGURATION.md: headings, paragraphs, lists, tables and examples.

function inline(text,    before, link) {
    gsub(/\\/, "\\e", text)
    # [text](target) is its text.
    while (match(text, /\[[^]]*\]\([^)]*\)/)) {
        link = substr(text, RSTART, RLENGTH)
        before = substr(text, 1, RSTART - 1)
        text = substr(text, RSTART + RLENGTH)
        sub(/^\[/, "", link)
        sub(/\]\(.*$/, "", link)
        text = before link text
    }
    text = fonts(text, "`")
    text = fonts(text, "[*][*]")
    gsub(/±/, "\\[+-]", text)
    gsub(/§/, "\\[sc]", text)
    gsub(/…/, "...", text)
    gsub(/–/, "\\[en]", text)
    if (text ~ /^[.']/) text = "\\&" text
    return sentences(text)
}

# Makes what stands between two signs bold.
function fonts(text, sign,    out, opened) {
    out = ""
    while (match(text, sign)) {
        out = out substr(text, 1, RSTART - 1) (opened ? "\\fP" : "\\fB")
        text = substr(text, RSTART + RLENGTH)
        opened = !opened
    }
    return out text (opened ? "\\fP" : "")
}

function flush() {
    if (paragraph != "") {
        if (fresh) fresh = 0; else print ".Pp"
        print inline(paragraph)
    }
    paragraph = ""
}

function endBlocks() {
    flush()
    if (inTable || inList) print ".El"
    inTable = inList = 0
}

function heading(macro, text) {
    endBlocks()
    gsub(/`/, "", text)
    print macro " " text
    fresh = 1
}

/^```/ {
    if (inExample) { print ".Ed"; inExample = 0; fresh = 0; next }
    endBlocks()
    print ".Bd -literal -offset indent"
    inExample = 1
    next
}
inExample {
    gsub(/\\/, "\\e")
    if (/^[.']/) $0 = "\\&" $0
    print
    next
}
/^# / { heading(".Sh", "DESCRIPTION"); next }
/^## / { heading(".Sh", toupper(substr($0, 4))); next }
/^####? / { sub(/^#+ /, ""); heading(".Ss", $0); next }
/^ *$/ { endBlocks(); next }

/^\|/ {
    flush()
    if (/^\|[ -]*-[-| ]*$/) next
    row = $0
    gsub(/\\\|/, "\001", row)
    n = split(row, cells, /[|]/)
    for (i = 2; i < n; i++) { gsub(/^ +| +$/, "", cells[i]); gsub(/\001/, "|", cells[i]) }
    if (!inTable) {
        for (i = 2; i < n; i++) titles[i] = cells[i]
        fresh = 0
        print ".Bl -tag -width Ds"
        inTable = 1
        next
    }
    # A first word such as `Nm` would be a macro, were it not behind this sign.
    print ".It \\&" inline(cells[2])
    print inline(cells[3])
    for (i = 4; i < n; i++) if (cells[i] != "") { print ".br"; print inline(toupper(substr(titles[i], 1, 1)) substr(titles[i], 2) ": " cells[i]) }
    next
}

/^- / {
    flush()
    if (!inList) print ".Bl -bullet"
    inList = 1
    print ".It"
    print inline(substr($0, 3))
    next
}
inList { sub(/^ +/, ""); print inline($0); next }

{ paragraph = paragraph (paragraph == "" ? "" : "\n") $0 }

END { endBlocks() }
