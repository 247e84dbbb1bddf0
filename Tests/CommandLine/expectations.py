"""What several tests of the command line ask for."""

from harness import check, contains, equal, martlet


def one_line(text, *parts):
    """Exactly one line, which has these parts."""
    check(text.endswith("\n") and text.count("\n") == 1, f"not one line: {text!r}")
    for part in parts:
        contains(text, part, "line")


async def rejected(arguments, *parts):
    """A command line that is not understood: nothing done, a message with these parts, the way to more help."""
    result = await martlet(*arguments)
    equal((result.output, result.status), ("", 64), f"output and status of {' '.join(arguments)}")
    first = result.errors.split("\n")[0]
    check(first.startswith("Error: "), f"{' '.join(arguments)}: the first line is {first!r}")
    for part in parts:
        contains(first, part, " ".join(arguments))
    contains(result.errors, "Usage: martlet", " ".join(arguments))
    contains(result.errors, "--help", " ".join(arguments))
