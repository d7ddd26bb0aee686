"""Reading what a site sent without trusting it: every body is scanned first, then read in a process that can be killed.

What the bytes mean is each source's own business (`sources`); what becomes of the records is that of `changes`.
"""

from .parser import Failure, InProcess, ParseKilledError, Parser, ParserDefectError
from .workers import Workers, WorkersError, open_parser

__all__ = [
    "Failure",
    "InProcess",
    "ParseKilledError",
    "Parser",
    "ParserDefectError",
    "Workers",
    "WorkersError",
    "open_parser",
]
