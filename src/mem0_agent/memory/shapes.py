"""What secrets look like, as data: a name, words of which one must occur (lower case), and a pattern.

The prefixes and lengths are those that the issuers publish and that well-kept scanners look for; lengths are taken
leniently. A group named ``keep`` stays, all else of a match goes. Every pattern is linear in its text: no unbounded
run is followed by something that can fail, save behind a look-behind that lets it start once in a run.
"""
# a rule is read, and compared with its issuer's page, as one line
# ruff: noqa: E501

from __future__ import annotations

VALUE = r"""(?:\\?"[^"\\\n]{1,300}\\?"|\\?'[^'\\\n]{1,300}\\?'|`[^`\n]{1,300}`|\\?["'`]?[^\s"'`,;<>()\[\]{}]{%d,}+[^\s"',;]*+)"""
"""One assigned value: quoted, or a run of at least so many characters."""
VACANT = r"(?!\\?[\"']?(?:true|false|null|none|nil|undefined|\$\{?[A-Z_]+\}?|\*{3,}|\[redacted)\b)"
"""Not a value at all: a constant, a variable's name, what is masked already."""
NAMED = (
    r"passw(?:or)?d|passwort|passphrase|passcode|pwd|secret|api[ _-]?key|apikey|access[ _-]?key|account[ _-]?key|"
    r"private[ _-]?key|auth[ _-]?key|signing[ _-]?key|encryption[ _-]?key|auth[ _-]?token|access[ _-]?token|"
    r"refresh[ _-]?token|id[ _-]?token|session[ _-]?token|bot[ _-]?token|credentials?"
)
TELLING = r"(?=[^\s\"']{0,80}[\d!@#$%^&*+])"
"""A digit or a special character ahead: what prose rarely has and a secret nearly always."""

