// What the page itself says, in the language of who looks at it.

const WORDS = {
  ja: {
    who: "あなたは", home: "アプリのホーム", dm: "しるべとのDM", members: (n) => `メンバー ${n}人`,
    shared: "社外と共有", without: "Botなし", write: (name) => `${name} へのメッセージ`,
    reply: "返信する…", replies: (n) => `${n}件の返信`, thread: "スレッド", send: "送信",
    saving: "保存", cancel: "やめる", edited: "（編集済み）", whisper: "あなただけに表示されています",
    gone: "このメッセージは削除されました。", edit: "編集", remove: "削除", answer: "スレッドで返信",
    about: "この発言について聞く", stop: "停止", guest: "ゲスト", stranger: "社外", app: "アプリ",
    starting: "Bot は起動中です…", empty: "まだ何もありません。", close: "閉じる",
    refused: (n) => `Slack が断った呼び出し: ${n}`, again: "クライアントを開き直す", choose: "選択…",
    trying: "試せること",
  },
  en: {
    who: "You are", home: "App Home", dm: "Your DM with Shirube", members: (n) => `${n} members`,
    shared: "shared outside", without: "no bot", write: (name) => `Message ${name}`,
    reply: "Reply…", replies: (n) => (n === 1 ? "1 reply" : `${n} replies`), thread: "Thread", send: "Send",
    saving: "Save", cancel: "Cancel", edited: " (edited)", whisper: "Only visible to you",
    gone: "This message was deleted.", edit: "Edit", remove: "Delete", answer: "Reply in thread",
    about: "Ask about this message", stop: "Stop", guest: "guest", stranger: "external", app: "APP",
    starting: "The bot is starting…", empty: "Nothing here yet.", close: "Close",
    refused: (n) => `Calls that Slack refused: ${n}`, again: "Reopen the client", choose: "Choose…",
    trying: "What to try",
  },
};

export function words(locale) {
  return WORDS[locale.startsWith("ja") ? "ja" : "en"];
}

export const EMOJI = {
  "+1": "👍", "-1": "👎", eyes: "👀", mute: "🔇", white_check_mark: "✅", warning: "⚠️",
  bulb: "💡", mag: "🔍", lock: "🔒", hourglass_flowing_sand: "⏳", information_source: "ℹ️",
};

export function emoji(name) {
  return EMOJI[name] ?? `:${name}:`;
}
