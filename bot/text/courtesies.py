"""The greetings, requests and thanks of Japanese and English, as patterns.

A pattern lists one phrase a line; `bot.text.courtesy` takes them off questions.
"""

import re
from typing import Final


def _any(phrases: str) -> str:
    """Match one of the phrases, which stand on a line each."""
    return f"(?:{'|'.join(line.strip() for line in phrases.strip().splitlines())})"


EDGE: Final = r"(?:[^\w「『【〈《（(<\[`\"“'‘#/@$+*{.\-–—~]|[.\-–—~](?!\w))*"
"""What may stand between a greeting and a question: no letters, no brackets."""

# --- Japanese, before the question -------------------------------------------

_SOFT: Final = "[ぁ-んー〜幸助有難嬉存思致申上大変甚々願]"
_BUT: Final = "(?:けれども|けれど|けど|が)"
_IS: Final = "(?:なの|なん|の|ん)?です"
_A_LITTLE: Final = (
    "(?:(?:[一二1１2２][つ点]|ひとつ|ふたつ|ちょっと|少し|素朴な|初歩的な|基本的な|簡単な"
    "|すごく|大変|以下)(?:だけ|ほど)?、?)*"
)
_ALLOW: Final = f"(?:さ?せ|し)?ても?(?:くだ|下|いただ|頂|もら|よろし|い)[ぁ-ん]*{_BUT}?"
_TROUBLE: Final = (
    "(?:大変|誠に|本当に|突然(?:の質問で)?|急に|何度も|度々|たびたび|夜分(?:遅く)?に?"
    "|(?:初歩的|基本的)な(?:こと|質問)で|お忙しい(?:ところ|中)を?|お手数を?)*"
)

_JAPANESE_GREETING: Final = _any(
    rf"""
    お(?:疲|つか)れ(?:様|さま|さん)?(?:です|でした|でございます)?
    (?:(?:いつも|平素より|平素から|平素は)、?)?(?:大変)?お世話に(?:なって(?:おり|い)?|なり)ます
    お世話(?:様|さま)です
    (?:おはよう|お早う)(?:ございます)?
    やあ|こんに?ち[はわ]|こんばん[はわ]|(?:初|はじ)めまして|どうも|もしもし
    (?:チームの|総務の|関係者の?)?(?:皆(?:さん|様|さま)|みな(?:さん|さま)|各位)
    (?:ご)?担当者?(?:様|さま|さん|の方)
    [^\s。、！!？?]{{1,14}}[部課室店]の[^\s。、！!？?はがをに]{{1,8}}(?:です|と申します)
    [^\s。、！!？?]{{1,14}}(?:チーム|グループ)の[^\s。、！!？?はがをに]{{1,8}}(?:です|と申します)
    (?:総務|人事|経理|法務|営業|開発|情シス|新入社員|新人)の[^\s。、！!？?はがをに]{{1,8}}です
    [^。、！!？?\n]{{1,24}}と申します
    (?:標|ボット|しるべ|シルベ)(?:さん|くん|君|ちゃん|様)
    (?:もし)?(?:よろし|宜し)ければ|可能(?:でしたら|であれば|なら)|お手すきの(?:際|とき|時)に
    あの[うー]?|え[えー]?っ?と(?:ですね)?|ねえ
    ところで|ちなみに|さて|あと|それでは|では
    {_TROUBLE}(?:すみません|すいません|ごめん(?:なさい)?){_BUT}?
    {_TROUBLE}(?:申し訳(?:あり|ござい)ません|申し訳ない(?:です)?|恐れ入ります){_BUT}?
    {_TROUBLE}(?:恐縮(?:です|ながら|でございます)?|失礼(?:いた|致)?します){_BUT}?
    {_TROUBLE}(?:おかけ(?:し|いたし|致し)ます|ですが){_BUT}?
    {_A_LITTLE}[ごお]?(?:質問|確認|相談|問い合わせ|尋ね)(?:したいこと)?(?:なの|なん)?です{_BUT}?
    {_A_LITTLE}[ごお]?(?:質問|確認|相談|問い合わせ|尋ね)(?:したいこと)?が?(?:あり|ござい)ます{_BUT}?
    {_A_LITTLE}[ごお]?(?:質問|確認|相談|問い合わせ|尋ね)(?:したいこと)?が?ある(?:の|ん)です{_BUT}?
    {_A_LITTLE}[ごお]?(?:質問|確認|相談|問い合わせ|尋ね)を?{_ALLOW}
    {_A_LITTLE}[ごお]?(?:質問|確認|相談)(?:いいですか|よろしいでしょうか)
    {_A_LITTLE}[ごお]?(?:質問|確認|相談)した[いく](?:の|ん|こと)?(?:が?あり)?(?:で|ま)す{_BUT}?
    {_A_LITTLE}お?(?:聞き|尋ね|たずね|伺い|うかがい)(?:し|いたし)?{_ALLOW}
    {_A_LITTLE}お?(?:聞き|尋ね|たずね|伺い)(?:し|いたし)?た[いく](?:の|ん)?(?:です)?{_BUT}?
    {_A_LITTLE}お?(?:聞き|尋ね|たずね|伺い)(?:し|いたし)?たいことが(?:あり|ござい)ます{_BUT}?
    {_A_LITTLE}教えて(?:いただきた|頂きた|もらいた|ほし|欲し)い(?:の|ん)?(?:です)?{_BUT}?
    {_A_LITTLE}教えて(?:いただきた|頂きた|もらいた|ほし|欲し)いことが(?:あり|ござい)ます{_BUT}?
    お(?:聞き|尋ね|伺い)(?:し|いたし)ます{_BUT}?
    """
)

