"""How people wrap a question in a chat; `{}` is the question."""

from typing import Final

from bot.core.model import Language

JAPANESE: Final = (
    "お疲れ様です。{}",
    "お疲れ様です。{}教えていただけますでしょうか。",
    "お世話になっております。{}ご教示いただけますと幸いです。",
    "すみません、{}",
    "初歩的な質問で恐縮ですが、{}",
    "お忙しいところ恐れ入ります。{}よろしくお願いいたします。",
    "ちょっと聞きたいんだけど、{}",
    "教えてください。{}",
    "質問です。{}よろしくお願いします！",
    "{}わかる方いらっしゃいますか？",
    "{}ご存知の方がいらっしゃいましたら教えていただけると助かります。",
    "おはようございます！{}お手すきの際にご確認ください。",
    "こんにちは。一点お伺いしたいのですが、{}",
    "度々すみません。{}お手数ですがご回答いただけますでしょうか。",
    "お願いします。{}",
    "はじめまして。{}ご回答よろしくお願いいたします🙇",
    "突然のご連絡失礼いたします。{}ご確認のほどよろしくお願い申し上げます。",
    "ねえ、{}教えて！",
    "{}\nお願いします。",
    "いつもありがとうございます。確認させてください。{}",
)

ENGLISH: Final = (
    "Hi, {}",
    "Hello team, {} Thanks!",
    "Hi there! Quick question: {}",
    "Sorry to bother you, but {}",
    "Could you please tell me: {}",
    "Good morning, {} Thanks in advance.",
    "I was wondering, {}",
    "Does anyone know: {}",
    "hey, {} cheers",
    "Please help. {}",
    "Dear all, {} Kind regards",
    "I have a question. {}",
    "Can someone tell me {}",
    "Thank you for your help! {}",
    "Excuse me, {}",
    "Hope you are well. {} Any help is appreciated.",
    "One more thing: {}",
    "Just checking, {}",
    "I'd like to know: {}",
    "Hi! {} Many thanks 🙏",
)

WRAPPERS: Final = {Language.JA: JAPANESE, Language.EN: ENGLISH}
