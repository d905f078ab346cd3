"""Every element of the storage format becomes what a reader needs of it."""

import pytest

from connectors.confluence.references import Kind, Reference
from connectors.confluence.storage import convert


class _Wiki:
    """Knows one page, one file and one person."""

    def url(self, reference: Reference, /) -> str | None:
        known = {
            (Kind.PAGE, "休暇規程"): "https://wiki.example/p/1",
            (Kind.ATTACHMENT, None): "https://wiki.example/f/" + (reference.file or ""),
            (Kind.CONTENT, None): f"https://wiki.example/p/{reference.id}",
        }
        return known.get((reference.kind, reference.title))

    def person(self, key: str, /) -> str | None:
        return {"u1": "山田花子"}.get(key)


def _macro(name: str, inner: str = "") -> str:
    return f'<ac:structured-macro ac:name="{name}">{inner}</ac:structured-macro>'


def _plain(text: str) -> str:
    return f"<ac:plain-text-body><![CDATA[{text}]]></ac:plain-text-body>"


def _rich(text: str) -> str:
    return f"<ac:rich-text-body>{text}</ac:rich-text-body>"


def _parameter(name: str, text: str) -> str:
    return f'<ac:parameter ac:name="{name}">{text}</ac:parameter>'


def _page(title: str, space: str = "") -> str:
    key = f' ri:space-key="{space}"' if space else ""
    return f'<ri:page{key} ri:content-title="{title}" />'


def _md(storage: str) -> str:
    return convert(storage).markdown.rstrip("\n")


# --- code --------------------------------------------------------------------


def test_code_is_fenced_with_its_language_and_every_byte() -> None:
    code = "if [ -f a ]; then\n\n\tcat  <a> &amp; | 漢字\n  fi  "

    assert _md(_macro("code", _parameter("language", "Bash") + _plain(code))) == (
        f"```bash\n{code}\n```"
    )


def test_noformat_is_fenced_without_a_language() -> None:
    assert _md(_macro("noformat", _plain("生の  text"))) == "```\n生の  text\n```"


def test_code_that_was_split_to_hold_the_end_of_a_section_is_joined() -> None:
    split = "a[b[0]]]]><![CDATA[> c"

    assert _md(_macro("code", _plain(split))) == "```\na[b[0]]> c\n```"


def test_a_section_end_that_the_export_broke_is_mended() -> None:
    broken = _macro("code", _plain("x = 1")).replace("]]>", "]] >")

    assert _md(broken) == "```\nx = 1\n```"


def test_a_split_section_that_the_export_broke_is_mended() -> None:
    broken = _macro("code", _plain("a]]]]><![CDATA[>b")).replace("]]>", "]] >")

    assert _md(broken) == "```\na]]>b\n```"


def test_code_of_its_own_that_looks_like_a_broken_end_stays() -> None:
    code = "[[ -f a ]] > b; [[ c ]] && d"
    broken = _macro("code", _plain(code)).replace("]]>", "]] >")

    assert _md(broken) == f"```\n{code}\n```"


def test_a_fence_is_longer_than_any_in_the_code() -> None:
    code = "```md\n````\n```"

    assert _md(_macro("code", _plain(code))) == f"`````\n{code}\n`````"


def test_the_title_of_a_code_block_stands_before_it() -> None:
    storage = _macro("code", _parameter("title", "設定.kt") + _plain("a"))

    assert _md(storage) == "**設定.kt**\n\n```\na\n```"


def test_a_language_that_is_no_name_is_left_out() -> None:
    storage = _macro("code", _parameter("language", "x`\ny") + _plain("a"))

    assert _md(storage) == "```\na\n```"


def test_line_separators_of_unicode_are_line_breaks() -> None:
    assert _md(_macro("code", _plain("a\u2028b\u2029c"))) == "```\na\nb\nc\n```"


def test_code_in_a_list_keeps_its_shape() -> None:
    code = _macro("code", _plain("a:\n  b\n\nc"))
    storage = f"<ol><li><p>手順</p>{code}</li></ol>"

    assert _md(storage) == "1. 手順\n\n   ```\n   a:\n     b\n\n   c\n   ```"


