"""What files are to whoever fetches or finds them."""

ADMIN_PAGE_BEGINS = b"<!doctype html>\n<!-- portalgen: internal, not to be published -->\n"
"""What every page for people who run a site begins with."""

_CONTENT_TYPES = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".csv": "text/csv; charset=utf-8",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".zip": "application/zip",
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".webp": "image/webp",
    ".gif": "image/gif",
    ".pdf": "application/pdf",
    ".txt": "text/plain; charset=utf-8",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    ".ods": "application/vnd.oasis.opendocument.spreadsheet",
    ".odt": "application/vnd.oasis.opendocument.text",
}
_SEEN_IN_PAGES = frozenset([".html", ".css", ".js"])


def content_type(path: str) -> str:
    """The media type under which a page of this path is to be served."""
    return _CONTENT_TYPES.get(_suffix(path), "application/octet-stream")


def _suffix(path: str) -> str:
    return f".{path.rpartition('.')[2]}"  # a Path would cost more than all else that is done with a file's name


def is_download(path: str) -> bool:
    """Whether a file of this path is to be saved rather than opened: all but pages and what they are made of."""
    return _suffix(path) not in _SEEN_IN_PAGES and not path.startswith("logo.")
