"""What `shirube check` says, in Japanese and English."""

from typing import Final

from bot.text.phrases import Phrase

# --- the things that are looked at -------------------------------------------

SETTINGS: Final = Phrase(ja="設定", en="settings")
SOURCE: Final = Phrase(ja="情報源 {name}", en="source {name}")
STATE: Final = Phrase(ja="状態データベース", en="state database")
INDEX: Final = Phrase(ja="索引", en="index")
SLACK: Final = Phrase(ja="Slack 連携", en="Slack")
HOST: Final = Phrase(ja="モデルホスト {name}", en="model host {name}")
MODELS: Final = Phrase(ja="モデル", en="models")

LATE: Final = Phrase(
    ja=(
        "{seconds} 秒以内に応答がありませんでした。"
        "動いているか、ここから届くかを確かめてください。"
    ),
    en=("no answer within {seconds} s; see that it runs and can be reached from here."),
)
FAULT: Final = Phrase(ja="{problem}。", en="{problem}.")

# --- settings and sources ----------------------------------------------------

SLACK_FINE: Final = Phrase(
    ja="トークンは有効です。ワークスペースは {team} です。",
    en="The tokens are valid; the workspace is {team}.",
)
SLACK_CLOCK: Final = Phrase(
    ja="このホストの時計は Slack と {seconds} 秒ずれています。NTP で合わせてください。",
    en="The clock of this host differs from Slack's by {seconds} s; set it by NTP.",
)
TELLING: Final = Phrase(
    ja="{file} の秘密情報を誰もが読めます。`chmod 600 {file}` を実行してください。",
    en="Everybody here may read secrets in {file}; run `chmod 600 {file}`.",
)
SETTINGS_FINE: Final = Phrase(
    ja="設定に問題はありません。データは {folder} にあります。",
    en="The settings are fine; data lies in {folder}.",
)
NO_SOURCES: Final = Phrase(
    ja=(
        "情報源がありません。shirube.toml に [[sources]] を書くか、"
        "`shirube init` を実行してください。"
    ),
    en=(
        "There are no sources; add a [[sources]] table to shirube.toml, "
        "or run `shirube init`."
    ),
)
READABLE: Final = Phrase(ja="{source}: 読み込めます。", en="{source}: can be read.")
LINKS: Final = Phrase(
    ja="{source}: リンクの例 {links}", en="{source}: sample links {links}"
)
NO_LINKS: Final = Phrase(
    ja=(
        "{source}: 文書を開くリンクがないため、出典は題名とパスで示します。"
        "リンクにするには link を設定してください。"
    ),
    en=(
        "{source}: documents have no address, so citations show title and path; "
        "set link to make them links."
    ),
)
SOURCE_PROBLEM: Final = Phrase(
    ja="{source}: {what}。対処: {fix}", en="{source}: {what}; {fix}"
)
LEFTOVER: Final = Phrase(
    ja=(
        "{source}: 設定から外れていますが、文書 {count} 件が今も回答に使われています。"
        "設定に戻すか、`shirube forget --source {source}` を実行してください。"
    ),
    en=(
        "{source}: not in the settings any more, but {count} documents of it are "
        "still answered from; put it back, or run `shirube forget --source {source}`."
    ),
)

# --- the state database ------------------------------------------------------

DATABASE: Final = Phrase(
    ja="{engine}、スキーマ {schema}、{size}、{place}",
    en="{engine}, schema {schema}, {size}, {place}",
)
CONNECTIONS: Final = Phrase(
    ja="接続は {most} 本中 {used} 本を使用中です。",
    en="{used} of {most} connections are in use.",
)
FEW_CONNECTIONS: Final = Phrase(
    ja=(
        "接続の空きが {left} 本しかありません（{most} 本中 {used} 本を使用中）。"
        "Shirube は 1 プロセスで最大 {each} 本使うので、サーバーの max_connections を"
        "増やすか、ほかの利用を減らしてください。"
    ),
    en=(
        "Only {left} connections are left ({used} of {most} are in use), and each "
        "process of Shirube takes up to {each}; raise max_connections on the server, "
        "or stop what holds them."
    ),
)
DATABASE_READ_ONLY: Final = Phrase(
    ja=(
        "{place} には書き込めません。PostgreSQL なら state.url を主サーバーに向け、"
        "ファイルなら所有者と権限を直してください。"
    ),
    en=(
        "{place} cannot be written to; on PostgreSQL point state.url at the primary, "
        "and for a file correct its owner and rights."
    ),
)

