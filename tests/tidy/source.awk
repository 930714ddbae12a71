# code(line): the line without comments and with empty strings, so that words in them do not count.
# Call it for every line of a file, in order.
function code(line,    out, c, two, quote) {
    if (FNR == 1)
        in_comment = 0
    out = ""
    while (line != "") {
        if (in_comment) {
            c = index(line, "*/")
            if (!c)
                return out
            line = substr(line, c + 2)
            in_comment = 0
            continue
        }
        c = substr(line, 1, 1)
        two = substr(line, 1, 2)
        if (two == "//")
            return out
        if (two == "/*") {
            in_comment = 1
            line = substr(line, 3)
        } else if (c == "\"" || c == "'") {
            quote = c
            line = substr(line, 2)
            while (line != "" && substr(line, 1, 1) != quote)
                line = substr(line, substr(line, 1, 1) == "\\" ? 3 : 2)
            line = substr(line, 2)
            out = out quote quote
        } else {
            out = out c
            line = substr(line, 2)
        }
    }
    return out
}