RULES: tuple[tuple[str, tuple[str, ...], str], ...] = (
    (
        "private-key",
        ("private key",),
        (r"-----BEGIN[ A-Z0-9_]{0,60}PRIVATE KEY(?: BLOCK)?-----(?:"
        r"(?:[^-]|-(?!----)){0,20000}+-----END[ A-Z0-9_]{0,60}-----"
        r"|(?:(?:\s|\\[nr])*+[A-Za-z0-9+/=]{24,}+)*+(?:(?:\s|\\[nr])++[A-Za-z0-9+/=]{1,23}(?=\s|\\|$))?)"),
    ),
    ("age-key", ("age-secret-key-1",), r"(?i:AGE-SECRET-KEY-1[A-Z0-9]{20,}+)"),
    ("anthropic-key", ("sk-ant-",), r"sk-ant-[\w-]{8,}+"),
    ("openai-key", ("sk-",), r"(?<![A-Za-z0-9])sk-(?:proj|svcacct|admin|None)-[\w-]{8,}+"),
    ("openrouter-key", ("sk-or-",), r"sk-or-[\w-]{8,}+"),
    ("sk-key", ("sk-",), r"(?<![A-Za-z0-9])sk-(?:[A-Za-z0-9]{16,}+|(?=[\w-]{0,60}\d)[\w-]{20,}+)[\w-]*+"),
    ("mem0-key", ("m0-", "m0sk_"), r"(?<![A-Za-z0-9])(?:m0-[A-Za-z0-9]{8,}+|m0sk_[\w-]{8,}+)"),
    ("github-token", ("gh", "github_pat_"), r"(?:gh[pousr]_[A-Za-z0-9]{16,}+|github_pat_\w{16,}+)"),
    (
        "gitlab-token",
        ("gl", "gr1348941"),
        r"(?:gl(?:pat|dt|rt|rtr|ptt|cbt|agent|oas|soat|ft|imt|ffct)-[\w.-]{16,}+|GR1348941[\w-]{16,}+)",
    ),
    ("gitlab-session", ("_gitlab_session=",), r"(?P<keep>_gitlab_session=)\w{16,}+"),
    ("slack-token", ("xox", "xapp-"), r"(?:xox[a-z](?:\.xox[a-z])?-[\w-]{8,}+|xapp-\d-[\w-]{8,}+)"),
    ("slack-webhook", ("hooks.slack.com",), r"hooks\.slack\.com/(?:services|workflows|triggers)/[\w/+-]{16,}+"),
    ("discord-webhook", ("/api/webhooks/",), r"(?P<keep>/api/webhooks/\d{8,24}/)[\w-]{20,}+"),
    ("teams-webhook", ("webhook.office.com",), r"webhook\.office\.com/webhookb2/[\w@/-]{30,}+"),
    ("aws-access-key", ("akia", "asia", "abia", "acca", "a3t"), r"(?<![A-Za-z0-9])(?:AKIA|ASIA|ABIA|ACCA|A3T[A-Z0-9])[A-Z0-9]{12,}+"),
    ("aws-bedrock-key", ("absk", "bedrock-api-key-"), r"(?:(?<!\w)ABSK[A-Za-z0-9+/]{40,}+={0,2}|bedrock-api-key-[\w+/=-]{16,}+)"),
    ("google-key", ("aiza",), r"(?<!\w)AIza[\w-]{28,}+"),
    ("google-oauth", ("ya29.", "gocspx-", "1//0"), r"(?<!\w)(?:ya29\.[\w-]{20,}+|GOCSPX-[\w-]{16,}+|1//0[\w-]{30,}+)"),
    ("npm-token", ("npm_",), r"(?<!\w)npm_[A-Za-z0-9]{20,}+"),
    ("pypi-token", ("pypi-",), r"pypi-(?:AgE[\w-]{12,}+|(?=[\w-]{0,60}\d)(?=[\w-]{0,60}[A-Z])[\w-]{24,}+)"),
    ("rubygems-key", ("rubygems_",), r"rubygems_[a-f0-9]{24,}+"),
    ("stripe-key", ("_live_", "_test_", "_prod_", "whsec_"), r"(?<![A-Za-z0-9])(?:[srp]k_(?:live|test|prod)_[A-Za-z0-9]{8,}+|whsec_[A-Za-z0-9+/=]{16,}+)"),
    ("jwt", ("ey",), r"(?<![\w-])ey[A-Za-z0-9_-]{8,8000}\.ey[A-Za-z0-9_-]{4,}+(?:\.[A-Za-z0-9_-]*+)*+"),
    ("huggingface-token", ("hf_", "api_org_"), r"(?<!\w)(?:hf_|api_org_)[A-Za-z0-9]{20,}+"),
    ("groq-key", ("gsk_",), r"(?<!\w)gsk_[A-Za-z0-9]{20,}+"),
    ("xai-key", ("xai-",), r"(?<!\w)xai-[A-Za-z0-9]{20,}+"),
    ("perplexity-key", ("pplx-",), r"(?<!\w)pplx-[A-Za-z0-9]{20,}+"),
    ("replicate-token", ("r8_",), r"(?<!\w)r8_[A-Za-z0-9]{20,}+"),
    ("langsmith-key", ("lsv2_",), r"(?<!\w)lsv2_[a-z]{2}_[a-z0-9_]{20,}+"),
    ("tavily-key", ("tvly-",), r"(?<!\w)tvly-[\w-]{16,}+"),
    ("databricks-token", ("dapi",), r"(?<!\w)dapi[a-f0-9]{30,}+(?:-\d)?"),
    ("digitalocean-token", ("_v1_",), r"(?<!\w)do[opr]_v1_[a-f0-9]{20,}+"),
    ("doppler-token", ("dp.",), r"(?<!\w)dp\.(?:pt|st|ct|scim|audit)\.[\w.-]{20,}+"),
    ("dynatrace-token", ("dt0",), r"(?<!\w)dt0[a-z]\d\d\.[A-Z0-9]{20,}+\.[A-Z0-9]{20,}+"),
    ("duffel-token", ("duffel_",), r"duffel_(?:test|live)_[\w=-]{20,}+"),
    ("flutterwave-key", ("flwseck",), r"FLWSECK[\w-]{12,}+"),
    ("facebook-token", ("eaa",), r"(?<!\w)EAA[A-Za-z0-9]{60,}+"),
    ("fly-token", ("fo1_", "fm1", "fm2_"), r"(?<!\w)(?:fo1_[\w-]{30,}+|fm1[ar]_[\w+/=]{40,}+|fm2_[\w+/=]{40,}+)"),
    ("grafana-token", ("glc_", "glsa_"), r"(?<!\w)(?:glc_[A-Za-z0-9+/=]{24,}+|glsa_\w{24,}+)"),
    ("terraform-token", (".atlasv1.",), r"(?<!\w)[A-Za-z0-9]{10,20}\.atlasv1\.[\w=-]{30,}+"),
    ("heroku-key", ("hrku-",), r"(?<!\w)HRKU-[\w-]{30,}+"),
    ("linear-key", ("lin_",), r"(?<!\w)lin_(?:api|oauth)_[A-Za-z0-9]{20,}+"),
    ("notion-token", ("ntn_",), r"(?<!\w)ntn_[A-Za-z0-9]{30,}+"),
    ("figma-token", ("figd_",), r"(?<!\w)figd_[\w-]{20,}+"),
    ("supabase-key", ("sbp_", "sb_secret_"), r"(?<!\w)(?:sbp_[a-f0-9]{20,}+|sb_secret_[\w-]{16,}+)"),
    ("planetscale-token", ("pscale_",), r"(?<!\w)pscale_(?:tkn|oauth|pw)_[\w=.-]{20,}+"),
    ("postman-key", ("pmak-",), r"(?<!\w)PMAK-[A-Za-z0-9-]{30,}+"),
    ("prefect-key", ("pnu_",), r"(?<!\w)pnu_[A-Za-z0-9]{24,}+"),
    ("pulumi-token", ("pul-",), r"(?<!\w)pul-[a-f0-9]{30,}+"),
    ("readme-key", ("rdme_",), r"(?<!\w)rdme_[a-z0-9]{30,}+"),
    ("sendgrid-key", ("sg.",), r"(?<!\w)SG\.[\w-]{16,}+\.[\w-]{16,}+"),
    ("brevo-key", ("xkeysib-",), r"(?<!\w)xkeysib-[A-Za-z0-9-]{30,}+"),
    ("mailgun-key", ("key-",), r"(?<![\w-])key-[a-f0-9]{32}(?!\w)"),
    ("sentry-token", ("sntrys_", "sntryu_"), r"(?<!\w)sntry[su]_[\w+/=]{20,}+"),
    ("shopify-token", ("shp",), r"(?<!\w)shp(?:at|ca|pa|ss)_[a-fA-F0-9]{24,}+"),
    ("square-token", ("eaaa", "sq0"), r"(?<!\w)(?:EAAA[\w-]{40,}+|sq0(?:atp|csp)-[\w-]{20,}+)"),
    ("telegram-token", (":aa",), r"(?<!\w)\d{8,10}:AA[\w-]{30,}+"),
    ("twilio-key", ("sk",), r"(?<!\w)SK[0-9a-f]{32}(?!\w)"),
    ("vault-token", ("hvs.", "hvb.", "hvr."), r"(?<!\w)hv[sbr]\.[\w-]{20,}+"),
    ("onepassword-token", ("ops_ey", "a3-"), r"(?<!\w)(?:ops_ey[\w+/=-]{40,}+|A3-[A-Z0-9]{6}(?:-[A-Z0-9]{5,11}){4,5})"),
    ("atlassian-token", ("atatt3", "atctt3"), r"(?<!\w)AT[AC]TT3[\w=-]{30,}+"),
    ("airtable-token", ("pat",), r"(?<!\w)pat[A-Za-z0-9]{14}\.[a-f0-9]{32,}+"),
    ("alibaba-key", ("ltai",), r"(?<!\w)LTAI[A-Za-z0-9]{16,}+"),
    ("artifactory-key", ("akcp", "cmvmd"), r"(?<!\w)(?:AKCp[A-Za-z0-9]{40,}+|cmVmd[A-Za-z0-9]{40,}+)"),
    ("adobe-secret", ("p8e-",), r"(?<!\w)p8e-[A-Za-z0-9]{24,}+"),
    ("azure-secret", ("q~",), r"(?<![\w~.-])[\w~.]{3}\dQ~[\w~.-]{28,}+"),
    ("clojars-token", ("clojars_",), r"(?i:CLOJARS_[a-z0-9]{30,}+)"),
    ("cloudflare-key", ("v1.0-",), r"(?<!\w)v1\.0-[a-f0-9]{20,}+-[a-f0-9]{60,}+"),
    ("openshift-token", ("sha256~",), r"(?<!\w)sha256~[\w-]{30,}+"),
    ("newrelic-key", ("nrak-",), r"(?<!\w)NRAK-[A-Z0-9]{20,}+"),
    ("url-password", ("://",), r"(?P<keep>://[^\s/:@?#\"'<>\[\]]{0,100}:)[^\s/@\"'<>]{1,300}(?=@)"),
    ("url-token", ("://",), r"(?P<keep>://)[^\s/:@?#\"'<>\[\]]{16,300}(?=@)"),
    ("url-signature", ("sig=", "signature=", "token=", "key="), r"(?P<keep>[?&](?:sig|x-amz-signature|x-goog-signature|signature|access_token|token|api_?key|key)=)[^\s&#\"'<>]{8,}+"),
    (
        "authorization",
        ("authorization", "x-api-key", "private-token"),
        r"(?P<keep>(?:authorization|x-api-key|private-token)\\?[\"']?[ \t]{0,4}[:=][ \t]{0,4}\\?[\"']?)"
        r"(?:(?:basic|bearer|token|digest|apikey)[ \t]{1,4}[^\s\"',;]{4,}+|" + TELLING + r"[^\s\"',;]{8,}+|[^\s\"',;]{20,}+)",
    ),
    ("bearer", ("bearer",), r"(?P<keep>\bbearer[ \t]{1,4})(?:(?=[\w.~+/=-]{0,100}\d)[\w.~+/=-]{6,}+|[\w.~+/=-]{16,}+)"),
    ("curl-user", ("curl",), r"(?P<keep>\bcurl\b[^\n]{0,300}?\s(?:-u|--user)[ \t=]{0,3}[\"']?[^\s:\"']{1,64}:)[^\s\"']{1,200}"),
    ("cookie", ("cookie",), r"(?P<keep>\bcookie\\?[\"']?[ \t]{0,4}:[ \t]{0,4}+\\?[\"']?)" + r"(?=[^\n\"']{0,200}=)[^\n\"']{8,}+"),
    (
        "flag-secret",
        ("--",),
        r"(?P<keep>--(?:[a-z]{1,20}-){0,3}(?:" + NAMED + r"|token)[ \t=]{1,3}+)(?!-)" + VACANT + VALUE % 3,
    ),
    (
        "assigned-secret",
        ("passw", "passphrase", "passcode", "pwd", "secret", "key", "token", "credential"),
        r"(?P<keep>(?:" + NAMED + r")(?:[_-][A-Za-z0-9]{1,20}){0,2}\\?[\"']?[ \t]{0,4}(?:=>|:=|={1,3}+)[ \t]{0,4}+)"
        + VACANT + VALUE % 1,
    ),
    (
        "named-secret",
        ("passw", "passphrase", "passcode", "pwd", "secret", "key", "token", "credential"),
        r"(?P<keep>(?:" + NAMED + r")\\?[\"']?[ \t]{0,4}(?::|\bis\b|\bto\b)[ \t]{0,4}+)" + VACANT
        + r"(?:(?:\\?\"[^\"\\\n]{1,300}\\?\"|\\?'[^'\\\n]{1,300}\\?')(?![ \t]{0,4}[:=])|\\?[\"']?" + TELLING + r"[^\s\"'`,;<>()\[\]{}]{4,}+[^\s\"',;]*+)",
    ),
    (
        "assigned-secret",
        ("key", "token", "secret", "pass", "pwd", "cred", "auth", "dsn"),
        r"(?-i:(?P<keep>(?:KEY|TOKEN|SECRET|PASS|PASSWORD|PASSWD|PWD|CREDS?|CREDENTIALS?|AUTH|DSN)"
        r"(?:_[A-Z0-9]{1,20}){0,2}[\"']?[ \t]{0,2}[=:](?!=)[ \t]{0,2}+))" + VACANT + VALUE % 4,
    ),
    ("assigned-token", ("token",), r"(?P<keep>token\\?[\"']?[ \t]{0,4}(?:=>|:=|={1,3}+|:)[ \t]{0,4}+)" + VACANT + r"\\?[\"']?" + TELLING + r"[^\s\"'`,;<>()\[\]{}]{8,}+"),
)  # fmt: skip
"""In order: the particular before the general, so that what is left in place of a secret says what it was."""

CASELESS = frozenset({
    "url-signature", "authorization", "bearer", "cookie", "curl-user", "flag-secret", "assigned-secret",
    "named-secret", "assigned-token",
})  # fmt: skip
"""The rules that are about words people write, in any case."""
