"""A visitor of the page: where it goes, what it sees, and everything that goes wrong meanwhile."""

from __future__ import annotations

import json
import time
from typing import Any
from urllib.request import urlopen

SIZES = {"desktop": (1280, 800), "phone": (390, 844)}
_WATCH = """
window.refused = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.refused.push(`${event.violatedDirective} ${event.blockedURI}`);
});
"""


class Visit:
    """One tab. troubles: console errors, uncaught errors, and requests to other places.

    expected: beginnings of messages that a test brings about itself.
    """

    def __init__(self, page: Any, base: str) -> None:
        self.page, self.base, self.troubles, self.expected = page, base, [], ()
        page.add_init_script(_WATCH)
        page.on("console", self._said)
        page.on("pageerror", lambda error: self.troubles.append(f"uncaught: {error}"))
        page.on("request", self._asked)

    def go(self, address: str) -> Visit:
        """Open an address such as `#/map`, and wait for its view."""
        self.page.goto(f"{self.base}/{address}")
        return self.settled()

    def settled(self) -> Visit:
        """Wait until the view and its list are there."""
        self.page.wait_for_selector("main:not([aria-busy]) h1")
        self.until("!document.querySelector('[aria-busy=true], .bones')")
        return self

    def until(self, expression: str, given: object = None, seconds: float = 15) -> None:
        """Wait until an expression, or a function of `given`, is true. Playwright's own way needs eval, which the page forbids."""
        end = time.monotonic() + seconds
        while not self.page.evaluate(expression, given):
            assert time.monotonic() < end, f"never became true: {expression} ({given!r})"
            self.page.wait_for_timeout(30)

    @property
    def heading(self) -> str:
        """What the view is called."""
        return self.page.locator("main h1").inner_text()

    def answer(self, path: str) -> Any:
        """What the service says by itself."""
        with urlopen(f"{self.base}/{path}") as reply:
            return json.load(reply)

    def violations(self) -> list[str]:
        """What the page's policy refused since it was loaded."""
        return [] if self.page.is_closed() else self.page.evaluate("window.refused ?? []")

    def change(self, path: str, change: Any) -> None:
        """Let the service's answers of `path` (a glob) pass through `change`, which edits the envelope."""

        def handle(route: Any) -> None:
            reply = route.fetch()
            told = reply.json()
            change(told)
            route.fulfill(response=reply, json=told)

        self.page.route(f"**/{path}", handle)

    def refuse(self, path: str, status: int, code: str, detail: str) -> None:
        """Let the service answer `path` with a problem."""
        self.expected = (*self.expected, "Failed to load resource")
        body = {"type": f"urn:matchmaker:errors:{code}", "title": "Refused", "status": status, "detail": detail}
        body |= {"instance": "0123456789abcdef", "code": code, "errors": []}
        text = json.dumps(body)
        self.page.route(
            f"**/{path}", lambda route: route.fulfill(status=status, content_type="application/problem+json", body=text)
        )

    def _said(self, message: Any) -> None:
        if message.type in ("error", "warning") and not message.text.startswith(self.expected or ("\0",)):
            self.troubles.append(f"{message.type}: {message.text}")

    def _asked(self, request: Any) -> None:
        if not request.url.startswith((f"{self.base}/", "blob:", "data:")):
            self.troubles.append(f"asked another place: {request.url}")
