from typing import Any

from django.db import migrations

# For, label and text in English, label and text in Chinese. Administrators edit them at /review/replies/.
STARTERS = [
    ("changes", "Say what it does", "Please say in a few sentences what {application} does and who uses it.",
     "说明用途", "请用几句话说明 {application} 的用途和使用者。"),
    ("changes", "Prove the domain",
     "Please prove the domain on the application's page first, so that we know it is yours.",
     "验证域名", "请先在应用页面验证域名，以便我们确认它属于你。"),
    ("changes", "Secret token in a browser",
     "A secret token was seen in a browser. Use a publishable token there, and rotate the secret one.",
     "浏览器中有私密令牌", "我们在浏览器中发现了私密令牌。请在浏览器中改用可公开令牌，并轮换该私密令牌。"),
    ("changes", "Looks like resale",
     "This looks like reselling access. Please say who pays for what, and under which terms.",
     "疑似转售", "这看起来像是转售访问权限。请说明谁为什么付费，以及条款如何。"),
    ("rejected", "Usage does not need it yet",
     "Your usage fits the tier you have. Ask again once you come near its limits.",
     "用量尚不需要", "你的用量仍在当前等级范围内。接近限额时请再次申请。"),
    ("rejected", "Duplicate", "There is another access request of yours for the same purpose. We handle that one.",
     "重复申请", "你已有一份用途相同的访问申请。我们将处理那一份。"),
    ("approved", "Welcome", "Welcome, {applicant}. {application} is ready; tell us if a limit gets in the way.",
     "欢迎", "欢迎，{applicant}。{application} 已可使用；如果限额造成不便，请告诉我们。"),
]


def add(apps: Any, editor: Any) -> None:
    reply = apps.get_model("tokens", "CannedReply")
    for position, (outcome, label_en, text_en, label_zh, text_zh) in enumerate(STARTERS, start=1):
        texts = {"label_en": label_en, "text_en": text_en, "label_zh": label_zh, "text_zh": text_zh}
        reply.objects.create(outcome=outcome, position=position, **texts)


class Migration(migrations.Migration):
    dependencies = [("tokens", "0010_finding_requests")]

    operations = [migrations.RunPython(add, migrations.RunPython.noop)]