# --- the index ---------------------------------------------------------------

ENGINE: Final = Phrase(ja="{engine}、{place}{details}", en="{engine}, {place}{details}")
SIZE: Final = Phrase(ja="、{size}", en=", {size}")
COPIES: Final = Phrase(
    ja="、複製 {copies}、シャード {shards}", en=", copies {copies}, shards {shards}"
)
NODES: Final = Phrase(
    ja="ノード {all} 台すべてが正常です。", en="All {all} nodes are healthy."
)
ALL_BUT: Final = Phrase(ja="{names} 以外", en="all but {names}")
NODES_AWAY: Final = Phrase(
    ja=(
        "ノード {all} 台のうち {healthy} 台だけが正常です。"
        "応答しないノード: {names}。起動してください。"
    ),
    en="{healthy} of {all} nodes are healthy; start those that are away: {names}.",
)
NO_MAJORITY: Final = Phrase(
    ja=(
        "ノード {all} 台のうち {healthy} 台だけが正常です。"
        "過半数に戻るまで書き込めません。"
        "起動してください: {names}。"
    ),
    en=(
        "Only {healthy} of {all} nodes are healthy, and nothing can be written until "
        "most of them are; start {names}."
    ),
)
VERSIONS_DIFFER: Final = Phrase(
    ja="ノードの版が揃っていません（{versions}）。新しいほうに揃えてください。",
    en="The nodes run different versions ({versions}); bring all to the newest.",
)
COPIES_DIFFER: Final = Phrase(
    ja=(
        "索引の複製は {copies} ですが、設定は {wanted} です。"
        "`shirube sync --rebuild` で作り直すと揃います。"
    ),
    en=(
        "The index has copies: {copies}, and the settings say {wanted}; "
        "`shirube sync --rebuild` builds it anew with that many."
    ),
)
ONE_COPY: Final = Phrase(
    ja=(
        "ノードが {all} 台ありますが、索引の複製は 1 つです。"
        "1 台止まると検索できません。"
        "index.replication = 3 にして `shirube sync --rebuild` を実行してください。"
    ),
    en=(
        "There are {all} nodes and one copy of the index, so that the loss of one node "
        "ends the search; set index.replication = 3, then `shirube sync --rebuild`."
    ),
)
INDEX_READ_ONLY: Final = Phrase(
    ja="{place} は書き込みを受け付けません。ディスクの空きと権限を確かめてください。",
    en="{place} takes no writes; see that its disk has room and who may write to it.",
)
CLOUD_MODULES: Final = Phrase(
    ja=(
        "Weaviate に、外部のサービスへ文章を送れるモジュールが {count} 個あります"
        "（{names} など）。Shirube は使いませんが、サーバーで "
        "API_BASED_MODULES_DISABLED=true にしてください。"
    ),
    en=(
        "Weaviate has {count} modules that can send texts to services outside (such as "
        "{names}); Shirube uses none of them, set API_BASED_MODULES_DISABLED=true on "
        "the server."
    ),
)
NEVER_SYNCED: Final = Phrase(
    ja="まだ何も読み込んでいません。`shirube sync` を実行してください。",
    en="Nothing has been read yet; run `shirube sync`.",
)
GENERATION: Final = Phrase(
    ja=(
        "世代 {generation}: {analyzer}、{chunker}、{vectors}、"
        "文書 {documents} 件、チャンク {chunks} 個。"
    ),
    en=(
        "generation {generation}: {analyzer}, {chunker}, {vectors}; "
        "documents {documents}, chunks {chunks}."
    ),
)
VECTORS: Final = Phrase(
    ja="{model}（{dimensions} 次元）", en="{model} ({dimensions} dimensions)"
)
NO_VECTORS: Final = Phrase(ja="ベクトルなし", en="no vectors")
IN_PART: Final = Phrase(
    ja=(
        "索引が大きいため、チャンク {chunks} 個と文書 {documents} 件だけを"
        "照合しました。"
        "すべての照合は `shirube check --whole` で行えます。"
    ),
    en=(
        "The index is large: only {chunks} chunks and {documents} documents were "
        "compared with the catalogue; `shirube check --whole` compares all."
    ),
)
LACKING: Final = Phrase(
    ja=(
        "索引に {count} 件の公開中の文書がありません。"
        "`shirube sync --rebuild` で作り直してください。"
    ),
    en=(
        "The index lacks {count} live documents; build it anew with "
        "`shirube sync --rebuild`."
    ),
)
ORPHANS: Final = Phrase(
    ja=(
        "索引に、公開していない版が {count} 件残っています。表示されることはなく、"
        "次の同期で片づきます。"
    ),
    en=(
        "The index still holds {count} revisions that are not live; they are never "
        "shown, and the next sync clears them."
    ),
)

