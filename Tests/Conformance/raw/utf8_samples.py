"""Byte sequences at the edges of UTF-8 (RFC 3629; Unicode table 3-7)."""

# Name, bytes.
VALID = [
    ("ASCII and NUL", b"a\x00z\x7f"),
    ("U+0080, the first of two bytes", b"\xc2\x80"),
    ("U+07FF, the last of two bytes", b"\xdf\xbf"),
    ("U+0800, the first of three bytes", b"\xe0\xa0\x80"),
    ("U+D7FF, the last before the surrogates", b"\xed\x9f\xbf"),
    ("U+E000, the first behind the surrogates", b"\xee\x80\x80"),
    ("U+FEFF, which is no mark to be removed", b"\xef\xbb\xbftext"),
    ("U+FFFE and U+FFFF, noncharacters", b"\xef\xbf\xbe\xef\xbf\xbf"),
    ("U+10000, the first of four bytes", b"\xf0\x90\x80\x80"),
    ("U+10FFFF, the last of all", b"\xf4\x8f\xbf\xbf"),
    ("characters of all lengths", "κόσμε $¢€𝄞".encode()),
    ("a long run of characters of three bytes", "世界".encode() * 100),
]

# Name, bytes, and the index of the first byte with which nothing can be valid any more.
INVALID = [
    ("a lone continuation byte 80", b"\x80", 0),
    ("a lone continuation byte BF", b"\xbf", 0),
    ("C0, which begins only overlong forms", b"\xc0\x80", 0),
    ("C1, which begins only overlong forms", b"\xc1\xbf", 0),
    ("an overlong form of three bytes", b"\xe0\x9f\xbf", 1),
    ("an overlong form of four bytes", b"\xf0\x8f\xbf\xbf", 1),
    ("the surrogate U+D800", b"\xed\xa0\x80", 1),
    ("the surrogate U+DFFF", b"\xed\xbf\xbf", 1),
    ("U+110000, beyond the last", b"\xf4\x90\x80\x80", 1),
    ("F5, beyond the last", b"\xf5\x80\x80\x80", 0),
    ("FE", b"\xfe", 0),
    ("FF", b"\xff", 0),
    ("two bytes cut short by ASCII", b"\xc3A", 1),
    ("three bytes cut short after the second", b"\xe2\x82A", 2),
    ("four bytes cut short after the third", b"\xf0\x9d\x84A", 3),
    ("a new character inside a character", b"\xe2\xc3\xa9", 1),
    ("the old form of five bytes", b"\xf8\x88\x80\x80\x80", 0),
    ("the old form of six bytes", b"\xfc\x84\x80\x80\x80\x80", 0),
]
