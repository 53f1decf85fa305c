# Makes a subsection in mdoc(7) of the --help of a command.
#
#   switchyard help check | awk -v name=check -f sentences.awk -f command.awk

function escaped(text) {
    gsub(/\\/, "\\e", text)
    gsub(/`/, "", text)
    if (text ~ /^[.']/) text = "\\&" text
    return sentences(text)
}

function closeItem() {
    if (item != "") print escaped(item)
    item = ""
}

function closeList() {
    closeItem()
    if (inList) print ".El"
    inList = 0
}

BEGIN { print ".Ss " name }

/^OVERVIEW: / { print escaped(substr($0, 11)); part = "text"; next }
/^USAGE: / {
    closeList()
    print ".Pp"
    print ".Dl " escaped(substr($0, 8))
    part = "usage"
    next
}
/^(ARGUMENTS|OPTIONS|SUBCOMMANDS):$/ { part = "list"; next }
/^ *$/ { if (part == "text") blank = 1; next }
/^  See '/ { next }

part == "text" {
    if (blank) print ".Pp"
    blank = 0
    print escaped($0)
}

# A usage that is longer than a line.
part == "usage" { sub(/^ */, ""); print ".Dl \\&  " escaped($0) }

# An option, and behind it or on the lines below what it does.
part == "list" && /^  [^ ]/ {
    closeItem()
    if (/--version/ || /--help/) { skipping = 1; next }
    skipping = 0
    if (!inList) print ".Bl -tag -width Ds"
    inList = 1
    line = substr($0, 3)
    split_at = match(line, /  +/)
    label = split_at ? substr(line, 1, split_at - 1) : line
    item = split_at ? substr(line, split_at + RLENGTH) : ""
    print ".It " escaped(label)
    next
}
part == "list" && !skipping { sub(/^ */, ""); item = item (item == "" ? "" : " ") $0 }

END { closeList() }
