"""Pictures by matplotlib and what Jupyter shows: what they say is what the tables say."""

import re
from itertools import pairwise

import matplotlib
import pytest
from PIL import Image

import spatial
from spatial.core.errors import InputError
from spatial.core.languages import texts

matplotlib.use("Agg")

TEXT = re.compile(r"<[^>]+>")


@pytest.fixture(scope="module")
def result(finished):
    return spatial.load(finished)


@pytest.fixture(autouse=True)
def closed():
    yield
    from matplotlib import pyplot

    pyplot.close("all")


def bars(ax):
    return [patch.get_width() for patch in ax.patches]


@pytest.mark.parametrize("lang", ["da", "en"])
def test_the_ranking_shows_the_scores_of_the_table_the_best_on_top(result, lang):
    ax = result.plot.ranking(lang=lang)
    order = result.meeting_spaces.sort_values(["rank", "floating"], ascending=[True, False], na_position="last")
    assert bars(ax) == pytest.approx((order["floating"] * 100).tolist())
    spans = [line.get_xdata() for line in ax.lines]
    assert [tuple(span) for span in spans] == [
        pytest.approx((low * 100, high * 100))
        for low, high in zip(order["floating_low"], order["floating_high"], strict=True)
    ]
    assert ax.get_title("left") == texts(lang)["plot"]["ranking"]
    assert ax.get_ylim()[0] > ax.get_ylim()[1]  # the first row on top
    hatched = [patch.get_hatch() is not None for patch in ax.patches]
    assert hatched == order["rank"].isna().tolist()


def test_only_as_many_rows_as_wished(result):
    assert len(bars(result.plot.ranking(most=1))) == 1
    with pytest.raises(InputError, match="most=0"):
        result.plot.ranking(most=0)


@pytest.mark.parametrize("level", ["places", "meeting_spaces"])
def test_the_aspects_of_a_place_and_of_a_meeting_space(result, level):
    row = getattr(result, level).iloc[0]
    ax = result.plot.aspects(row.name, lang="en")
    names = ["floating", "openness", "accessibility", "neutrality", "low_threshold", "mixing"]
    assert bars(ax) == pytest.approx([row[name] * 100 for name in names])
    assert [tick.get_text() for tick in ax.get_yticklabels()] == [texts("en")["aspect"][n]["title"] for n in names]
    assert f"{round(row['coverage'] * 100)}% is known" in ax.get_title("left")


def test_a_place_that_is_not_there_is_answered_with_the_nearest(result):
    near = result.meeting_spaces.index[0]
    with pytest.raises(InputError, match=re.escape(f"did you mean {near}")):
        result.plot.aspects(near[:-1])


def test_the_uncertainty_shows_rank_and_range_or_says_that_there_is_none(result):
    ax = result.plot.uncertainty(lang="da")
    table = result.meeting_spaces.sort_values("rank", na_position="last", kind="stable")
    ranked = table[table["rank"].notna()]
    ranges = [tuple(line.get_xdata()) for line in ax.lines if len(line.get_xdata()) == 2]
    assert ranges == list(zip(ranked["rank_p05"], ranked["rank_p95"], strict=True))
    assert len(ax.patches) == len(table) - len(ranked)  # hatched
    assert [line.get_xdata()[0] for line in ax.lines if len(line.get_xdata()) == 1] == ranked["rank"].tolist()


def test_classes_differ_in_grey(result, tmp_path):
    from spatial.maps import style

    greys = [Image.new("RGB", (1, 1), colour).convert("L").getpixel((0, 0)) for colour in style.RAMP]
    assert greys == sorted(greys, reverse=True) and min(a - b for a, b in pairwise(greys)) >= 20
    path = tmp_path / "ranking.png"
    result.plot.ranking().figure.savefig(path)
    with Image.open(path) as picture:
        assert picture.width > 600


# --- Jupyter ------------------------------------------------------------------------------


def shown(thing):
    html = thing._repr_html_()
    assert "src=" not in html and "href=" not in html and "<script" not in html
    return html, TEXT.sub(" ", html)


@pytest.mark.parametrize("lang", ["da", "en"])
def test_a_result_shows_itself_in_words(result, lang, monkeypatch):
    monkeypatch.setenv("FAELLESRUM_LANG", lang)
    _, text = shown(result)
    assert result.estate.name in text
    first = result.meeting_spaces.query("tier == 1").sort_values("rank", kind="stable").index
    assert len(first) and [identity in text for identity in first[:4]] == [True, True, True, False][: len(first)]
    assert str(len(result.places)) in repr(result) and "\n" not in repr(result)


def test_an_estate_shows_its_outline_and_size(result, monkeypatch):
    monkeypatch.setenv("FAELLESRUM_LANG", "da")
    html, text = shown(result.estate)
    hectares = f"{result.estate.boundary.area / 10_000:.1f}"
    assert f"{hectares.replace('.', ',')} ha" in text and "<svg" in html and f"{hectares} ha" in repr(result.estate)


def test_what_names_say_is_never_taken_for_html(result):
    from dataclasses import replace

    estate = replace(result.estate, name='<b onload="x">&')
    html, _ = shown(spatial.Estate(**vars(estate)))
    assert "<b onload" not in html and "&lt;b onload=&quot;x&quot;&gt;&amp;" in html


def test_a_comparison_with_itself_says_that_nothing_changes(result, monkeypatch):
    monkeypatch.setenv("FAELLESRUM_LANG", "en")
    same = spatial.compare(result, result)
    _, text = shown(same)
    kept = len(result.meeting_spaces)
    assert f"0 go, 0 come, 0 change, {kept} stay" in text
    assert repr(same).startswith(f"Comparison(0 lost, 0 new, 0 changed, {kept} kept")


def test_the_map_shows_inline_with_everything_in_it(result):
    html = result.map(lang="en")._repr_html_()
    assert "srcdoc=" in html and "faellesrum" in html and not re.search(r'\ssrc="http', html)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda r: spatial.analyse("x.geojson", osm="y"), r"Estate\.from_file"),
        (lambda r: spatial.analyse(r.estate, osm=None), "osm='denmark.osm.pbf'"),
        (lambda r: spatial.analyse(r.estate, osm="x.osm", layers="kk.legeplads"), r"layers=\['kk.legeplads'\]"),
        (lambda r: spatial.compare(r, "maps/after"), r"spatial\.load"),
        (lambda r: r.explain(5), "found no such place"),
    ],
)
def test_a_beginners_slip_is_answered_with_what_to_write(result, given, said):
    with pytest.raises(InputError, match=said):
        given(result)


def test_a_mistyped_name_of_the_package_is_answered_too():
    with pytest.raises(AttributeError, match="did you mean analyse"):
        spatial.analize  # noqa: B018
