"""The catalogue as files: the whole of it written out, and a catalogue that was there before read in.

Reading gives plain games; taking them into the catalogue is the catalogue's.
"""

from .existing import ExistingEdit, ExistingGame, Problem
from .export import FORMATS, ExportFormat, export_catalogue
from .lines import ExistingFileError
from .place import ExportError, Place, export_place
from .reading import FileReport, check_existing, read_existing

__all__ = [
    "FORMATS",
    "ExistingEdit",
    "ExistingFileError",
    "ExistingGame",
    "ExportError",
    "ExportFormat",
    "FileReport",
    "Place",
    "Problem",
    "check_existing",
    "export_catalogue",
    "export_place",
    "read_existing",
]
