"""What people do on the gate's pages, for tests that drive a browser."""

from __future__ import annotations

from playwright.sync_api import Page, expect

PASSWORD = "tall white columns"


def make_first_account(page: Page, link: str, email: str, name: str = "") -> None:
    """Follow the first-run link and make the administrator's account; ends on the portal."""
    page.goto(link)
    page.get_by_label("Mail address").fill(email)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("The same password again").fill(PASSWORD)
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("heading", name="Apps", exact=True)).to_be_visible()


def sign_up(page: Page, url: str, email: str, name: str = "", password: str = PASSWORD) -> None:
    """Make an account; ends on the sign-in page."""
    page.goto(f"{url}/-/sign-up")
    page.get_by_label("Mail address").fill(email)
    page.get_by_label("Your name").fill(name)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_label("The same password again").fill(password)
    page.get_by_role("button", name="Make the account").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


def sign_in(page: Page, url: str, email: str, password: str = PASSWORD) -> None:
    """Send the sign-in form of `url` (the site, or any page that leads to the form)."""
    page.goto(url)
    page.get_by_label("Mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in").click()
