// What can be tried: where it is written, and the words; `after` says what to press then.
const JA = [
  { name: "メンションで聞く", where: "CSOUMU", text: "@shirube 有給休暇は入社後いつから何日もらえますか？",
    after: "回答の下のボタンも押せます。スレッドで続けて聞くときは、メンションは不要です。" },
  { name: "文書にないことを聞く", where: "CSOUMU", text: "@shirube 火星支社の駐車場は何台まで停められますか？",
    after: "「担当者に聞く」を押すと、スレッドで人を呼びます。" },
  { name: "途中で止める", where: "CSOUMU", text: "@shirube 出張の宿泊費の上限はいくらですか？",
    after: "書いている間に「停止」を押します。" },
  { name: "/ask で自分だけに聞く", where: "CSOUMU", text: "/ask 経費の精算はいつまでですか？",
    after: "答えは、しるべとのDMに届きます。" },
  { name: "スレッドをまとめる", where: "CSOUMU", thread: "来月の全社会議", text: "@shirube まとめて",
    after: "スレッドの発言だけを使います。" },
  { name: "呼ばずに聞く", where: "CGENERAL", text: "育児休業はいつまでに申し出ればよいですか？",
    after: "8秒のあいだ誰も返信しなければ、答えが見つかったときだけ答えます。" },
  { name: "リンクだけの資料", where: "CSOUMU", text: "@shirube 顧問弁護士への相談料はいくらですか？",
    after: "法務の資料は、題名とリンクだけを示す設定です。" },
  { name: "社外の人がいるところで聞く", where: "CWITHPARTNER", text: "@shirube 有給休暇は何日もらえますか？",
    after: "社外に出せる資料がないため、理由を添えてお断りします。" },
];

const EN = [
  { name: "Ask by a mention", where: "CGENERAL", text: "@shirube How can a new engineer get access to production?",
    after: "Press the buttons below the answer, too. In the thread you can go on without a mention." },
  { name: "Ask what no document says", where: "CSOUMU", text: "@shirube How many cars fit in the Mars office car park?",
    after: "“Ask a person” calls people in the thread." },
  { name: "Stop it", where: "CGENERAL", text: "@shirube How do I roll back a deployment?",
    after: "Press “Stop” while it writes." },
  { name: "Ask for yourself with /ask", where: "CGENERAL", text: "/ask How do I rotate the API keys?",
    after: "The answer comes to your DM with Shirube." },
  { name: "Summarise a thread", where: "CSOUMU", thread: "The printer", text: "@shirube summarise this thread",
    after: "It uses the messages of the thread alone." },
  { name: "Ask nobody in particular", where: "CGENERAL", text: "Who approves access to production?",
    after: "If nobody replies for 8 seconds, it answers, but only with sources." },
  { name: "A source that is only linked", where: "CSOUMU", text: "@shirube How much does outside counsel bill beyond the retainer?",
    after: "The legal papers are set to show titles and links only." },
  { name: "Ask where outsiders are", where: "CWITHPARTNER", text: "@shirube How do I roll back a deployment?",
    after: "No document may go outside, so it declines and says why." },
];

export const trying = (locale) => (locale.startsWith("ja") ? JA : EN);
