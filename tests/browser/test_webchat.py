"""The web chat as somebody with a cheap phone meets it."""

import time
from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe

from tests.whole.running import Running

pytestmark = [pytest.mark.browser, pytest.mark.rasa, pytest.mark.xdist_group("whole")]
EXIT = "127.0.0.1/health"


def ask(page: Any, text: str) -> None:
    page.fill("#text", text)
    page.click("#send")


def replies(page: Any) -> Any:
    return page.locator("#log .bubble:not(.mine)")


def test_a_question_is_typed_and_answered(chat: Any) -> None:
    ask(chat, "My boss in Qatar has not paid me")
    replies(chat).first.wait_for()
    assert "Ministry of Labour" in replies(chat).first.inner_text()
    assert chat.locator("#log a[href='tel:16008']").count() == 1
    assert chat.locator(".bubble.mine .state").inner_text() == "Sent"
    chat.get_by_role("button", name="Yes, useful").click()
    replies(chat).nth(1).wait_for()
    assert "Ask me anything else" in replies(chat).nth(1).inner_text()
    assert chat.faults == []


def test_it_works_by_keyboard_alone(chat: Any) -> None:
    chat.focus("#text")
    chat.keyboard.type("how do I send money home cheaply")
    chat.keyboard.press("Enter")
    replies(chat).first.wait_for()
    assert chat.evaluate("document.activeElement.id") == "text"


@pytest.mark.parametrize(("tag", "direction", "word"), [("ar", "rtl", "اسأل سفر"), ("ne", "ltr", "सफरलाई सोध्नुहोस्")])
def test_the_page_speaks_the_language_and_its_direction(
    context: Any, safar: Running, tag: str, direction: str, word: str
) -> None:
    page = context.new_page()
    page.goto(f"{safar.url}/chat?lang={tag}")
    assert page.get_attribute("html", "dir") == direction
    assert page.get_attribute("html", "lang") == tag
    assert page.inner_text("h1") == word


def test_a_reply_has_the_direction_of_its_own_language(chat: Any) -> None:
    ask(chat, "صاحب العمل أخذ جوازي في الكويت")
    replies(chat).first.wait_for()
    assert replies(chat).first.get_attribute("dir") == "rtl"
    assert replies(chat).first.get_attribute("lang") == "ar"


def test_offline_it_says_so_and_sends_what_was_typed_when_the_line_is_back(chat: Any, context: Any) -> None:
    ask(chat, "hello")
    replies(chat).first.wait_for()
    context.set_offline(True)
    ask(chat, "my passport is lost")
    chat.locator("#line").wait_for()
    assert "You are offline" in chat.inner_text("#line")
    assert "Not sent yet" in chat.locator(".bubble.mine .state").last.inner_text()
    context.set_offline(False)
    replies(chat).nth(1).wait_for()
    assert "consulate" in replies(chat).nth(1).inner_text()
    assert chat.locator(".bubble.mine .state").last.inner_text() == "Sent"


def test_a_reload_keeps_the_conversation_in_its_order(chat: Any) -> None:
    ask(chat, "hello")
    replies(chat).first.wait_for()
    ask(chat, "thank you")
    replies(chat).nth(1).wait_for()
    before = chat.locator("#log .bubble").all_inner_texts()
    chat.reload()
    replies(chat).nth(1).wait_for()
    assert chat.locator("#log .bubble").all_inner_texts() == before


def left_on_the_desk(context: Any, safar: Running, key: str) -> Any:
    """What the desk still has of a conversation; the page's last word may arrive after the next page has begun."""
    who = {"Authorization": f"Bearer {key}"}
    for _ in range(50):
        answer = context.request.get(f"{safar.url}/api/chat/messages?after=0", headers=who)
        if answer.status == 401:
            return []
        time.sleep(0.1)
    return answer.json()["replies"]


@pytest.mark.parametrize("way", ["button", "escape", "offline"])
def test_leaving_empties_the_page_and_its_trace(chat: Any, context: Any, safar: Running, way: str) -> None:
    ask(chat, "my employer keeps my passport")
    replies(chat).first.wait_for()
    key = chat.evaluate("sessionStorage.getItem('safar.key')")
    chat.route("**://www.google.com/**", lambda route: route.fulfill(status=200, body="weather"))
    if way == "offline":
        context.set_offline(True)
    if way == "escape":
        for _ in range(3):
            chat.keyboard.press("Escape")
    else:
        chat.click("#exit")
    if way == "offline":
        chat.wait_for_timeout(300)
        context.set_offline(False)
    else:
        chat.wait_for_url("**://www.google.com/**")
        assert left_on_the_desk(context, safar, key) == []
    chat.goto(f"{safar.url}/chat?lang=en")
    assert chat.locator("#log .bubble").count() == 0
    assert chat.evaluate("Object.keys(sessionStorage).length") == 0
    assert context.cookies() == []
    context.strangers.clear()  # the way out leads elsewhere; that is what it is for


