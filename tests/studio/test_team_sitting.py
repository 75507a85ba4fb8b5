"""The page for each role: what one may not do is not offered, comments are pinned, read as text, and settled."""

from __future__ import annotations

import json

import pytest
from axe_playwright_python.sync_playwright import Axe

from spatial.studio.kept import Kept
from spatial.studio.served import Served
from spatial.studio.server import Server
from spatial.studio.session import Session
from tests import pictures
from tests.studio.test_server import SPOT
from tests.studio.test_team import HOSTILE, certificate, running

pytestmark = pytest.mark.browser
WAIT_MS = 90_000


@pytest.fixture(scope="module")
def server(table, tmp_path_factory):
    folder = tmp_path_factory.mktemp("team")
    pem, key = certificate(folder)
    session = Session(table, Kept(folder / "team.sqlite", "demo"))
    yield from running(Server(session, "da", Served(port=0, certificate=pem, key=key)))


class Guest:
    """A browser of its own that opened the address of a role."""

    def __init__(self, browser, address, width=1280):
        self.context = browser.new_context(
            ignore_https_errors=True, accept_downloads=True, viewport={"width": width, "height": 800}
        )
        self.page, self.wrong = self.context.new_page(), []
        self.page.set_default_timeout(WAIT_MS)
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.goto(address)
        self.page.click("button[type=submit]")
        self.page.wait_for_selector("#fr-page:not([aria-busy])")
        self.page.wait_for_selector("#fr-page[data-lenses]")

    def point_at(self, lonlat):
        box = self.page.locator("#fr-map").bounding_box()
        x, y = self.page.evaluate(
            "([lon, lat]) => { const p = studio.map.latLngToContainerPoint([lat, lon]); return [p.x, p.y]; }", lonlat
        )
        self.page.mouse.click(box["x"] + x, box["y"] + y)

    def faults(self):
        return [one["id"] for one in Axe().run(self.page).response["violations"]]


@pytest.fixture(scope="module")
def guests(browser, server):
    made = {role: Guest(browser, address) for role, address in server.addresses.items()}
    yield made
    for guest in made.values():
        guest.context.close()


DRAWS = "[data-tool], #fr-hand-pick, #fr-hand-undo, #fr-correct-missing, #fr-invite-look, a[href^='/api/out/log.csv']"


def test_what_a_role_may_not_do_is_not_offered_and_said_in_words(guests):
    for role, guest in guests.items():
        offered = guest.page.locator(DRAWS).count()
        assert (offered > 10) if role == "edit" else offered == 0
        assert guest.page.locator("#fr-comment").count() == (role != "look")
        assert ("Kopiér varianten" in guest.page.inner_text("#fr-variants")) == (role == "edit")
        assert "GeoPackage" not in guest.page.inner_text("#fr-save")  # nothing is drawn
        assert guest.faults() == [] and guest.wrong == []
    assert "Du kan se med. Du kan ikke tegne" in guests["look"].page.inner_text("#fr-draw")
    assert "se med og kommentere. Du kan ikke tegne" in guests["comment"].page.inner_text("#fr-draw")


def test_a_comment_is_pinned_by_keyboard_seen_by_all_as_text_and_settled(guests):
    writer = guests["comment"].page
    writer.evaluate("([lon, lat]) => studio.map.setView([lat, lon], 18, { animate: false })", list(SPOT))
    writer.focus("#fr-comment")
    writer.keyboard.press("Enter")
    writer.keyboard.press("Enter")  # in the middle of the map, which has the focus by now
    writer.wait_for_selector("#fr-comment-text:focus")
    writer.keyboard.insert_text(HOSTILE)
    writer.keyboard.press("Tab")
    writer.keyboard.insert_text("<b>Vicevært</b>")
    writer.keyboard.press("Enter")
    for guest in guests.values():
        item = guest.page.locator("#fr-comments li")
        item.wait_for()
        assert HOSTILE in item.inner_text() and "<b>Vicevært</b> (kommenterer)" in item.inner_text()
        pin = guest.page.locator(".fr-pin")
        assert pin.inner_text() == "1"
        assert guest.page.evaluate(
            "() => [window.hacked, document.querySelectorAll('#fr-comments img, #fr-comments script').length]"
        ) == [None, 0]
    pin = writer.locator(".fr-pin")
    pin.hover()
    assert HOSTILE in writer.locator(".fr-pin-tip").inner_text() and writer.evaluate("() => window.hacked") is None
    for role, guest in guests.items():
        guest.page.locator("#fr-comments").scroll_into_view_if_needed()
        pictures.keep(guest.page, f"studio-team-{role}-da")
        assert guest.faults() == [] and guest.wrong == []
    assert guests["look"].page.get_by_text("Afslut", exact=True).count() == 0
    guests["edit"].page.get_by_role("button", name="Afslut: Kommentar 1").click()
    for guest in guests.values():
        guest.page.wait_for_selector("#fr-comments li.fr-settled")
        assert "Afsluttet" in guest.page.inner_text("#fr-comments li")


def test_who_draws_makes_an_address_for_one_more_who_looks_on_a_phone(guests, browser):
    page = guests["edit"].page
    for role in ("look", "comment", "edit"):
        before = page.input_value("#fr-address") if page.locator("#fr-address").count() else ""
        page.click(f"#fr-invite-{role}")
        page.wait_for_function("before => ![before, undefined].includes(window['fr-address']?.value)", arg=before)
        guest = Guest(browser, page.input_value("#fr-address"), 390)
        try:
            assert guest.page.evaluate("async () => (await (await fetch('/api/role')).json()).role") == role
            pictures.keep(guest.page, f"studio-team-{role}-390-da")
            guest.page.click("#fr-sheet")
            guest.page.locator("#fr-comments").scroll_into_view_if_needed()
            pictures.keep(guest.page, f"studio-team-{role}-390-comments-da")
            assert guest.page.evaluate("() => document.documentElement.scrollWidth") <= 390
            assert guest.faults() == [] and guest.wrong == []
        finally:
            guest.context.close()


def test_a_refusal_of_the_server_is_said_in_words(guests):
    answer = guests["look"].page.evaluate(
        """async (body) => {
            const answer = await fetch("/api/do", { method: "POST", body });
            return [answer.status, (await answer.json()).said.da];
        }""",
        json.dumps({"act": "undo", "variant": "A"}),
    )
    assert answer[0] == 403 and answer[1].startswith("den adresse, du åbnede, giver kun lov til at se med")
