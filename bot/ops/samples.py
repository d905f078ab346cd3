"""Short texts in each language, to try out an embedding model before there are others.

A title finds its text by its words as well: only a model that finds it by its meaning
too speaks the language.
"""

from collections.abc import Mapping
from typing import Final

from bot.core.model import Language

SAMPLES: Final[Mapping[Language, tuple[tuple[str, str], ...]]] = {
    Language.EN: (
        ("Annual leave", "Staff receive ten days of paid leave after six months."),
        ("Travel expenses", "Claim the expenses of a journey within two weeks."),
        ("Resetting a password", "Who forgot the password asks the help desk."),
        ("Fire drill", "When the alarm of the drill rings, leave by the stairs."),
        ("Meeting rooms", "Rooms are booked in the calendar and freed when unused."),
        ("Remote work", "Working from home is remote and agreed with the manager."),
        ("Salary payment", "The salary is paid on the last working day of the month."),
        (
            "Health check",
            "A doctor examines everybody once a year; health comes first.",
        ),
        ("Parking permit", "Cars need a permit behind the windscreen for parking."),
        ("Database backup", "Every night the database is copied to another site."),
        ("Release process", "A release is tested for a day before customers get it."),
        ("Code review", "A colleague reads the code before it is merged; be kind."),
        ("Visitor badges", "Guests wear a visitor badge and are met at the door."),
        ("Printer paper", "Paper for the printer lies in the cupboard on floor two."),
        ("Parental leave", "Parents of a newborn may stay at home for a year."),
        ("Customer complaints", "Write down what the customer says, then apologise."),
        ("Lost laptop", "Report a lost laptop at once so that it can be locked."),
        ("Training budget", "Each person has a yearly budget for courses and books."),
        ("Canteen menu", "The canteen serves soup, rice and fish from noon on."),
        ("Network outage", "If the network is down, restart the router in the cellar."),
    ),
    Language.JA: (
        ("年次有給休暇", "入社から六か月で十日の有給休暇が与えられる。"),
        ("出張旅費の精算", "旅費は帰社してから二週間以内に精算する。"),
        ("パスワードの再設定", "忘れた人は窓口に連絡し、新しいパスワードを受け取る。"),
        ("避難訓練", "訓練のベルが鳴ったら、階段を使って外に出る。"),
        ("会議室の予約", "会議室は予定表で押さえ、使わないときは取り消す。"),
        ("在宅勤務", "自宅で働く日は、前日までに上司と在宅の時間を決める。"),
        ("給与の支払日", "給与は毎月の末日に銀行口座へ振り込まれる。"),
        ("健康診断", "年に一度、全員が医師の診断を受ける。"),
        ("駐車場の利用許可", "車を駐車場に置くには、許可証を窓に掲げる。"),
        ("データの保存", "毎晩、データの写しを離れた場所に保存する。"),
        ("新しい版の公開手順", "公開の前に一日かけて試験を行う。"),
        ("ソースコードの審査", "同僚がコードを読んでから取り込む。審査は丁寧に。"),
        ("来客の受付", "来客は受付で名札を受け取り、玄関で迎える。"),
        ("印刷用紙の置き場所", "用紙は二階の棚にあり、なくなる前に補充する。"),
        ("育児休業", "子が一歳になるまで、親は休業することができる。"),
        ("苦情への対応", "お客様の話を書き留め、苦情にはまず詫びる。"),
        ("端末を紛失したとき", "紛失に気づいたらすぐ届け出て、遠隔で鍵をかける。"),
        ("研修の予算", "講座や書籍のために、一人ずつ年間の予算がある。"),
        ("食堂の献立", "正午から、食堂で汁物と魚とご飯を出す。"),
        ("通信障害", "通信が途切れたら、地下の機器を入れ直す。"),
    ),
}
