"""HTML: what people read comes through, what stands around it does not."""

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.html import convert, nesting


def markdown(html: str) -> str:
    return convert(html).markdown.rstrip("\n")


def test_the_site_around_a_page_is_left_out() -> None:
    page = convert(
        "<title>休暇 | 社内</title><header>社名</header><nav>目次</nav>"
        "<main><script>x()</script><style>p{}</style><h1>休暇<a class=headerlink"
        " href=#x>¶</a></h1><p>本文</p><p hidden>隠し</p>"
        "<p style='display: none'>隠し</p></main><footer>連絡先</footer>"
    )

    assert page.title == "休暇"
    assert page.markdown == "# 休暇\n\n本文\n"


def test_the_only_article_is_the_page() -> None:
    assert markdown("<div>広告</div><article>本文</article>") == "本文"
    assert markdown("<article>一</article><article>二</article>") == "一\n\n二"
    assert markdown("<main></main><p>本文</p>") == "本文"


def test_a_root_can_be_asked_for() -> None:
    html = "<main>周り<div id=本文>中身</div></main>"

    assert convert(html, root="#本文").markdown == "中身\n"
    assert convert(html, root="#無い").markdown == "周り\n\n中身\n"


def test_the_title_of_the_page_stands_in_for_a_heading() -> None:
    assert convert("<title> 休暇\n規程 </title><p>x").title == "休暇規程"
    assert convert("<p>x").title is None


def test_wrapped_japanese_lines_are_joined_without_spaces() -> None:
    html = (
        "<p>年次有給休暇は\n  前日までに<b>申請</b>\n  する。\n  see VPN\n  guide</p>"
    )

    assert markdown(html) == "年次有給休暇は前日までに申請する。 see VPN guide"


def test_forced_breaks_stay() -> None:
    assert markdown("<p>一<br>二<br/>\n三</p>") == "一\n二\n三"


def test_text_is_not_taken_for_markup() -> None:
    html = "<p># 番号</p><p>- 負</p><p>1. 始</p><p>&gt; 大</p><p>```</p><p>C#</p>"

    assert markdown(html).split("\n\n") == [
        "\\# 番号",
        "\\- 負",
        "1\\. 始",
        "\\> 大",
        "\\```",
        "C#",
    ]


def test_lists_nest_and_number() -> None:
    html = (
        "<ul><li>一<ul><li>二</ul><li>三</ul><ol start=3><li>あ<p>続き</p><li>い</ol>"
    )

    assert markdown(html) == "- 一\n  - 二\n- 三\n\n3. あ\n\n   続き\n4. い"


def test_tasks_show_whether_they_are_done() -> None:
    html = "<ul><li><input type=checkbox checked>済<li><input type=checkbox>未</ul>"

    assert markdown(html) == "- [x] 済\n- [ ] 未"


def test_definitions_are_lists() -> None:
    html = "<dl><dt>年休<dt>有休<dd>年次有給休暇<dd>別の意味<dt>欠勤</dl>"

    assert markdown(html) == "- 年休 / 有休: 年次有給休暇\n- 別の意味\n- 欠勤"


def test_code_keeps_its_bytes_and_its_language() -> None:
    code = 'if [ -f ｘ ]; then\n\techo "```"\nfi\n'
    html = f'<pre><code class="language-bash">{code}</code></pre>'

    assert markdown(html) == (
        '````bash\nif [ -f ｘ ]; then\n        echo "```"\nfi\n````'
    )


@pytest.mark.parametrize(
    "html",
    [
        "<div class='highlight-python'><div><pre>x = 1</pre></div></div>",
        "<pre class='brush: python'>x = 1</pre>",
        "<pre data-lang=python>x = 1</pre>",
        "<pre class='lang-python'><span>x</span> = 1</pre>",
    ],
)
def test_the_language_of_code_is_found_where_tools_put_it(html: str) -> None:
    assert markdown(html) == "```python\nx = 1\n```"


def test_links_are_text_and_address() -> None:
    html = (
        '<a href="https://x.example/休 暇(1)">休暇[1]</a> <a href="#x">下記</a> '
        '<a href="javascript:x()">実行</a> <a href="../別.html">別</a> '
        '<a href="https://x.example" title="題"></a>'
    )

    assert markdown(html) == (
        "[休暇\\[1\\]](https://x.example/休%20暇%281%29) 下記 実行 [別](../別.html) "
        "[題](https://x.example)"
    )