# --- Japanese, after the question --------------------------------------------

_POLITELY: Final = _any(
    f"""
    (?:くだ|下)さ[いりれ]{_SOFT}*
    (?:いただ|頂|戴)[けきくこ]{_SOFT}*
    (?:もら|貰)[えいおっ]{_SOFT}*
    (?:ほし|欲し)[いくか]{_SOFT}*
    くれ{_SOFT}*
    [お御]?願い{_SOFT}*
    ちょうだい|頂戴
    """
)
_HOW: Final = (
    "(?:(?:詳しく|くわしく|具体的に|簡単に|至急|一度|ぜひ|改めて|どうか|どなたか|誰か"
    "|だれか|もう少し|もっと|(?:もし)?ご存[知じ](?:でしたら|であれば|なら)|よろしければ"
    "|可能(?:でしたら|であれば|なら)|お手すきの(?:際|とき|時)に)、?)*"
)
_REQUEST: Final = _any(
    f"""
    {_HOW}(?:教え|おしえ|オシエ|調べ|助け)て{_POLITELY}?(?:よ|ね|な|や)?
    {_HOW}(?:説明|回答|案内|共有|解説|助言|アドバイス)(?:を|して)?{_POLITELY}
    {_HOW}[ごお御](?:教示|教授|教え|説明|回答|返答|案内|連絡)(?:の(?:ほど|程)|を|して)?、?{_POLITELY}
    {_HOW}[ごお御](?:助言|指導|知らせ|聞かせ|確認)(?:の(?:ほど|程)|を|して)?、?{_POLITELY}
    {_HOW}[ごお御](?:教示|教授|回答|確認)の(?:ほど|程)、?(?:よろしく|宜しく){_POLITELY}
    {_HOW}(?:知り|聞き|伺い|お聞きし|お伺いし|お尋ねし)た[いく](?:の|ん)?(?:です)?{_BUT}?
    {_HOW}(?:知り|聞き|伺い|お聞きし|お伺いし|お尋ねし)たいと(?:思|存じ){_SOFT}*
    """
)
_ABOUT: Final = "(?:に(?:ついて|関して|つきまして)|の(?:件|こと)(?:について)?)"
_OBJECT: Final = _any(
    rf"""
    {_ABOUT}(?:の(?:詳細|情報|内容))?[をはがもで]?[、,]?\s*
    (?:かどうか|の?なの?か|の?か)(?:[をがは]|って|について)?[、,]?\s*
    (?:[をがはも]|って)?[、,]?\s*
    """
)
_IF_KNOWN: Final = _any(
    f"""
    か(?:どうか)?[はを]?、?(?:どなたか|誰か|だれか)?お?(?:分か|わか|判)[りる]{_SOFT}*
    か(?:どうか)?[はを]?、?(?:どなたか|誰か|だれか)?ご?存[知じ]{_SOFT}*
    か(?:どうか)?[はを]?、?(?:どなたか|誰か|だれか)?確認(?:したい|させて|を)?{_SOFT}*
    か(?:どうか)?[はを]?、?(?:どなたか|誰か|だれか)?知って(?:い|る|ま){_SOFT}*
    """
)
_WHO_KNOWS: Final = (
    r"(?:(?:^|(?<=[、。\s]))(?:どなたか|誰か|だれか)、?)?"
    "(?:(?:ご存[知じ]の|(?:分か|わか)る|お?詳しい)(?:方|人|かた)[はが]?"
    f"(?:い|おら){_SOFT}*"
    f"|(?<![^、。\\s])(?:ご存[知じ]で|知って(?:い|る|ま)|(?:分か|わか)りま){_SOFT}*)"
)
_WISH: Final = _any(
    rf"""
    (?:(?:どうぞ|何卒|なにとぞ|以上|(?:恐縮|お手数)です{_BUT}?)[、,]?\s*)*(?:よろ|宜)しく{_SOFT}*
    {_HOW}[お御]願い(?:いた|致)?[し申]{_SOFT}*
    (?:どうも)?(?:ありがとう|有難う|有り難う)(?:ございま(?:す|した))?
    (?:いただ|頂)け(?:る|れば|ます)と?(?:幸い|助か|嬉し|うれし|ありがた){_SOFT}*
    (?:大変)?(?:助か|有難|ありがた)[りいく]{_SOFT}*
    幸いです|(?:^|(?<=[、。\s]))以上(?:です)?
    """
)

