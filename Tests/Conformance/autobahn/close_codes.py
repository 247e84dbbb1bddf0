"""The exact close code of each case. The suite itself takes an empty Close, or none at all, wherever it expects a code.

Where the suite names one code that is the code. Where it names several the RFC decides.
"""

# What we must answer where the suite leaves a choice, or (7.3.1) where it asks for something else. None: a Close without code.
EXACT = {
    "7.3.1": None,  # an empty Close is answered with an empty one
    "7.5.1": 1007,  # §8.1: a reason that is not UTF-8
    "7.13.1": 1002,  # §7.4.2: 5000 is no close code
    "7.13.2": 1002,  # §7.4.2: nor is 65535
}


def exact(case, role, taken):
    """The close code to await from the peer in this role, given those that the suite would take."""
    if case in EXACT:
        return EXACT[case]
    if case.startswith("7.7."):
        # The suite closes with a valid code, which is echoed (§5.5.1); but a server never sends 1010 (§7.4.1).
        code = taken[-1]
        return 1000 if code == 1010 and role == "server" else code
    if len(set(taken)) != 1:
        raise ValueError(f"{case}: the suite takes any of {taken}, so EXACT must name one")
    return taken[0]
