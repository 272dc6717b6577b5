"""The page that asks for a password, in a browser: what is wrong is said, and so is how long the next try has to wait."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Browser, expect

from tests.app_process import AppHere


def test_who_guesses_too_often_reads_that_the_next_try_has_to_wait(browser: Browser, tmp_path: Path) -> None:
    with AppHere(tmp_path, ("--auth", "ada:lovelace")) as app, browser.new_context() as context:
        page = context.new_page()
        page.goto(app.url)
        for guess in "abcdefghij":  # the sixth, or a later one on a machine so slow that the sixth did not come too early
            page.get_by_label("username").fill("ada")
            page.get_by_label("password").fill(guess)
            with page.expect_response("**/login") as answered:
                page.get_by_role("button", name="Login").click()
            if answered.value.status == 429:
                break
        assert answered.value.status == 429
        said = page.get_by_role("alert")
        expect(said).to_contain_text("The next try counts in")

        page.wait_for_timeout(1000 * int(answered.value.headers["retry-after"]))
        page.get_by_label("username").fill("ada")
        page.get_by_label("password").fill("lovelace")
        page.get_by_role("button", name="Login").click()
        expect(page.locator("#chat")).to_be_visible()