def test_inline_code_holds_ticks_and_links_as_text() -> None:
    storage = (
        '<p><code>a `b` <a href="https://x.example">c</a></code><code>d</code></p>'
    )

    assert _md(storage) == "``a `b` cd``"


def test_preformatted_text_is_fenced() -> None:
    assert _md("<pre>a\n  b</pre>") == "```\na\n  b\n```"


# --- boxes -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("info", "Info"),
        ("note", "Note"),
        ("tip", "Tip"),
        ("warning", "Warning"),
        ("panel", "Panel"),
    ],
)
def test_a_box_is_a_quotation_with_its_kind_and_title(name: str, word: str) -> None:
    storage = _macro(name, _parameter("title", "注意") + _rich("<p>一</p><p>二</p>"))

    assert _md(storage) == f"> **{word}: 注意**\n>\n> 一\n>\n> 二"


def test_a_box_without_a_title_says_its_kind() -> None:
    assert _md(_macro("info", _rich("<p>x</p>"))) == "> **Info**\n>\n> x"


_ADF = (
    '<ac:adf-extension><ac:adf-node type="panel">'
    '<ac:adf-attribute key="panel-type">warning</ac:adf-attribute>'
    "<ac:adf-content><p>本文</p></ac:adf-content></ac:adf-node>"
    "<ac:adf-fallback><p>本文</p></ac:adf-fallback></ac:adf-extension>"
)


def test_an_adf_panel_is_a_box_and_its_fallback_is_no_second_text() -> None:
    assert _md(_ADF) == "> **Warning**\n>\n> 本文"


def test_an_adf_extension_without_contents_shows_its_fallback() -> None:
    storage = (
        "<ac:adf-extension><ac:adf-node type='x' />"
        "<ac:adf-fallback><p>代わり</p></ac:adf-fallback></ac:adf-extension>"
    )

    assert _md(storage) == "代わり"


@pytest.mark.parametrize("name", ["expand", "ui-expand"])
def test_expand_is_a_bold_title_and_its_body(name: str) -> None:
    storage = _macro(name, _parameter("title", "詳細") + _rich("<p>本文</p>"))

    assert _md(storage) == "**詳細**\n\n本文"


def test_an_excerpt_is_its_contents() -> None:
    assert _md(_macro("excerpt", _rich("<p>要約</p>"))) == "要約"


def test_layouts_are_their_contents_in_order() -> None:
    storage = (
        "<ac:layout><ac:layout-section ac:type='two_equal'>"
        "<ac:layout-cell><p>左</p></ac:layout-cell>"
        "<ac:layout-cell><p>右</p></ac:layout-cell></ac:layout-section></ac:layout>"
        + _macro("section", _rich(_macro("column", _rich("<p>下</p>"))))
    )

    assert _md(storage) == "左\n\n右\n\n下"


# --- small things ------------------------------------------------------------


def test_tasks_are_checkboxes_without_their_ids() -> None:
    storage = (
        "<ac:task-list>"
        "<ac:task><ac:task-id>7</ac:task-id><ac:task-status>complete</ac:task-status>"
        "<ac:task-body>済み <time datetime='2025-04-01' /></ac:task-body></ac:task>"
        "<ac:task><ac:task-id>8</ac:task-id><ac:task-status>incomplete</ac:task-status>"
        "<ac:task-body>未了</ac:task-body></ac:task></ac:task-list>"
    )

    assert _md(storage) == "- [x] 済み 2025-04-01\n- [ ] 未了"


def test_a_status_is_its_title_in_brackets() -> None:
    storage = f"<p>状態: {_macro('status', _parameter('title', '承認済み'))}です</p>"

    assert _md(storage) == "状態: [承認済み]です"


def test_a_date_is_shown() -> None:
    assert _md("<p>期限 <time datetime='2025-04-01' /> まで</p>") == (
        "期限 2025-04-01 まで"
    )


