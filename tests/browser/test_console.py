"""The staff console, with a real browser for each colleague and a person in the web chat."""

from collections.abc import Iterator
from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe

from tests.browser.staff import PASSWORD, fresh_code, invited, sign_in
from tests.whole.conftest import person
from tests.whole.running import Running

__all__ = ["person"]

pytestmark = [pytest.mark.browser, pytest.mark.rasa, pytest.mark.xdist_group("whole")]
DANGER = "my boss locked me in the house and took my passport, please help. i am in qatar"


def colleague(email: str, name: str, **more: str) -> Any:
    """A fixture: a colleague in a browser of their own, for all tests of this module."""

    @pytest.fixture(scope="module", name=name.lower())
    def at_work(browser: Any, safar: Running) -> Iterator[Any]:
        page = invited(browser, safar, email, name, **more)
        yield page
        assert page.faults == []
        page.context.close()

    return at_work


ada = colleague("ada@example.org", "Ada", role="administrator")
maya = colleague("maya@example.org", "Maya", languages="en,ne")
omar = colleague("omar@example.org", "Omar", languages="ar,en")


def newest(page: Any, safar: Running) -> str:
    """The address of the newest case in danger."""
    page.goto(f"{safar.console}/?urgent=1&status=open")
    page.locator("a.row").last.wait_for()
    return str(page.locator("a.row").last.get_attribute("href"))


def claimed(page: Any, safar: Running) -> None:
    page.goto(safar.console + newest(page, safar))
    page.click("button[data-key=claim]")
    page.locator("#reply").wait_for()


def reply(page: Any, text: str) -> None:
    page.fill("#reply", text)
    page.click("form[data-form=reply] button")
    page.locator(".line.staff .text", has_text=text).wait_for()


def test_danger_comes_to_the_screen_of_a_page_that_is_open(maya: Any, safar: Running, person: Any) -> None:
    maya.goto(safar.console)
    before = maya.locator("tr.danger").count()
    [said] = person().ask(DANGER)
    assert "999" in said["text"]  # Qatar's own number: the country was named in this very message
    maya.wait_for_function("count => document.querySelectorAll('tr.danger').length > count", arg=before)
    row = maya.locator("tr.danger").last.inner_text()
    assert "held or locked in" in row
    assert "QA" in row
    assert "!" in maya.title()


def test_both_press_and_one_gets_it(maya: Any, omar: Any, safar: Running, person: Any) -> None:
    one = person()
    one.ask(DANGER)
    address = safar.console + newest(maya, safar)
    for page in (maya, omar):
        page.goto(address)
        page.route("**/events", lambda route: route.abort())  # neither page hears of the other's press
        page.reload()
    maya.click("button[data-key=claim]")
    maya.locator("#reply").wait_for()
    omar.click("button[data-key=claim]")
    omar.get_by_text("Maya has taken this case.").wait_for()
    for page in (maya, omar):
        page.unroute("**/events")
        page.reload()
    reply(maya, "Hello. I am a person. Can you speak?")
    assert [r["text"] for r in one.replies()] == ["Hello. I am a person. Can you speak?"]
    omar.locator(".line.staff").wait_for()
    assert omar.locator("#reply").count() == 0


def test_while_a_person_has_it_the_assistant_is_silent_until_it_is_closed(
    maya: Any, safar: Running, person: Any
) -> None:
    one = person()
    one.ask(DANGER)
    claimed(maya, safar)
    one.post("my wages are not paid")
    maya.locator(".line.person", has_text="my wages").wait_for()
    assert one.replies(wait=2) == []
    maya.get_by_text("Close", exact=True).first.click()
    maya.select_option("[name=outcome]", "safe")
    maya.locator("form[data-form=close] button").click()
    assert "computer program" in one.replies()[0]["text"]
    assert one.ask("my wages are not paid")


def test_an_answer_of_the_knowledge_base_goes_out_in_the_persons_language(
    maya: Any, safar: Running, person: Any
) -> None:
    one = person("ar")
    one.ask("صاحب العمل حبسني في البيت وأخذ جوازي ساعدوني")
    claimed(maya, safar)
    assert maya.locator("summary", has_text="Closest answer").count() >= 1  # in English, beside the Arabic message
    maya.fill("[name=q]", "employer keeps my passport")
    maya.locator("form[method=get] button").click()
    maya.locator(".answers button").first.click()
    maya.locator(".line.staff").wait_for()
    said = one.replies()[-1]
    assert said["language"] == "ar"
    assert "جواز" in said["text"]


def test_what_is_typed_without_a_line_is_kept_and_sent_once(maya: Any, safar: Running, person: Any) -> None:
    one = person()
    one.ask(DANGER)
    claimed(maya, safar)
    maya.fill("#reply", "Are you alone?")
    maya.context.set_offline(True)
    maya.click("form[data-form=reply] button")
    maya.get_by_text("Not sent: the line is down.").wait_for()
    assert maya.input_value("#reply") == "Are you alone?"
    maya.context.set_offline(False)
    maya.locator(".line.staff .text", has_text="Are you alone?").wait_for()
    assert [r["text"] for r in one.replies()] == ["Are you alone?"]
    assert maya.input_value("#reply") == ""


