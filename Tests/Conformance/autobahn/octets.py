"""Python 2 byte strings as Python 3 str: one character U+0000..U+00FF per octet."""
import os
import binascii as _binascii


def to_bytes(s):
   """octet string -> bytes; UnicodeEncodeError where a character is no octet"""
   return s.encode("latin-1") if isinstance(s, str) else bytes(s)


def to_octets(b):
   """bytes -> octet string"""
   return b if isinstance(b, str) else bytes(b).decode("latin-1")


def to_text(b):
   """for reports"""
   return bytes(b).decode("utf-8", "backslashreplace") if isinstance(b, (bytes, bytearray)) else b


def same(a, b):
   """equal in type and value, all the way down"""
   if type(a) is not type(b):
      return False
   if isinstance(a, (list, tuple)):
      return len(a) == len(b) and all(same(x, y) for x, y in zip(a, b))
   return a == b


def resource_filename(package, name):
   assert package == "autobahntestsuite"
   return os.path.join(os.path.dirname(os.path.abspath(__file__)), *name.split("/"))


class binascii:
   @staticmethod
   def b2a_hex(data):
      return _binascii.b2a_hex(to_bytes(data)).decode("ascii")
   hexlify = b2a_hex
