"""Reading what a site sent without trusting it: every body is scanned first, then read in a process that can be killed.

What the bytes mean is each source's own business (`sources`); what becomes of the records is that of `changes`.
"""

from .parser import InProcess, ParseKilledError, Parser, ParserDefectError
from .workers import Workers, WorkersError, open_parser

__all__ = [
    "InProcess",
    "ParseKilledError",
    "Parser",
    "ParserDefectError",
    "Workers",
    "WorkersError",
    "open_parser",
]