def test_the_text_of_a_commented_passage_stays() -> None:
    storage = (
        '<p>前<ac:inline-comment-marker ac:ref="x">中</ac:inline-comment-marker>後</p>'
    )

    assert _md(storage) == "前中後"


@pytest.mark.parametrize(
    ("attributes", "shown"),
    [
        ('ac:name="smile" ac:emoji-fallback="🙂"', "🙂"),
        ('ac:emoji-id="1f4cb"', "📋"),
        ('ac:name="tick" ac:emoji-fallback=":check_mark:"', "✅"),
        ('ac:emoji-fallback=":parrot:"', ":parrot:"),
        ('ac:emoji-id="zz" ac:emoji-shortname=":x:"', ":x:"),
        ('ac:emoji-id="ffffff" ac:name="odd"', ":odd:"),
    ],
)
def test_an_emoticon_is_its_fallback(attributes: str, shown: str) -> None:
    assert _md(f"<p>a <ac:emoticon {attributes} /></p>") == f"a {shown}"


@pytest.mark.parametrize(
    "name", ["toc", "children", "pagetree", "recently-updated", "anchor"]
)
def test_what_shows_nothing_of_the_page_is_nothing(name: str) -> None:
    converted = convert(f"<p>{_macro(name, _parameter('', 'x'))}</p><p>本文</p>")

    assert converted.markdown == "本文\n"
    assert converted.dropped == {}


def test_a_jira_macro_is_the_key_of_its_issue() -> None:
    assert _md(f"<p>{_macro('jira', _parameter('key', 'SI-1'))}を参照</p>") == (
        "SI-1を参照"
    )


def test_an_unknown_macro_keeps_its_bodies_and_is_counted() -> None:
    storage = (
        _macro("gadget", _parameter("a", "b") + _rich("<p>豊か</p>"))
        + _macro("Gadget", _plain("一\n二"))
        + f"<p>式 {_macro('math', _plain('x^2'))} です</p>"
    )
    converted = convert(storage)

    assert converted.markdown == "豊か\n\n```\n一\n二\n```\n\n式 `x^2` です\n"
    assert converted.dropped == {"gadget": 2, "math": 1}


def test_the_macros_of_old_versions_are_understood() -> None:
    storage = (
        '<ac:macro ac:name="code"><ac:default-parameter>java</ac:default-parameter>'
        + _plain("int a;")
        + "</ac:macro>"
    )

    assert _md(storage) == "```java\nint a;\n```"


# --- links -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("storage", "shown"),
    [
        (_page("休暇規程", "HR"), "[休暇規程](confluence:HR:休暇規程)"),
        (_page("Time off"), "[Time off](confluence::Time%20off)"),
        (
            _page("休暇規程") + "<ac:link-body>こ<em>こ</em></ac:link-body>",
            "[こ*こ*](confluence::休暇規程)",
        ),
        (
            _page("休暇規程")
            + "<ac:plain-text-link-body><![CDATA[a [b]]]></ac:plain-text-link-body>",
            r"[a \[b\]](confluence::休暇規程)",
        ),
        (
            '<ri:attachment ri:filename="表 1.xlsx" />',
            "[表 1.xlsx](confluence:::表%201.xlsx)",
        ),
        (
            f'<ri:attachment ri:filename="a.pdf">{_page("B", "S")}</ri:attachment>',
            "[a.pdf](confluence:S:B:a.pdf)",
        ),
        ('<ri:url ri:value="https://x.example/(a)" />', "<https://x.example/%28a%29>"),
        ('<ri:space ri:space-key="HR" />', "[HR](confluence:HR:)"),
        (
            '<ri:blog-post ri:content-title="News" ri:posting-day="2025/01/02" />',
            "[News](confluence::News)",
        ),
        ('<ri:content-entity ri:content-id="42" />', "[42](confluence::42)"),
        ('<ri:user ri:userkey="u1" />', "@user"),
        ("<ac:link-body>どこか</ac:link-body>", "どこか"),
    ],
)
def test_a_link_shows_its_text_or_else_its_target(storage: str, shown: str) -> None:
    assert _md(f"<p>前 <ac:link>{storage}</ac:link> 後</p>") == f"前 {shown} 後"