# --- the keys of the index ---------------------------------------------------

KEY_READS: Final = Phrase(
    ja="{setting}: 読み取りだけができます。回答に使います。",
    en="{setting} may read, and nothing more; answers use it.",
)
KEY_WRITES: Final = Phrase(
    ja="{setting}: 読み書きができます。同期に使います。",
    en="{setting} may read and write; syncs use it.",
)
KEY_DOES_BOTH: Final = Phrase(
    ja=(
        "{setting}: 読み書きができます。回答するだけのプロセスには、"
        "読み取りだけのキーを index.reader_key に設定できます。"
    ),
    en=(
        "{setting} may read and write; processes that only answer can do with a key "
        "that reads, in index.reader_key."
    ),
)
KEY_LACKS: Final = Phrase(
    ja="{setting}: 権限が足りません（{permissions}）。その役割に与えてください。",
    en="{setting} lacks {permissions}; give its role that permission.",
)
KEY_CANNOT_WRITE: Final = Phrase(
    ja=(
        "{setting}: 読み取りはできますが、同期には {permissions} が足りません。"
        "ここで同期するなら、その役割に与えてください。"
    ),
    en=(
        "{setting} may read, but a sync needs {permissions} too; if this host syncs, "
        "give its role that permission."
    ),
)
KEY_DOES_TOO_MUCH: Final = Phrase(
    ja=(
        "{setting}: 回答には要らない権限があります（{permissions}）。"
        "その役割から外してください。"
    ),
    en=(
        "{setting} has permissions that answering does not need ({permissions}); "
        "take them from its role."
    ),
)
ANYBODY: Final = Phrase(
    ja=(
        "{place} はキーなしで誰でも読み書きできます。サーバーでキーを必須にし、"
        "index.api_key に設定してください。"
    ),
    en=(
        "{place} lets anybody read and write without a key; have the server ask for "
        "keys, and set index.api_key."
    ),
)

# --- model hosts and models --------------------------------------------------