def test_nothing_a_text_contains_becomes_part_of_the_page(chat: Any) -> None:
    ask(chat, "<img src=x onerror=\"document.title='owned'\"><script>document.title='owned'</script> hello")
    replies(chat).first.wait_for()
    assert chat.title() == "Ask Safar"
    assert chat.locator("#log img, #log script").count() == 0


def test_the_first_paint_takes_less_than_a_hundred_kilobytes(context: Any, safar: Running) -> None:
    page = context.new_page()
    sizes: list[int] = []
    page.on("response", lambda response: sizes.append(len(response.body())))
    page.goto(f"{safar.url}/chat", wait_until="networkidle")
    assert 5_000 < sum(sizes) < 100_000


@pytest.mark.parametrize("tag", ["en", "ar"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser: Any, safar: Running, tag: str, scheme: str) -> None:
    context = browser.new_context(viewport={"width": 360, "height": 740}, color_scheme=scheme, bypass_csp=True)
    page = context.new_page()
    page.goto(f"{safar.url}/chat?lang={tag}")
    for text in ("hello", "he beats me and locked me in"):
        ask(page, text)
    page.locator("#log .urgent").wait_for()
    replies(page).nth(1).wait_for()
    page.wait_for_timeout(400)
    found = Axe().run(page)["violations"]
    assert [(one["id"], [node["html"] for node in one["nodes"]]) for one in found] == []
    context.close()


def test_touch_targets_are_large_enough(chat: Any) -> None:
    ask(chat, "my employer keeps my passport")
    chat.get_by_role("button", name="Yes, useful").wait_for()
    for button in chat.locator("button:visible, select:visible, textarea:visible").all():
        assert button.bounding_box()["height"] >= 44, button.inner_text()


def test_nothing_comes_back_after_leaving_on_a_slow_line(chat: Any) -> None:
    """An answer that arrives while the next page still loads must not write the conversation down again."""
    held: list[Any] = []
    ask(chat, "hello")
    replies(chat).first.wait_for()

    def hold(route: Any) -> None:
        held.append(route)

    chat.route("**/api/chat/messages", hold)
    ask(chat, "my employer keeps my passport")
    chat.wait_for_function("document.querySelectorAll('.bubble.mine').length === 2")
    chat.route("**://www.google.com/**", lambda route: route.fulfill(status=204))  # the old page stays
    chat.click("#exit", no_wait_after=True)
    assert len(held) == 1
    for route in held:
        route.fulfill(status=202, json={"message": "m"})
    chat.wait_for_timeout(300)
    kept = chat.evaluate("[document.body.hidden, document.querySelectorAll('.bubble').length, sessionStorage.length]")
    assert kept == [True, 0, 0]
    chat.context.strangers.clear()


def test_a_message_written_before_the_first_answer_of_the_server_survives_a_reload(chat: Any) -> None:
    chat.route("**/api/chat/conversations", lambda route: route.fulfill(status=503, body="not now"))
    ask(chat, "hello")
    chat.wait_for_timeout(200)
    chat.unroute("**/api/chat/conversations")
    chat.reload()
    replies(chat).first.wait_for()
    assert chat.locator(".bubble.mine .state").all_inner_texts() == ["Sent"]


def test_what_is_written_has_its_own_direction(chat: Any) -> None:
    ask(chat, "صاحب العمل أخذ جوازي")
    assert chat.locator(".bubble.mine div").evaluate("node => getComputedStyle(node).direction") == "rtl"


LINKS = {
    "Call 16008.": ["tel:16008"],
    "اتصل بـ 112، أو +965 2221 5150؟": ["tel:112", "tel:+96522215150"],
    "See https://example.org/a?b=1. Or https://example.org/c, or": [
        "https://example.org/a?b=1",
        "https://example.org/c",
    ],
    "On 2026-11-23 or in 2027 it was 1,000 riyals, law 143/A/2010, no. 12": [],
    "<a href='javascript:alert(1)'>javascript:alert(1)</a>": [],
}


def test_only_numbers_and_addresses_become_links(chat: Any) -> None:
    made = {
        "replies": [
            {
                "id": n,
                "message": None,
                "text": text,
                "buttons": [],
                "language": "en",
                "direction": "ltr",
                "urgent": False,
            }
            for n, text in enumerate(LINKS, 1_000_000)
        ]
    }
    chat.evaluate("sessionStorage.setItem('safar.key', 'k'.repeat(43))")
    chat.route("**/api/chat/messages?after=0", lambda route: route.fulfill(json=made))
    chat.reload()
    replies(chat).nth(len(LINKS) - 1).wait_for()
    found = replies(chat).evaluate_all(
        "all => all.map(one => [...one.querySelectorAll('a')].map(a => a.getAttribute('href')))"
    )
    assert dict(zip(LINKS, found, strict=True)) == LINKS