# --- English -----------------------------------------------------------------

_ANYBODY: Final = "(?:you|someone|somebody|anyone|anybody)(?: here| all)?"
_PLEASE: Final = "(?:,? (?:please|kindly|just|maybe|possibly))?"
_TELL: Final = _any(
    """
    (?:tell|inform|advise|remind|show)(?: me| us)(?: about)?
    (?:explain(?: to (?:me|us))?|clarify)(?: about)?
    let (?:me|us) know(?: about)?
    help (?:me|us)(?: (?:to )?(?:know|understand|with))?
    """
)
_ENGLISH_GREETING: Final = _any(
    """
    (?:hi|hiya|hello|hey|howdy|greetings|dear|good (?:morning|afternoon|evening|day))
    (?:hi|hello|hey|dear|good (?:morning|afternoon|evening)),? [a-z]{2,12}
    (?:hi|hello|hey)(?: there| again)(?:,? (?:team|all|everyone|everybody|folks|guys))?
    (?:team|all|folks|everyone|ok|okay|well|so)
    excuse me|pardon me|(?:please )?help|apologies(?: (?:to|for|if) [a-z' ]{1,40})?
    (?:just |a |one )*(?:quick |short |small |dumb )?(?:question|q)(?: for you| here)?
    (?:so )?sorry(?: (?:to|for) [a-z' ]{1,40})?
    (?:i )?hope (?:you|this|everyone|all)[a-z' ]{0,40}
    """
)
_ENGLISH_OPENING: Final = _any(
    f"""
    (?:hi|hello|hey|dear|good (?:morning|afternoon)) (?:team|all|everyone|everybody)
    (?:so )?sorry[a-z' ]{{0,40}},? but
    (?:could|can|would|will) {_ANYBODY}{_PLEASE} {_TELL}
    (?:would|do) you mind (?:telling|showing|reminding)(?: me| us)
    (?:would|do) you mind (?:explaining|letting (?:me|us) know)
    (?:do|does|did|would) {_ANYBODY}(?: happen to)? know
    (?:please|pls|plz) {_TELL}
    (?:tell me|let me know)(?: about)?
    (?:i|we)(?:['’]d| would)?(?: just)? (?:like|want|wanted|need) to know(?: about)?
    (?:i|we)(?:['’]d| would)?(?: just)? (?:like|want|need) to ask(?: you)?(?: about)?
    (?:i am |i['’]m |i was |we were )?(?:just )?(?:wondering|curious)(?: about)?
    if {_ANYBODY} (?:could|can|would|might){_PLEASE} {_TELL}
    if {_ANYBODY} (?:knows?|might know)
    i(?:['’]ve got| have) (?:a|one|another)(?: quick)? question(?: about| regarding)?
    (?:any|no) idea(?: about)?
    i(?:['’]m| am) trying to (?:find out|figure out|understand)
    (?:may|can|could) i(?: please| just)? ask(?: you)?(?=[:,]| wh| how| if)
    (?:may|can|could) i(?: please| just)? ask(?: you)? about
    """
)
_ENGLISH_CLOSING: Final = _any(
    f"""
    (?:many |much )?(?:thanks|thank you|thx|tia|cheers)(?: (?:so|very) much| a lot)?
    (?:thanks|thank you|thx)(?: again| all| everyone| team| guys)
    (?:many )?(?:thanks|thank you|thx)(?: (?:so|very) much| a lot)?,? in advance
    (?:thanks|thank you)(?: (?:so|very) much)? for (?:your|the|any|all) [a-z ]{{1,30}}
    (?:(?:best|kind|warm) )?(?:regards|wishes),?\\s?\\w{{0,20}}
    (?:much appreciated|appreciate it|sorry if [a-z' ]{{1,40}})
    (?:please )?(?:advise|let me know|lmk)
    (?:any|some) (?:help|advice|hint|pointer|info|input)s? [a-z ]{{0,30}}appreciated
    (?:i|we)(?:['’]d| would)(?: really)? appreciate (?:it|(?:your|any) [a-z ]{{1,20}})
    if {_ANYBODY} knows?
    (?:could|can|would) {_ANYBODY}{_PLEASE} (?:{_TELL}|help)
    please
    """
)

