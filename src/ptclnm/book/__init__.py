"""The book: parameters, profiles, running pages, staging, building."""

from ptclnm.book.page import Page, start_page

__all__ = ["Page", "start_page"]