def test_a_link_to_an_anchor_goes_there() -> None:
    storage = '<ac:link ac:anchor="申請"><ac:link-body>下</ac:link-body></ac:link>'

    assert _md(f"<p>{storage}</p>") == "[下](#申請)"


def test_a_link_to_an_anchor_of_a_page_keeps_it() -> None:
    storage = f'<ac:link ac:anchor="申請">{_page("休暇規程", "HR")}</ac:link>'

    assert _md(f"<p>{storage}</p>") == "[休暇規程](confluence:HR:休暇規程#申請)"


def test_links_are_resolved_to_addresses_and_people_to_names() -> None:
    storage = (
        f"<p><ac:link>{_page('休暇規程')}</ac:link> "
        '<ac:link><ri:attachment ri:filename="a.pdf" /></ac:link> '
        '<ac:link><ri:content-entity ri:content-id="42" /></ac:link> '
        '<ac:link><ri:user ri:userkey="u1" /></ac:link> '
        f"<ac:link>{_page('他')}</ac:link></p>"
    )

    assert convert(storage, _Wiki()).markdown.split() == [
        "[休暇規程](https://wiki.example/p/1)",
        "[a.pdf](https://wiki.example/f/a.pdf)",
        "[42](https://wiki.example/p/42)",
        "@山田花子",
        "[他](confluence::他)",
    ]


def test_references_are_told() -> None:
    storage = f"<p><ac:link>{_page('休暇規程', 'HR')}</ac:link></p>" * 2

    assert convert(storage).references == (
        Reference(kind=Kind.PAGE, space="HR", title="休暇規程"),
    )


@pytest.mark.parametrize("name", ["include", "excerpt-include"])
def test_an_include_is_a_link_and_never_the_text(name: str) -> None:
    given = _parameter("", f"<ac:link>{_page('秘密', 'HR')}</ac:link>")

    assert _md(_macro(name, given)) == "[秘密](confluence:HR:秘密)"


def test_an_include_of_an_old_version_is_a_link() -> None:
    assert _md(_macro("include", _parameter("", "HR:秘密"))) == (
        "[秘密](confluence:HR:秘密)"
    )


def test_a_shown_file_is_a_link_with_its_name() -> None:
    given = _parameter("name", '<ri:attachment ri:filename="規程.pdf" />')

    assert _md(f"<p>{_macro('view-file', given)}</p>") == (
        "[規程.pdf](confluence:::規程.pdf)"
    )


def test_an_embedded_site_is_a_link() -> None:
    given = _parameter("url", '<ri:url ri:value="https://v.example/1" />')

    assert _md(_macro("widget", given)) == "<https://v.example/1>"


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ('<a href="https://x.example/a b">そと</a>', "[そと](https://x.example/a%20b)"),
        (
            '<a href="https://x.example/?a=1&amp;b=2">x</a>',
            "[x](https://x.example/?a=1&b=2)",
        ),
        ('<a href="https://x.example/">https://x.example/</a>', "<https://x.example/>"),
        ('<a href="https://x.example/"> x </a>y', "[x](https://x.example/) y"),
        ('<a href=" java&#x73;cript:alert(1)">x</a>', "x"),
        ('<a href="data:text/html,x">x</a>', "x"),
        ('<a name="here">x</a>', "x"),
    ],
)
def test_a_web_link_keeps_its_address_unless_it_is_a_script(
    html: str, shown: str
) -> None:
    assert _md(f"<p>{html}</p>") == shown


