"""Players' libraries: uploads taken in, the data file that comparisons are answered from, and the comparison itself."""

from .analytics import analyse, store_growth
from .answer import compare_json
from .compare import (
    SORTS,
    ComparedGame,
    CompareQuery,
    CompareResult,
    Installed,
    LibraryError,
    Owned,
    Sort,
    compare,
)
from .data_file import BackupInfo, DataFile
from .document import DocumentError, slug_of
from .index import LibraryGame, LibraryIndex, LibraryPerson, LibraryRelease
from .intake import Intake
from .players import list_players, list_uploads, name_player
from .reader import (
    LibraryReader,
    RecoveryStep,
    data_file_of,
    open_reader,
    rebuild_from_uploads,
    recent_steps,
    renew_data_file,
)
from .reports import PlayerReport, UploadReport, UploadState
from .spool import Received, Spool
from .verify import Verified, verify

__all__ = [
    "SORTS",
    "BackupInfo",
    "CompareQuery",
    "CompareResult",
    "ComparedGame",
    "DataFile",
    "DocumentError",
    "Installed",
    "Intake",
    "LibraryError",
    "LibraryGame",
    "LibraryIndex",
    "LibraryPerson",
    "LibraryReader",
    "LibraryRelease",
    "Owned",
    "PlayerReport",
    "Received",
    "RecoveryStep",
    "Sort",
    "Spool",
    "UploadReport",
    "UploadState",
    "Verified",
    "analyse",
    "compare",
    "compare_json",
    "data_file_of",
    "list_players",
    "list_uploads",
    "name_player",
    "open_reader",
    "rebuild_from_uploads",
    "recent_steps",
    "renew_data_file",
    "slug_of",
    "store_growth",
    "verify",
]
