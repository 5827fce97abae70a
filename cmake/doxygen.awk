# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# doxygen.awk - a public header as Doxygen wants it: comments before a declaration become /**, those behind one /**<, and lists of
# arguments and errors stay as they stand.

function escape(text) {
    gsub(/&/, "\\&amp;", text)
    gsub(/</, "\\&lt;", text)
    gsub(/>/, "\\&gt;", text)
    gsub(/[@\\#*]/, "\\\\&", text)
    return text
}

# A line of a comment, without its " * "; `last`: the comment ends behind it.
function put(text, last,    fixed) {
    fixed = text ~ /^(  |ENCNET_[A-Z_]*  )/
    if (fixed && !verbatim) print "@verbatim"
    if (!fixed && verbatim) print "@endverbatim"
    verbatim = fixed && !last
    print fixed ? text : escape(text)
    if (fixed && last) print "@endverbatim"
}

# The beginning of a comment that stands on lines of its own, or behind code.
function begin(before, text, behind) {
    ends = text ~ /\*\/$/
    sub(/ *\*\/$/, "", text)
    if (text ~ /^(SPDX-|Copyright |-- |clang-format )/) {
        print before
        dropped = !ends
        return
    }
    printf "%s", before (behind ? "/**< " : "/** ")
    put(text, ends)
    if (ends) print "*/"
    in_comment = !ends
}

# In pages of Markdown, links to other files of the sources become plain words.
FILENAME ~ /[.]md$/ {
    while (match($0, /\]\([^)#:]*\)/)) {
        head = substr($0, 1, RSTART - 1)
        tail = substr($0, RSTART + RLENGTH)
        open = match(head, /\[[^[]*$/)
        $0 = substr(head, 1, open - 1) substr(head, open + 1) tail
    }
    print
    next
}

dropped {
    if (/\*\/$/) dropped = 0
    print ""
    next
}

in_comment {
    ends = /\*\/$/
    text = $0
    sub(/ *\*\/$/, "", text)
    sub(/^ *\* ?/, "", text)
    if (!sub(/^encnet\/[a-z0-9_]*\.hp* - /, "@file\n", text)) put(text, ends)
    else print text
    if (ends) print "*/"
    in_comment = !ends
    next
}

/^ *\/\*/ {
    text = $0
    sub(/^ *\/\* ?/, "", text)
    begin("", text, 0)
    next
}

!/^#/ && /\/\*/ {
    at = index($0, "/*")
    text = substr($0, at + 2)
    if (text ~ /\*\/./) { # in the middle of a line
        print
        next
    }
    sub(/^ /, "", text)
    begin(substr($0, 1, at - 1), text, 1)
    next
}

{ print }
