"""The shell and the components in a real browser: content policy, keyboard, drawer, theme, widths."""

import pytest
from django.conf import settings as django_settings
from django.test import Client

DEFAULT_BLUES = ("rgb(13, 110, 253)", "rgb(134, 183, 254)", "rgb(10, 88, 202)")
BLUE_ELEMENTS = """blues => [...document.querySelectorAll("*")].filter(element => {
  const style = getComputedStyle(element);
  const colours = [style.color, style.backgroundColor, style.borderTopColor, style.outlineColor];
  return colours.some(colour => blues.includes(colour));
}).map(element => element.outerHTML.slice(0, 120))"""


@pytest.fixture
def guide(page, live_server, settings, manager):
    """Open the style guide as the manager; fails on any script error or report of the content policy."""
    settings.DEBUG = True
    settings.ROOT_URLCONF = "tests.browser.styleguide_urls"
    client = Client()
    client.force_login(manager.user)
    faults = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("console", lambda line: faults.append(line.text) if line.type in {"error", "warning"} else None)
    name = django_settings.SESSION_COOKIE_NAME
    page.context.add_cookies([{"name": name, "value": client.cookies[name].value, "url": live_server.url}])

    def open_at(width=1440, language="zh-hans", theme=""):
        page.set_viewport_size({"width": width, "height": 900})
        page.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
        if theme:
            page.add_init_script(f"localStorage.setItem('theme', '{theme}')")
        page.goto(f"{live_server.url}/styleguide/")
        page.wait_for_selector("#stack svg")
        return page

    yield open_at
    assert faults == []


@pytest.mark.parametrize("language", ["zh-hans", "en"])
@pytest.mark.parametrize(("width", "theme"), [(1440, "light"), (390, "dark"), (900, "light")])
def test_no_sideways_scroll_and_no_default_blue(guide, width, theme, language):
    page = guide(width, language, theme)
    assert page.evaluate("document.documentElement.scrollWidth") == width
    assert page.evaluate(BLUE_ELEMENTS, list(DEFAULT_BLUES)) == []
    assert page.locator("html").get_attribute("data-bs-theme") == theme
    assert page.locator("h1").count() == 1
    assert page.locator("[style*=width]:not([data-chart] *)").count() == 0


def test_targets_on_the_phone_are_large_enough(guide):
    page = guide(390)
    small = page.evaluate(
        """[...document.querySelectorAll(".btn, .tabs-phone > *, .chip, .form-control, .views a")]
        .filter(e => e.offsetParent && e.getBoundingClientRect().height < 44).map(e => e.className)"""
    )
    assert small == []


def test_keys_reach_search_rows_and_the_drawer(guide):
    page = guide()
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.press("j")  # typing in a field is not a command
    assert page.locator("#search input").input_value() == "j"
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press("j")
    page.keyboard.press("k")
    page.keyboard.press("k")
    assert page.locator("tr.is-focused").count() == 1
    row = page.locator("tr.is-focused a.name").inner_text()
    page.keyboard.press("c")
    page.wait_for_selector("#drawer[open] .keys")
    page.keyboard.press("3")
    assert page.locator(".keys input:checked").get_attribute("value") == "3"
    page.once("dialog", lambda dialog: dialog.accept())  # the channel was changed
    page.keyboard.press("Escape")
    assert page.evaluate("document.activeElement.textContent") == row


def test_drawer_asks_before_it_drops_what_was_written(guide):
    page = guide()
    page.locator("a[data-drawer]").first.click()
    page.get_by_label("要点").fill("20 万续一年")
    asked = []
    page.once("dialog", lambda dialog: (asked.append(dialog.message), dialog.dismiss()))
    page.keyboard.press("Escape")
    assert len(asked) == 1
    assert page.get_by_label("要点").input_value() == "20 万续一年"
    page.once("dialog", lambda dialog: dialog.accept())
    page.keyboard.press("Escape")
    page.wait_for_selector("#drawer:not([open])", state="attached")
    assert page.evaluate("document.activeElement.hasAttribute('data-drawer')")


def test_theme_is_kept_and_charts_follow_it(guide):
    page = guide()
    before = page.locator("#bars svg path").first.evaluate("e => e.outerHTML")
    page.locator(".who").click()
    page.locator(".dropdown-menu [data-set-theme=dark]").click()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"
    assert {"name": "theme", "value": "dark"}.items() <= {
        k: v for c in page.context.cookies() if c["name"] == "theme" for k, v in c.items()
    }.items()
    assert page.locator("#bars svg").inner_html() != before
    assert "#6CC0D0" in page.locator("#bars svg").inner_html().upper()
    page.reload()
    assert page.locator("html").get_attribute("data-bs-theme") == "dark"


def test_every_chart_gives_way_to_its_table(guide):
    page = guide()
    section = page.locator("section.chart", has=page.locator("#bars"))
    section.locator("[data-chart-toggle]").click()
    assert section.locator("tbody td").all_inner_texts() == ["200", "80", "30", "120", "25"]
    assert not page.locator("#bars").is_visible()
    section.locator("[data-chart-toggle]").click()
    assert page.locator("#bars svg").is_visible()


def test_exact_figure_opens_on_focus(guide):
    page = guide()
    figure = page.locator(".facts-grid .fig").first
    figure.focus()
    assert figure.evaluate("e => getComputedStyle(e, '::after').visibility") == "visible"
    assert figure.get_attribute("data-exact") == "820,000.00 元"


def test_print_drops_the_shell(guide):
    page = guide()
    page.emulate_media(media="print")
    assert not page.locator(".rail").is_visible()
    assert not page.locator(".bar").is_visible()
    assert page.locator(".print-foot").is_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