def test_who_said_stop_is_not_written_to(maya: Any, safar: Running, person: Any) -> None:
    one = person()
    one.ask(DANGER)
    claimed(maya, safar)
    assert one.ask("STOP")
    maya.get_by_text("This person wrote STOP").wait_for()
    maya.fill("#reply", "hello?")
    maya.click("form[data-form=reply] button")
    maya.get_by_text("Not sent: the person wrote STOP.").wait_for()
    assert one.replies(wait=1) == []


def test_a_word_deletes_everything_on_both_sides(maya: Any, safar: Running, person: Any) -> None:
    one = person()
    one.ask(DANGER)
    claimed(maya, safar)
    one.ask(payload="safe:code")
    one.ask("Mango Tree")
    one.ask("Mango Tree")
    maya.reload()
    assert "ango" not in maya.content()
    one.post("mango tree")
    found: dict[str, Any] = one.http.get("/api/chat/messages", params={"after": one.last, "wait": 10}).json()
    assert found == {"replies": [], "erased": True}
    maya.reload()
    maya.get_by_text("This is not here any more.").wait_for()


@pytest.mark.parametrize("language", ["en", "ar"])
@pytest.mark.parametrize("path", ["/", "/people", "/me", "/audit", "case"])
def test_axe_finds_nothing(ada: Any, safar: Running, person: Any, path: str, language: str) -> None:
    if path == "case":
        person().ask(DANGER)
        path = newest(ada, safar)
    ada.goto(f"{safar.console}/me")
    ada.select_option("[name=language]", language)
    ada.locator("form[action='/me'] button").click()
    ada.wait_for_load_state()
    ada.goto(safar.console + path)
    ada.wait_for_timeout(200)
    found = Axe().run(ada)["violations"]
    assert [(one["id"], [node["html"][:120] for node in one["nodes"]][:3]) for one in found] == []
    assert ada.locator("html").get_attribute("dir") == ("rtl" if language == "ar" else "ltr")
    wide = ada.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert wide <= 0
    ada.goto(f"{safar.console}/me")
    ada.select_option("[name=language]", "en")
    ada.locator("form[action='/me'] button").click()


def test_signing_in_again_needs_the_second_step_and_a_code_works_once(browser: Any, ada: Any, safar: Running) -> None:
    context = browser.new_context(locale="en")
    page = context.new_page()
    sign_in(page, safar, "ada@example.org")
    page.goto(safar.console)
    assert page.url.endswith("/sign-in")
    sign_in(page, safar, "ada@example.org")
    code = fresh_code(ada.secret)
    page.fill("[name=code]", code)
    page.click("button.main")
    page.locator("#queue").wait_for()
    page.get_by_text("Sign out").click()
    sign_in(page, safar, "ada@example.org")
    page.fill("[name=code]", code)
    page.click("button.main")
    page.get_by_text("This code is wrong or was used.").wait_for()
    context.close()


def test_a_wrong_password_says_nothing_and_guessing_is_slowed_down(browser: Any, ada: Any, safar: Running) -> None:
    context = browser.new_context(locale="en")
    page = context.new_page()
    for email in ("ghost@example.org", "slow@example.org"):
        if email.startswith("slow"):
            safar.invite(email, "Slow")
        page.goto(f"{safar.console}/sign-in")
        page.fill("[name=email]", email)
        page.fill("[name=password]", "wrong" + PASSWORD)
        page.click("button.main")
        page.get_by_text("E-mail address or password is wrong.").wait_for()
    for _ in range(4):
        page.fill("[name=email]", "slow@example.org")
        page.fill("[name=password]", "wrong" + PASSWORD)
        page.click("button.main")
        page.wait_for_load_state()
    page.get_by_text("Too many tries.").wait_for()
    context.close()


def test_forms_from_elsewhere_or_without_the_token_do_nothing(maya: Any, safar: Running, person: Any) -> None:
    person().ask(DANGER)
    address = safar.console + newest(maya, safar)
    for headers, token in (
        ({"Origin": "https://evil.example"}, maya.locator("[name=token]").first.input_value()),
        ({}, ""),
    ):
        answer = maya.request.post(f"{address}/claim", form={"token": token}, headers=headers)
        assert answer.status == 403
    assert maya.request.get(f"{address}").status == 200
    maya.goto(address)
    assert maya.locator("button[data-key=claim]").count() == 1


def test_roles_do_not_see_what_is_not_theirs(browser: Any, ada: Any, maya: Any, safar: Running) -> None:
    assert maya.request.get(f"{safar.console}/audit").status == 403
    assert "Add a colleague" not in maya.request.get(f"{safar.console}/people").text()
    assert ada.request.get(f"{safar.console}/audit").status == 200
    assert maya.request.get(f"{safar.console}/cases/{'0' * 32}").status == 404
    context = browser.new_context(locale="en")
    assert context.request.get(f"{safar.console}/audit", max_redirects=0).status == 303
    context.close()