# --- the patterns ------------------------------------------------------------

_MENTION: Final = r"<[@!&]+[A-Za-z0-9]+>|[@＠][\w.-]+(?=[\s、,:：])"
_FULL_STOP: Final = r"\s*(?:[,.!?:;…]|[-–—]+(?=\s)|$)"

BEGINNINGS: Final = (
    re.compile(rf"{EDGE}(?:{_MENTION}|{_JAPANESE_GREETING})(?=[\W_]|$){EDGE}"),
    re.compile(f"{EDGE}{_ENGLISH_GREETING}{_FULL_STOP}{EDGE}", re.IGNORECASE),
    re.compile(rf"{_ENGLISH_OPENING}\b{EDGE}", re.IGNORECASE),
)
"""What may stand before a question; matched at its beginning."""

ENDINGS: Final = (
    re.compile(f"{_OBJECT}(?:{_REQUEST}|{_IF_KNOWN}|{_WHO_KNOWS}|{_WISH})$"),
    re.compile(rf"(?:^|(?<=[\s,.!?、。？！])){_ENGLISH_CLOSING}$", re.IGNORECASE),
)
"""What may stand after a question without its full stop; searched."""

TOPIC: Final = re.compile(
    rf"{_ABOUT}(?:{_IS}{_BUT}?|で(?:ご?質問|(?:お?聞き|お?伺い|教えて){_SOFT}*){_SOFT}*)"
    r"(?=[、,。\s]|$)"
)
"""「〜についてなんですが」 after the topic of a question."""

ASKING: Final = re.compile(
    r"(?:(?:なの|なん|の|ん)?(?:です|でしょう|だろう)(?:か(?:ね|な)?)?|(?:だ|でした|ました)っけ"
    r"|かしら|(?<![ほしなばずの])か(?:な|ね)?|(?<=[るたなだ])の)$"
)
"""The polite end of a Japanese question, which another wording would not have."""

ACKNOWLEDGEMENT: Final = re.compile(
    _any(
        """
        (?:了解|承知)(?:です|しました|いたしました|致しました)?
        (?:かしこまりま|わかりま|分かりま)した
        なるほど(?:です)?|はい|いいえ|うん|おけ|オッケー|さようなら|ごちそうさま(?:でした)?
        (?:ご)?(?:質問|確認|相談|回答|対応)(?:の(?:ほど|程))?
        ok(?:ay)?|got it|i see|yes|no|nice|great|perfect|understood
        (?:good ?)?bye|see you
        """
    ),
    re.IGNORECASE,
)
"""A whole text that asks for nothing."""

MORE: Final = re.compile(
    _any(
        r"""
        (?:詳し|くわし|事細か|細か)く|具体的に|丁寧に|もっと(?:教え|説明|長く)
        詳細(?:に|を?(?:教|知|説|お願|希望)|な(?:説明|回答)|まで)
        (?:ステップ|手順)(?:ごと|を追って|を一つずつ)
        \bin (?:(?:more|full|great|greater|further) )?(?:depth|details?)\b
        \bmore details?\b|\belaborate\b|\bdetailed\b|\bstep[- ]by[- ]step\b
        \bthorough(?:ly)?\b|\bat length\b|\bin-depth\b
        """
    ),
    re.IGNORECASE,
)
"""Words that ask for a long answer."""

PREAMBLE: Final = re.compile(rf"(?<=[すだいるたん])(?:のです|んです)?{_BUT}[、,]\s*")
"""Where 「…のですが、」 parts the circumstances from the question."""
