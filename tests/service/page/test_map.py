"""The ecosystem map."""

from __future__ import annotations

_POINT = """(id) => {
  const chart = document.querySelector(".js-plotly-plot");
  const box = chart.getBoundingClientRect();
  const { xaxis, yaxis } = chart._fullLayout;
  for (const trace of chart.data) {
    const at = trace.customdata?.indexOf(id) ?? -1;
    if (at >= 0) return [box.x + xaxis._offset + xaxis.d2p(trace.x[at]), box.y + yaxis._offset + yaxis.d2p(trace.y[at])];
  }
  return null;
}"""
_DRAWN = "document.querySelector('.js-plotly-plot').data.filter((one) => one.mode === 'lines').map((one) => one.x.length / 3)"
_RANGE = "document.querySelector('.js-plotly-plot').layout.xaxis.range"


def opened(visit, address="#/map", size="desktop"):
    seen = visit(size).go(address)
    seen.page.wait_for_selector(".plot[data-ready]")
    return seen


def lonely(partners):
    """A partner that no other one covers on the map."""

    def room(one):
        return min((one["x"] - two["x"]) ** 2 + (one["y"] - two["y"]) ** 2 for two in partners if two is not one)

    return max(partners, key=room)


def test_the_largest_partners_are_named_where_no_name_covers_another(visit):
    seen = opened(visit)
    partners = seen.answer("v1/map?limit=2000")["data"]["partners"]
    largest = sorted(partners, key=lambda one: -(one["size"] or 0))
    drawn = seen.page.locator(".scatterlayer .textpoint text")
    named = drawn.all_text_contents()
    assert 5 <= len(named) <= 10
    assert largest[0]["name"] in named
    assert set(named) <= {one["name"] for one in largest[:60]}
    plot = seen.page.locator(".plot").bounding_box()
    boxes = [one.bounding_box() for one in drawn.all()]
    for place, one in enumerate(boxes):
        assert plot["x"] <= one["x"] and one["x"] + one["width"] <= plot["x"] + plot["width"]
        for other in boxes[:place]:
            apart = abs(one["y"] - other["y"]) >= min(one["height"], other["height"]) * 0.8
            assert apart or one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]


def test_a_highlighted_category_has_its_own_names(visit):
    seen = opened(visit)
    seen.page.get_by_label("Highlight").select_option("returns")
    returns = {
        one["name"] for one in seen.answer("v1/map?limit=2000")["data"]["partners"] if one["category"] == "returns"
    }
    names = "[...document.querySelectorAll('.scatterlayer .textpoint text')].map((one) => one.textContent)"
    seen.until(f"(returns) => {names}.length && {names}.every((one) => returns.includes(one))", sorted(returns))


def test_a_click_opens_the_partner_and_back_returns(visit):
    seen = opened(visit)
    one = lonely(seen.answer("v1/map?limit=2000")["data"]["partners"])
    seen.page.locator(".plot").scroll_into_view_if_needed()
    x, y = seen.page.evaluate(_POINT, one["partner"])
    seen.page.mouse.move(x, y)
    seen.page.wait_for_selector(".hoverlayer .hovertext")
    assert one["name"] in seen.page.locator(".hoverlayer").text_content()
    seen.page.mouse.click(x, y)
    seen.until("(name) => document.querySelector('h1')?.textContent === name", one["name"])
    seen.page.go_back()
    seen.until("document.querySelector('h1')?.textContent === 'Ecosystem map'")


def test_all_partners_are_drawn_and_edges_follow_their_boxes(visit):
    seen = opened(visit)
    told = seen.answer("v1/map?limit=2000")["data"]
    drawn = seen.page.evaluate(
        "document.querySelector('.js-plotly-plot').data.flatMap((one) => one.customdata ?? []).length"
    )
    assert drawn == len(told["partners"]) == told["shown"]
    boxes = seen.page.locator(".relation-picker input").all()
    for box in boxes:
        box.uncheck()
    assert seen.page.evaluate(_DRAWN) == []
    seen.page.get_by_label("Rivalry").check()
    seen.until(f"{_DRAWN}.length === 1")
    rivals = [edge for edge in told["edges"] if edge["type"] == "competitor"]
    assert seen.page.evaluate(_DRAWN) == [len(rivals)]
    caption = seen.page.locator("figcaption").inner_text()
    assert f"All {told['total']} partners" in caption
    assert f"{told['trustworthiness']:.2f} of 1" in caption


def test_it_can_be_zoomed_by_buttons_and_the_wheel_and_moved(visit):
    seen = opened(visit)
    whole = seen.page.evaluate(_RANGE)
    seen.page.get_by_role("button", name="Zoom in").click()
    nearer = seen.page.evaluate(_RANGE)
    assert nearer[1] - nearer[0] < whole[1] - whole[0]
    seen.page.get_by_role("button", name="Reset the view").click()
    assert seen.page.evaluate(_RANGE) == whole
    seen.page.locator(".plot").scroll_into_view_if_needed()
    box = seen.page.locator(".plot").bounding_box()
    seen.page.mouse.move(box["x"] + 300, box["y"] + 200)
    seen.page.mouse.down()
    seen.page.mouse.move(box["x"] + 400, box["y"] + 250, steps=4)
    seen.page.mouse.up()
    moved = seen.page.evaluate(_RANGE)
    assert moved[0] < whole[0] and abs((moved[1] - moved[0]) - (whole[1] - whole[0])) < 1e-6
    seen.page.mouse.wheel(0, -300)
    seen.until(f"{_RANGE}[1] - {_RANGE}[0] < {moved[1] - moved[0] - 0.01}")


def test_the_table_says_the_same(visit):
    seen = opened(visit, "#/map?category=returns")
    told = seen.answer("v1/map?limit=2000")["data"]["partners"]
    names = seen.page.locator(".map-table tbody th").all_inner_texts()
    assert sorted(names) == sorted(one["name"] for one in told if one["category"] == "returns")
    one = next(one for one in told if one["name"] == names[0])
    away = sorted(
        (two for two in told if two is not one), key=lambda two: (two["x"] - one["x"]) ** 2 + (two["y"] - one["y"]) ** 2
    )
    row = seen.page.locator(".map-table tbody tr").first
    assert row.locator(".near a").all_inner_texts() == [two["name"] for two in away[:3]]


def test_a_map_of_one_partner_draws_its_relations_alone(visit):
    seen = opened(visit, "#/map?partner=shipbob")
    edges = seen.answer("v1/map?limit=2000")["data"]["edges"]
    own = [edge for edge in edges if "shipbob" in (edge["a"], edge["b"])]
    assert sum(seen.page.evaluate(_DRAWN)) == len(own) > 0


def test_names_with_markup_stay_names_on_the_map(visit):
    def change(told):
        told["data"]["partners"][0]["name"] = '<a href="javascript:alert(1)">x</a>'

    seen = visit()
    seen.change("v1/map*", change)
    seen.go(f"#/map?partner={seen.answer('v1/map?limit=2000')['data']['partners'][0]['partner']}")
    seen.page.wait_for_selector(".plot[data-ready]")
    assert "<a href" in seen.page.locator(".annotation-text").text_content()
    assert seen.page.locator(".plot a").count() == 0


def test_without_the_chart_the_table_is_still_there(visit):
    seen = visit()
    seen.refuse("ui/plotly.min.js", 503, "missing_extra", "The package plotly is not installed.")
    seen.go("#/map")
    seen.page.wait_for_selector("text=The chart cannot be loaded")
    seen.page.get_by_text("The map as a table").click()
    assert seen.page.locator(".map-table tbody tr").count() == 100
