# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 The encnet-cl authors
# man3.awk - a page of section 3 from a public header: awk -v dir=FOLDER -v version=VERSION -f man3.awk include/encnet/NAME.h
#
# Writes FOLDER/encnet-NAME.3, which has comments and declarations of the header in its order, and for each function FOLDER/FUNCTION.3,
# which leads there.

function escape(text) {
    gsub(/\\/, "\\e", text)
    gsub(/-/, "\\-", text)
    if (text ~ /^[.']/) text = "\\\&" text
    return text
}

function put(text) { print escape(text) > page }

# A line of the program: its comments are roman, the rest is bold.
function put_code(text) {
    if (text == "") { print "" > page; return }
    text = escape(text)
    gsub(/\/\*/, "\\fR/*", text)
    gsub(/\*\//, "*/\\fB", text)
    print "\\fB" text "\\fR" > page
}

# Text of a comment as paragraphs; what is indented, and the list of errors, stays as it stands.
function put_comment(text, indented) {
    indented = text ~ /^(  |ENCNET_[A-Z_]*  )/
    if (text == "" || (indented && !fixed)) print ".PP" > page
    if (indented && !fixed) print ".nf" > page
    if (!indented && fixed) print ".fi\n.PP" > page
    fixed = indented
    if (text != "") put(text)
}

function end_comment() {
    if (fixed) print ".fi" > page
    fixed = 0
    in_comment = 0
}

FNR == 1 {
    name = FILENAME
    sub(/.*\//, "", name)
    header = name
    sub(/\.h$/, "", name)
    page = dir "/encnet-" name ".3"
    print ".TH ENCNET\\-" toupper(name) " 3 \"\" \"encnet\\-cl " version "\" \"libencnet\"" > page
}

# the head comment: "/*", " * encnet/NAME.h - what it is for"
!headed && /^ \* encnet\// {
    summary = $0
    sub(/^ \* encnet\/[a-z0-9_]*\.h - /, "", summary)
    sub(/\.$/, "", summary)
    while ((getline line) > 0 && line !~ /^ \*\/$/ && line !~ /^ \*$/) {
        sub(/^ \* /, "", line)
        sub(/\.$/, "", line)
        summary = summary " " line
    }
    print ".SH NAME\nencnet\\-" name " \\- " escape(summary) > page
    print ".SH SYNOPSIS\n.nf\n\\fB#include <encnet/" header ">\\fR\n\\fBcc program.c $(pkg\\-config \\-\\-cflags \\-\\-libs encnet)\\fR\n.fi" > page
    print ".SH DESCRIPTION" > page
    headed = 1
    in_comment = line ~ /^ \*$/
    next
}
!headed { next }

in_comment && /\*\// {
    line = $0
    sub(/^ \* ?/, "", line)
    sub(/ ?\*\/$/, "", line)
    if ($0 !~ /^ \*\/$/) put_comment(line)
    end_comment()
    next
}
in_comment {
    line = $0
    sub(/^ \* ?/, "", line)
    put_comment(line)
    next
}

# what a reader does not call
/^#ifndef ENCNET_[A-Z]*_H/ || /^#define ENCNET_[A-Z]*_H$/ || /^#include/ || /^#ifdef __cplusplus/ || /^extern "C"/ || /^}$/ || /^#endif/ ||
    /^#if defined\(__GNUC__\)/ || /^#else/ || /^#define ENCNET_(API|MUST_CHECK)/ { next }

/^\/\*/ && !code {
    line = $0
    sub(/^\/\* ?/, "", line)
    print ".PP" > page
    in_comment = 1
    if (line ~ /\*\/$/) {
        sub(/ ?\*\/$/, "", line)
        put_comment(line)
        end_comment()
    } else if (line != "") {
        put_comment(line)
    }
    next
}

/^ENCNET_API/ { declaration = "" }
{
    if ($0 == "" && !code) next
    if (!code) print ".PP\n.nf" > page
    code = 1
    line = $0
    sub(/^ENCNET_API /, "", line)
    sub(/ ENCNET_MUST_CHECK;$/, ";", line)
    put_code(line)
    if (line !~ /^[ \/}]/ || declaration != "") declaration = declaration " " line
    if (match(declaration, /encnet_[a-z0-9_]+\(/)) {
        link = dir "/" substr(declaration, RSTART, RLENGTH - 1) ".3"
        if ($0 ~ /^ENCNET_API/ || waiting) print ".so man3/encnet-" name ".3" > link
        close(link)
        waiting = 0
    } else if ($0 ~ /^ENCNET_API/) {
        waiting = 1
    }
    depth += gsub(/{/, "{", line) - gsub(/}/, "}", line)
    if (depth == 0 && $0 !~ /\\$/ && ($0 ~ /;$/ || $0 ~ /;[ ]*\/\*.*\*\/$/ || ($0 ~ /^#define/) || $0 == "")) {
        print ".fi" > page
        code = 0
        declaration = ""
    }
}

END { print ".SH SEE ALSO\nencnet\\-encnet(3), encnet\\-cl\\-train(1), encnet\\-cl\\-config(5)" > page }