def test_a_link_around_blocks_leaves_the_blocks() -> None:
    assert markdown("<a href=/x><h2>見出し</h2><p>本文</p></a>") == "## 見出し\n\n本文"


def test_images_are_their_descriptions() -> None:
    html = '<img alt="構成図" src="図 1.png"><img src="x.png"><img alt=印 src="data:x">'

    assert markdown(html) == "![構成図](図%201.png)印"


def test_tables_repeat_what_spans() -> None:
    html = (
        "<table><caption>日数</caption><tr><th>区分<th>条件<th>日数</tr>"
        "<tr><td rowspan=2>社員<td>半年<td>10|日</tr><tr><td colspan=2><ul><li>甲<li>乙"
        "</ul></td></tr></table>"
    )

    assert markdown(html) == (
        "日数\n\n| 区分 | 条件 | 日数 |\n| --- | --- | --- |\n"
        "| 社員 | 半年 | 10\\|日 |\n| 社員 | 甲; 乙 | 甲; 乙 |"
    )


def test_a_table_with_headings_at_the_side_has_no_header_row() -> None:
    html = "<table><tr><th>名前<td>年休</tr><tr><th>日数<td>10</tr></table>"

    assert markdown(html) == "|  |  |\n| --- | --- |\n| 名前 | 年休 |\n| 日数 | 10 |"


def test_a_frame_made_of_a_table_is_no_table() -> None:
    assert markdown("<table><tr><td><p>注意</p><p>本文</p></table>") == "注意\n\n本文"
    assert markdown("<table><tr><td></table>") == ""


def test_tables_in_tables_stay_readable() -> None:
    html = "<table><tr><td>外<td><table><tr><td>甲<td>乙</table></tr></table>"

    assert markdown(html) == "| 外 | 甲; 乙 |\n| --- | --- |"


def test_spans_beyond_reason_make_no_bomb() -> None:
    html = "<table>" + "<tr><td rowspan=65000 colspan=1000>甲</td></tr>" * 500

    assert len(convert(html).markdown) < 1_000_000


def test_quotations_readings_and_struck_text_keep_their_meaning() -> None:
    html = (
        "<blockquote><p>引用</p><p>続き</p></blockquote>"
        "<p><ruby>稟議<rp>(</rp><rt>りんぎ</rt><rp>)</rp></ruby>は<s>紙</s>電子</p>"
        "<p>押す: <kbd>Ctrl</kbd> <code>a`b</code></p>"
    )

    assert markdown(html) == (
        "> 引用\n>\n> 続き\n\n稟議（りんぎ）は~~紙~~電子\n\n押す: `Ctrl` ``a`b``"
    )


@pytest.mark.parametrize("tag", ["div", "b", "a href=x", "blockquote", "ul><li", "pre"])
def test_deep_pages_lose_nothing(tag: str) -> None:
    assert "底" in convert(f"<{tag}>" * 3_000 + "底" + "<p>後").markdown


def test_nesting_is_known_before_parsing() -> None:
    assert nesting("<div><p><ul><li><li></ul></div>") == 2
    assert nesting("<DIV>" * 9_000) == 9_000


def test_a_long_page_takes_a_moment() -> None:
    html = "<p>日本語の文章です。<b>太字</b></p>" * 20_000
    started = time.process_time()
    convert(html)

    assert time.process_time() - started < 10


PIECES = (
    *("<p>", "</p>", "<table>", "<tr>", "<td colspan=3>", "<th>", "</table>", "<ul>"),
    *("<li>", "</ul>", "<ol start=9>", "<a href='x y'>", "</a>", "<pre>", "</pre>"),
    *("<code>", "</code>", "<br>", "<dl>", "<dt>", "<dd>", "<blockquote>", "<h2>"),
    *("日本", "語\n", " a ", "`", "|", "[x]", "<!-- x -->", "&nbsp;", "\x00", "<s>"),
)


@given(st.lists(st.sampled_from(PIECES), max_size=40).map("".join))
@settings(deadline=None)
def test_any_markup_gives_a_text_that_can_be_stored(html: str) -> None:
    page = convert(html)

    assert "\x00" not in page.markdown
    page.markdown.encode()
