"""Swift source with its comments and the contents of its strings blanked, so that what is left can be searched."""


def blanked(text):
    """The same text, character by character, but for comments and what stands between quotation marks."""
    out = list(text)
    position = 0
    while position < len(text):
        position = _step(text, position, out)
    return "".join(out)


def _blank(out, start, end):
    for index in range(start, min(end, len(out))):
        if out[index] != "\n":
            out[index] = " "


def _step(text, start, out):
    """Goes over one character, comment or string. Returns where it ends."""
    if text.startswith("//", start):
        end = text.find("\n", start)
        end = len(text) if end < 0 else end
        _blank(out, start, end)
        return end
    if text.startswith("/*", start):
        end = _comment_end(text, start)
        _blank(out, start, end)
        return end
    hashes = 0
    while text.startswith("#", start + hashes):
        hashes += 1
    if text.startswith('"', start + hashes):
        return _string(text, start + hashes, hashes, out)
    return start + max(1, hashes)


def _comment_end(text, start):
    depth, position = 0, start
    while position < len(text):
        if text.startswith("/*", position):
            depth, position = depth + 1, position + 2
        elif text.startswith("*/", position):
            depth, position = depth - 1, position + 2
            if depth == 0:
                return position
        else:
            position += 1
    return position


def _string(text, start, hashes, out):
    """A string whose quotation mark is at `start`; interpolations may hold strings in their turn."""
    quote = '"""' if text.startswith('"""', start) else '"'
    closing, escape = quote + "#" * hashes, "\\" + "#" * hashes
    position = start + len(quote)
    content = position
    while position < len(text):
        if text.startswith(closing, position):
            _blank(out, content, position)
            return position + len(closing)
        if text.startswith(escape + "(", position):
            position = _interpolation(text, position + len(escape))
        elif text.startswith(escape, position):
            position += len(escape) + 1
        else:
            position += 1
    raise ValueError("a string does not end")


def _interpolation(text, start):
    """Where the parenthesis that opens at `start` is closed."""
    depth, position, ignored = 0, start, list(text)
    while position < len(text):
        if text[position] in "()":
            depth += 1 if text[position] == "(" else -1
            position += 1
            if depth == 0:
                return position
        else:
            position = _step(text, position, ignored)
    raise ValueError("an interpolation does not end")


def closing_parenthesis(source, opening):
    """Where the parenthesis at `opening` of blanked source is closed."""
    depth = 0
    for position in range(opening, len(source)):
        depth += {"(": 1, ")": -1}.get(source[position], 0)
        if depth == 0:
            return position
    raise ValueError("a parenthesis is not closed")