HOST_UP: Final = Phrase(
    ja="{url}: {engine} {version}、クラウド利用 {cloud}。",
    en="{url}: {engine} {version}, cloud {cloud}.",
)
HOST_UP_PLAIN: Final = Phrase(
    ja="{url}: {engine}{version}。", en="{url}: {engine}{version}."
)
HOST_LATE: Final = Phrase(
    ja=(
        "{url} が {seconds} 秒以内に応答しません。"
        "動いているか、ここから届くかを確かめてください"
    ),
    en="{url} did not answer within {seconds} s; see that it runs and can be reached",
)
HOST_DOWN: Final = Phrase(
    ja="{problem}。それまでは該当箇所の引用で答えます。",
    en="{problem}; until then answers are quotations.",
)
ONE_HOST_DOWN: Final = Phrase(
    ja="{problem}。それまではほかのホストが代わります。",
    en="{problem}; the other hosts stand in until then.",
)
EMBEDDER_DOWN: Final = Phrase(
    ja="{problem}。それまでは語だけで検索します。",
    en="{problem}; until then the search is by words only.",
)
MODEL: Final = Phrase(
    ja="{model}: {digest}、文脈長 {context}、{capabilities}{dimensions}。",
    en="{model}: {digest}, context {context}, {capabilities}{dimensions}.",
)
DIMENSIONS: Final = Phrase(ja="、{count} 次元", en=", {count} dimensions")
IN_MEMORY: Final = Phrase(
    ja="{model}: メモリ上に {size}（{share} % が GPU）、文脈長 {context}。",
    en="{model}: {size} in memory ({share} % on the GPU), context {context}.",
)
NOT_IN_MEMORY: Final = Phrase(
    ja="{model}: まだメモリに読み込まれていません。最初の質問が遅くなります。",
    en="{model}: not in memory now; the next question waits until it is loaded.",
)
NO_WRITER: Final = Phrase(
    ja="{model} は回答を書けません。ollama.chat_model に別のモデルを設定してください。",
    en="{model} cannot write answers; set ollama.chat_model to another model.",
)
NO_EMBEDDER: Final = Phrase(
    ja=(
        "{model} は埋め込み用のモデルではありません。"
        "ollama.embed_model に bge-m3 などを設定してください。"
    ),
    en=(
        "{model} is not made for embeddings; set ollama.embed_model to one that is, "
        "such as bge-m3."
    ),
)
DIGESTS_DIFFER: Final = Phrase(
    ja=(
        "{model} の中身がホストによって違います（{digests}）。"
        "すべて同じものにしてください（Ollama なら `ollama pull {model}`）。"
    ),
    en=(
        "{model} is not the same on every host ({digests}); give all of them the same "
        "one, with Ollama by `ollama pull {model}`."
    ),
)
SAME_VECTORS: Final = Phrase(
    ja="{model} は索引と同じベクトルを作ります（{dimensions} 次元）。",
    en="{model} makes the vectors that the index holds ({dimensions} dimensions).",
)
NEW_VECTORS: Final = Phrase(
    ja="{model} は {dimensions} 次元のベクトルを作ります。",
    en="{model} makes vectors of {dimensions} dimensions.",
)
OTHER_VECTORS: Final = Phrase(
    ja=(
        "{model} は、索引を作ったときと違うベクトルを作ります"
        "（索引は {before}、今は {now}）。次の同期で索引を作り直します。"
    ),
    en=(
        "{model} makes other vectors than those of the index ({before} there, {now} "
        "now); the next sync builds the index anew."
    ),
)
SPEAKS: Final = Phrase(
    ja="{model} は {languages} を扱えます（{proof}）。",
    en="{model} speaks {languages} ({proof}).",
)
SPEAKS_NOT: Final = Phrase(
    ja=(
        "{model} は {languages} を扱えないため、"
        "その言語は語だけで検索します（{proof}）。"
    ),
    en="{model} does not speak {languages}; it is searched by words only ({proof}).",
)
BY_DOCUMENTS: Final = Phrase(
    ja="自分たちの文書で試した結果", en="tried with your documents"
)
BY_SAMPLES: Final = Phrase(
    ja="内蔵の例文で試した結果", en="tried with built-in samples"
)
TOO_SLOW_TO_TRY: Final = Phrase(
    ja=(
        "{model} の言語を {seconds} 秒以内に試せませんでした。"
        "読み込み中かもしれません。"
        "少し待って、もう一度実行してください。"
    ),
    en=(
        "The languages of {model} could not be tried within {seconds} s, perhaps "
        "because it is being loaded; ask again in a while."
    ),
)