@pytest.mark.parametrize(
    ("inner", "shown"),
    [
        ('<ri:attachment ri:filename="図 1.png" />', "![図 1.png](図%201.png)"),
        (
            '<ri:url ri:value="https://x.example/a.png?b" />',
            "![a.png](https://x.example/a.png?b)",
        ),
        (
            '<ri:attachment ri:filename="a.png" /><ac:caption><p>説明</p></ac:caption>',
            "![a.png](a.png)  \n説明",
        ),
    ],
)
def test_an_image_is_named_by_its_file_and_keeps_its_caption(
    inner: str, shown: str
) -> None:
    assert _md(f"<p><ac:image>{inner}</ac:image></p>") == shown


def test_an_image_is_named_by_its_alternative_text() -> None:
    storage = (
        '<ac:image ac:alt="構成図"><ri:attachment ri:filename="a.png" /></ac:image>'
    )

    assert _md(storage) == "![構成図](a.png)"


def test_an_exclamation_mark_makes_no_image_of_a_link() -> None:
    assert _md('<p>見て!<a href="https://x.example">x</a></p>') == (
        r"見て\![x](https://x.example)"
    )


# --- tables ------------------------------------------------------------------


def test_a_table_keeps_its_header_and_repeats_spanning_cells() -> None:
    storage = (
        "<table><tbody><tr><th>区分</th><th>日数</th><th>備考</th></tr>"
        '<tr><td rowspan="2">正社員</td><td>十</td><td>a</td></tr>'
        "<tr><td>十一</td><td>b</td></tr>"
        '<tr><td colspan="2">なし</td><td>c</td></tr></tbody></table>'
    )

    assert _md(storage) == (
        "| 区分 | 日数 | 備考 |\n| --- | --- | --- |\n| 正社員 | 十 | a |\n"
        "| 正社員 | 十一 | b |\n| なし | なし | c |"
    )


def test_a_list_in_a_cell_is_one_line() -> None:
    storage = (
        "<table><tr><th>項目</th><th>x</th></tr><tr><td><ul><li><p>一</p>"
        "<ul><li>二</li></ul></li><li>三</li></ul></td><td><p>a</p><p>b</p></td></tr>"
        "</table>"
    )

    assert _md(storage).split("\n")[2] == "| 一; 二; 三 | a b |"


def test_a_cell_holds_code_pipes_boxes_and_tables_on_one_line() -> None:
    inner = (
        _macro("code", _plain("a | b\n  c"))
        + _macro("info", _rich("<p>注</p>"))
        + "<table><tr><td>x</td><td>y</td></tr></table>"
    )
    storage = (
        "<table><tr><th>h</th><th>i</th></tr>"
        f"<tr><td>{inner}</td><td>z</td></tr></table>"
    )

    assert _md(storage).split("\n")[2] == r"| `a \| b` ` c` Info: 注 x y | z |"


def test_a_table_of_names_and_values_has_an_empty_header() -> None:
    storage = (
        "<table><tr><th>窓口</th><td>人事部</td></tr>"
        "<tr><th>内線</th><td>1</td></tr></table>"
    )

    assert _md(storage) == "|  |  |\n| --- | --- |\n| 窓口 | 人事部 |\n| 内線 | 1 |"


def test_a_table_of_one_cell_is_a_frame() -> None:
    assert _md("<table><tr><td><h2>題</h2><p>文</p></td></tr></table>") == "## 題\n\n文"


def test_a_table_that_claims_a_billion_cells_is_small() -> None:
    storage = (
        f'<table><tr><td colspan="{10**9}" rowspan="{10**9}">a</td></tr>'
        f'<tr><td colspan="{"9" * 10**6}">b</td></tr></table>'
    )

    assert len(_md(storage)) < 10_000


# --- lists and text ----------------------------------------------------------


def test_lists_nest_with_their_numbers() -> None:
    storage = (
        '<ol start="9"><li>九</li><li>十<ul><li>a<ol><li>b</li></ol></li></ul></li>'
        "<li><p>十一</p><p>続き</p></li></ol>"
    )

    assert _md(storage) == (
        "9. 九\n\n10. 十\n    - a\n      1. b\n\n11. 十一\n\n    続き"
    )


