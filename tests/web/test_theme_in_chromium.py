"""A site's accent as a browser applies it after portal.css: on a screen, light and dark, and on paper."""

from playwright.sync_api import Browser, Page

from portalgen.resources import templates_folder
from portalgen.theme import theme_of


def colours(page: Page) -> list[str]:
    """The accent and what stands on it, and the colour of a link."""
    style = "getComputedStyle(document.documentElement)"
    names = ("--accent", "--on-accent")
    values = [page.evaluate(f"{style}.getPropertyValue('{name}').trim()") for name in names]
    return [*values, page.evaluate("getComputedStyle(document.querySelector('a')).color")]


def test_each_scheme_has_its_accent_and_paper_has_none(browser: Browser) -> None:
    css = (templates_folder() / "portal.css").read_text(encoding="utf-8")
    with browser.new_page() as page:
        page.set_content(f"<!doctype html><title>x</title><style>{css}{theme_of('#0b6e4f')}</style><a href='#x'>x</a>")
        page.emulate_media(color_scheme="light")
        assert colours(page) == ["#0b6e4f", "#ffffff", "rgb(11, 110, 79)"]
        page.emulate_media(color_scheme="dark")
        assert colours(page) == ["#489c7b", "#0f1218", "rgb(72, 156, 123)"]
        for scheme in ("light", "dark"):
            page.emulate_media(media="print", color_scheme="dark" if scheme == "dark" else "light")
            assert colours(page)[2] == "rgb(0, 0, 0)"
