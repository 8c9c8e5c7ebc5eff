"""The meaning of databases' errors, by their codes. No word of theirs is shown: it may quote a session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import FrozenSet, Mapping, Tuple


@dataclass(frozen=True)
class Answers:
    """The codes of a kind of databases."""

    #: The table is missing.
    no_table: FrozenSet[str]
    #: There is a row with this key already.
    duplicate: FrozenSet[str]
    #: The database has undone the statement because of others: a serialization failure or a deadlock.
    gave_way: FrozenSet[str]
    #: The beginnings of codes that end a connection, or leave open in another way whether the statement was
    #: done.
    leaves_open: Tuple[str, ...]
    #: What is wrong, where it is about the database and not about the session.
    meanings: Mapping[str, str]

    @staticmethod
    def of(kind: str) -> Answers:
        """Returns those of a kind of databases, by SQLAlchemy's name."""
        return {"sqlite": _SQLITE, "postgresql": _POSTGRESQL}.get(kind, _MYSQL)

    def is_open(self, code: str) -> bool:
        """Tells whether a statement may have been done although this is the answer to it."""
        return not code or code.startswith(self.leaves_open)

    def describe(self, code: str) -> str:
        """Returns the answer in words of our own."""
        if not code:
            return "the connection to the database failed, or it answered an error without a code"
        meaning = self.meanings.get(code)
        return f"the database answered error {code}" + (f": {meaning}" if meaning else "")


def code_of(kind: str, error: object) -> str:
    """Returns the code by which the database's manual explains a driver's error; empty if there is none."""
    if kind == "sqlite":
        return _sqlite_code(error)
    arguments = getattr(error, "args", None) or (None,)
    if kind == "postgresql":
        # psycopg2; psycopg; pg8000.
        fields = arguments[0] if isinstance(arguments[0], dict) else {}
        codes = getattr(error, "pgcode", None), getattr(error, "sqlstate", None), fields.get("C")
        return str(next(filter(None, codes), ""))
    # MariaDB's and MySQL's own drivers; PyMySQL and mysqlclient.
    number = getattr(error, "errno", None) or arguments[0]
    return str(number) if isinstance(number, int) and number else ""


def _sqlite_code(error: object) -> str:
    text = str(error)
    if text.startswith("no such table"):
        return _NO_SUCH_TABLE
    number = getattr(error, "sqlite_errorcode", None)
    if isinstance(number, int):
        # The last byte says what went wrong; the others say which kind of it.
        return str(number & 0xFF)
    # Python tells the code since 3.11; these are the library's own words, without any of a statement.
    return next((code for words, code in _SQLITE_WORDS.items() if words in text), "")


_NO_SUCH_TABLE = "1 (no such table)"

_SQLITE_WORDS = {
    "database is locked": "5",
    "database table is locked": "6",
    "readonly database": "8",
    "disk I/O error": "10",
    "database disk image is malformed": "11",
    "database or disk is full": "13",
    "unable to open database file": "14",
    "file is not a database": "26",
}

_LOCKED = (
    "another connection has held the file's lock for too long; the application's own does so as long as it "
    "has changes that are neither committed nor rolled back"
)

_SQLITE = Answers(
    no_table=frozenset({_NO_SUCH_TABLE}),
    # An insertion does nothing then.
    duplicate=frozenset(),
    gave_way=frozenset(),
    # The disk failed, perhaps after the last write.
    leaves_open=("10",),
    meanings={
        _NO_SUCH_TABLE: "the table is gone",
        "5": _LOCKED,
        "6": _LOCKED,
        "8": "the file is read-only",
        "10": "the disk failed",
        "11": "the file is damaged or no database",
        "13": "the disk is full",
        "14": "the file can't be opened",
        "26": "the file is damaged or no database",
    },
)

_ENDING = "the server is starting or ending"

_POSTGRESQL = Answers(
    no_table=frozenset({"42P01"}),
    # An insertion does nothing then.
    duplicate=frozenset(),
    gave_way=frozenset({"40001", "40P01"}),
    # Connection exceptions, a server that ends, and "statement completion unknown".
    leaves_open=("08", "57P0", "40003", "58", "XX"),
    meanings={
        "25006": "the server is read-only",
        "3F000": "the schema is missing",
        "42501": "the user may not do that with the table",
        "42P01": "the table is gone",
        "53100": "the disk is full",
        "53200": "the server is out of memory",
        "53300": "there are too many connections",
        "55P03": "a timeout of the server's own ended the statement",
        "57014": "a timeout of the server's own ended the statement",
        "57P01": _ENDING,
        "57P02": _ENDING,
        "57P03": _ENDING,
    },
)

_MYSQL = Answers(
    no_table=frozenset({"1146"}),
    duplicate=frozenset({"1022", "1062", "1169", "1586"}),
    gave_way=frozenset({"1213"}),
    # The client's own errors, a server that ends, and broken connections.
    leaves_open=("20", "1053", "1077", "1079", "1152", "1158", "1159", "1160", "1161", "1927"),
    meanings={
        "1021": "the disk is full",
        "1040": "there are too many connections",
        "1049": "the database is missing",
        "1114": "the table is full",
        "1142": "the user may not do that with the table",
        "1146": "the table is gone",
        "1153": "the record is larger than max_allowed_packet",
        "1203": "there are too many connections",
        "1205": "somebody else has held the lock of a row for too long",
        "1226": "there are too many connections",
        "1290": "the server is read-only",
        "1836": "the server is read-only",
        "2006": "the connection broke",
        "2013": "the connection broke",
    },
)