def test_a_list_directly_in_a_list_belongs_to_the_item_above() -> None:
    storage = "<ul><li>一</li><ul><li>二</li></ul><li><ul><li>三</li></ul></li></ul>"

    assert _md(storage) == "- 一\n  - 二\n  - 三"


def test_an_item_that_is_only_a_list_leaves_no_empty_marker() -> None:
    assert _md("<ul><li><ul><li>一</li></ul></li></ul>") == "- 一"


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<p>東京\n  大阪</p>", "東京大阪"),
        ("<p>東京 大阪</p>", "東京 大阪"),
        ("<p>one\n  two</p>", "one two"),
        ("<p>Slack\n連携</p>", "Slack 連携"),
        ("<p>a&nbsp;&nbsp;b&ensp;c</p>", "a b\u2002c"),
        ("<p>一<br />二<br/></p>", "一  \n二"),
        ("<p> <br /> </p><p>x</p>", "x"),
    ],
)
def test_whitespace_is_that_of_a_reader(html: str, shown: str) -> None:
    assert _md(html) == shown


@pytest.mark.parametrize(
    ("html", "shown"),
    [
        ("<strong>名前 </strong>: x", "**名前** : x"),
        ("<strong>a</strong><strong>b</strong>", "**ab**"),
        ("<strong> </strong>a<em></em>", "a"),
        ("<em><strong>a</strong></em>", "***a***"),
        ("<del>旧</del><u>新</u><sup>1</sup>", "~~旧~~新1"),
    ],
)
def test_emphasis_is_tight(html: str, shown: str) -> None:
    assert _md(f"<p>{html}</p>") == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("snake_case と C:\\Users と 2 * 3 と a*", None),
        ("__init__ と _x_", r"\_\_init\_\_ と \_x\_"),
        ("a*b*c", r"a\*b\*c"),
        ("`a` と `", r"\`a\` と \`"),
        ("&lt;T&gt; a &lt; b", r"\<T> a < b"),
        ("[a](b) [x]", r"[a\](b) [x]"),
        ("# 見出し", r"\# 見出し"),
        ("1. 番号", r"1\. 番号"),
        ("- 点<br/>+ 点<br/>---", "\\- 点  \n\\+ 点  \n\\---"),
        ("&gt; 引用", r"\> 引用"),
        ("[a]: b", r"\[a]: b"),
        ("&amp;amp; と AT&amp;T", r"\&amp; と AT&T"),
        (r"\* と \\x", r"\\* と \\\x"),
        ("第3条【1】(注) 10.5 -1 #1", None),
    ],
)
def test_only_what_would_change_its_meaning_is_escaped(
    text: str, shown: str | None
) -> None:
    assert _md(f"<p>{text}</p>") == (shown or text)


def test_a_heading_is_text_and_its_pictures_follow() -> None:
    storage = (
        '<h2>申請 <a href="https://x.example">方法</a> #'
        '<ac:image><ri:attachment ri:filename="a.png" /></ac:image></h2><h3></h3>'
        '<h1><ac:image><ri:attachment ri:filename="b.png" /></ac:image></h1>'
    )

    assert _md(storage) == "## 申請 方法 \\#\n\n![a.png](a.png)\n\n![b.png](b.png)"


def test_quotations_rules_and_terms_are_kept() -> None:
    storage = (
        "<blockquote><p>引用</p><blockquote>中</blockquote></blockquote><hr/>"
        "<dl><dt>用語</dt><dd>説明</dd></dl>"
    )

    assert _md(storage) == "> 引用\n>\n> > 中\n\n---\n\n**用語**\n\n説明"


def test_blocks_inside_inline_elements_stay_blocks() -> None:
    storage = f"<p><span>前{_macro('code', _plain('x'))}後</span></p>"

    assert _md(storage) == "前\n\n```\nx\n```\n\n後"


def test_instructions_of_a_template_are_not_shown() -> None:
    assert _md("<p>a<ac:placeholder>ここに書く</ac:placeholder></p>") == "a"


def test_an_empty_body_is_empty() -> None:
    assert convert("").markdown == ""
    assert convert("<p /><p> </p>").markdown == ""
