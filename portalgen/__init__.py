"""Customer portals without a server: static pages from an ERP's exports, behind signed links."""

__version__ = "0.1.0"
