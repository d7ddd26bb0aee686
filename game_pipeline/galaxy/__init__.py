"""Reading an uploaded GOG Galaxy 2.0 database without trusting it: in a process of its own, that may be killed.

What becomes of the libraries that are read is the business of `library`.
"""

from .contents import GalaxyFile, GalaxyGame, GalaxyLibrary, GalaxyRelease
from .keys import platform_of, split_key
from .problems import GalaxyError
from .reader import ReadLimits, read_galaxy

__all__ = [
    "GalaxyError",
    "GalaxyFile",
    "GalaxyGame",
    "GalaxyLibrary",
    "GalaxyRelease",
    "ReadLimits",
    "platform_of",
    "read_galaxy",
    "split_key",
]
