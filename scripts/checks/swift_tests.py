"""Swift tests and suites that carry `.requirement(93, 95)`."""

import re

from .citation import Citation
from .swift_source import blanked, closing_parenthesis

ATTRIBUTE = re.compile(r"@(?:Testing\.)?(?:Test|Suite)\s*(?=\()")
TRAIT = re.compile(r"\.requirement\s*\(([^)]*)\)")
DISPLAY_NAME = re.compile(r'\s*(#*)("""|")([^"]*)\2\1')
DECLARATION = re.compile(r"\b(?:func|struct|final class|class|actor|enum)\s+(`[^`]*`|\w+)")


def citations(text, file):
    source = blanked(text)
    found, spans = [], []
    for attribute in ATTRIBUTE.finditer(source):
        opening = attribute.end()
        closing = closing_parenthesis(source, opening)
        spans.append(range(opening, closing))
        arguments = source[opening + 1:closing]
        numbers = tuple(int(number) for trait in TRAIT.finditer(arguments)
                        for number in re.findall(r"\d+", trait[1]))
        if numbers:
            name = _name(text, source, opening + 1, closing)
            found.append(Citation(name, file, numbers, is_disabled=".disabled" in arguments))
    for trait in TRAIT.finditer(source):
        if not any(trait.start() in span for span in spans):
            line = source.count("\n", 0, trait.start()) + 1
            raise ValueError(f"{file}:{line}: .requirement stands in no @Test(…) and no @Suite(…)")
    return found


def _name(text, source, start, closing):
    display = DISPLAY_NAME.match(source, start, closing)
    if display:
        return " ".join(text[display.start(3):display.end(3)].replace('\\"', '"').split())
    declaration = DECLARATION.search(source, closing)
    if not declaration:
        raise ValueError("an attribute is followed by no declaration")
    return text[declaration.start(1):declaration.end(1)].strip("`")


def find(folder, root):
    found = []
    for path in sorted(folder.rglob("*.swift")):
        if not path.is_symlink():
            file = path.relative_to(root).as_posix()
            try:
                found += citations(path.read_text(encoding="utf-8"), file)
            except ValueError as error:
                raise ValueError(f"{file}: {error}") from None
    return found
