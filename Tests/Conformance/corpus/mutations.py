"""Ways to spoil bytes. All of them depend on the given random numbers only, so that a seed always gives the same bytes."""

INTERESTING = [b"\x00", b"\xff", b"\x7f", b"\x80", b"\r", b"\n", b"\r\n", b"\r\n\r\n", b":", b",", b" ", b"\t", b"\0" * 8, b"\xff" * 8, b"\x81\xfe\xff\xff",
               b"\x82\xff\x7f\xff\xff\xff\xff\xff\xff\xff", b"\x82\xff\xff\xff\xff\xff\xff\xff\xff\xff", b"\x88\x80", b"\x89\xfe", b"\x80\x80",
               b"Content-Length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"Upgrade: websocket\r\n", b"Connection: close\r\n", b"Host: a\r\n",
               b"GET / HTTP/1.1\r\n", b"HTTP/1.1 101 Switching Protocols\r\n\r\n", b"\xed\xa0\x80", b"\xc0\x80", b"A" * 5000]


def flip_bits(random, data):
    spoiled = bytearray(data)
    for _ in range(random.randint(1, 8)):
        spoiled[random.randrange(len(spoiled))] ^= 1 << random.randrange(8)
    return bytes(spoiled)


def set_bytes(random, data):
    spoiled = bytearray(data)
    for _ in range(random.randint(1, 8)):
        spoiled[random.randrange(len(spoiled))] = random.randrange(256)
    return bytes(spoiled)


def remove(random, data):
    start = random.randrange(len(data))
    return data[:start] + data[start + random.randint(1, 20):]


def insert(random, data):
    start = random.randrange(len(data) + 1)
    return data[:start] + random.choice(INTERESTING) * random.choice((1, 1, 1, 2, 7)) + data[start:]


def overwrite(random, data):
    start, new = random.randrange(len(data)), random.choice(INTERESTING)
    return data[:start] + new + data[start + len(new):]


def repeat(random, data):
    start = random.randrange(len(data))
    end = start + random.randint(1, 60)
    return data[:end] + data[start:end] * random.randint(1, 30) + data[end:]


def truncate(random, data):
    return data[:random.randrange(len(data))]


def swap(random, data):
    first, second = sorted(random.randrange(len(data)) for _ in range(2))
    return data[second:] + data[first:second] + data[:first]


def noise(random, data):
    start = random.randrange(len(data) + 1)
    return data[:start] + random.randbytes(random.choice((1, 4, 64, 1000)))


ALL = [flip_bits, set_bytes, remove, insert, overwrite, repeat, truncate, swap, noise]


def spoil(random, data):
    for _ in range(random.choice((1, 1, 1, 2, 3, 5))):
        data = random.choice(ALL)(random, data) or b"\0"
    return data
