"""Samples of secrets, none of them real, put together at run time so that no scanner takes this file for a leak."""

from __future__ import annotations

MIX = "aB3dE5gH7jK9mN1pQ2rS4tU6vW8xY0zA"
HEX = "0123456789abcdef" * 4
PEM_BODY = "\n".join([f"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC{MIX}"] * 6)

SECRETS = {
    "openai": "sk-" + MIX + MIX[:16],
    "openai-project": "sk-" + "proj-" + MIX + "_" + MIX,
    "anthropic": "sk-" + "ant-api03-" + MIX * 2 + "AA",
    "openrouter": "sk-" + "or-v1-" + HEX,
    "mem0": "m0" + "-" + MIX,
    "mem0-selfhosted": "m0" + "sk_" + MIX,
    "github": "gh" + "p_" + MIX + "abcd",
    "github-app": "gh" + "s_" + MIX + "abcd",
    "github-fine": "github" + "_pat_" + "11AAAAAAA0" + MIX * 2,
    "gitlab": "gl" + "pat-" + MIX[:20],
    "slack-bot": "xo" + "xb-1234567890-1234567890123-" + MIX[:24],
    "slack-user": "xo" + "xp-1234567890-1234567890-1234567890-" + MIX,
    "slack-app": "xa" + "pp-1-A0123456789-1234567890123-" + HEX,
    "aws": "AK" + "IAIOSFODNN7QWERTYU",
    "google": "AI" + "zaSyA" + MIX + "bc",
    "google-oauth": "ya" + "29." + MIX * 2,
    "npm": "np" + "m_" + MIX + "abcd",
    "pypi": "py" + "pi-AgEIcHlwaS5vcmc" + MIX * 2,
    "stripe": "sk" + "_live_" + MIX[:24],
    "stripe-restricted": "rk" + "_test_" + MIX[:24],
    "jwt": "ey" + "JhbGciOiJIUzI1NiJ9.ey" + "JzdWIiOiIxMjM0NTY3ODkwIn0." + MIX + "-" + MIX[:11],
    "pem": "-----BEGIN RSA PRIVATE" + " KEY-----\n" + PEM_BODY + "\n-----END RSA PRIVATE" + " KEY-----",
    "pem-escaped": "-----BEGIN PRIVATE"
    " KEY-----\\n" + PEM_BODY.replace("\n", "\\n") + "\\n-----END PRIVATE" + " KEY-----",
    "pem-unclosed": "-----BEGIN OPENSSH PRIVATE" + " KEY-----\n" + PEM_BODY,
    "url": "postgres://admin:" + "tr0ub4dor" + "@db.example.org:5432/app",
    "url-token": "https://" + MIX[:24] + "@git.example.org/acme/widgets.git",
    "bearer": "Authorization: Bearer " + MIX,
    "bearer-bare": "Bearer " + MIX,
    "basic": "authorization: basic " + "YWxpY2U6aHVudGVyMg==",
    "password": "password=" + "hunter2hunter",
    "password-colon": "password: " + "hunter2hunter",
    "passphrase": "passphrase = " + "tr0ub4dor&3",
    "env": "MY_SERVICE_KEY=" + "verylongvalue",
    "env-token": "export DEPLOY_TOKEN=" + "verylongvalue",
    "client-secret": "client_secret: " + "q8w7e6r5t4",
    "huggingface": "hf" + "_" + "abcdefghijklmnopqrstuvwxyzABCDEFGH",
    "digitalocean": "do" + "p_v1_" + HEX,
    "databricks": "da" + "pi" + HEX[:32],
    "sendgrid": "SG" + "." + MIX[:22] + "." + MIX + "abcdefghijk",
    "shopify": "shp" + "at_" + HEX[:32],
    "vault": "hv" + "s." + MIX * 3,
    "grafana": "gl" + "sa_" + MIX + "_abcdef01",
    "linear": "lin" + "_api_" + MIX + "abcdefgh",
    "notion": "nt" + "n_" + "12345678901" + MIX + "abc",
    "telegram": "1234567890:" + "AA" + MIX + "b",
    "twilio": "S" + "K" + HEX[:32],
    "age": "AGE-SECRET" + "-KEY-1" + "QPZRY9X8GF2TVDW0S3JN54KHCE6MUA7L" * 2,
    "azure": "abc8" + "Q~" + MIX + "ab",
    "flag": "deploy --api-key " + "q8w7e6r5t4",
    "flag-password": "mysql --password=" + "hunter2hunter",
    "cookie": "Cookie: theme=dark; sid=" + "q8w7e6r5t4y3u2",
    "aws-secret": '"SecretAccessKey": "' + "wJalrXUtnFEMI/K7MDENG/bPxRfiCYqwertyuiop",
    "connection": "Server=db;User Id=sa;Password=" + "hunter2hunter" + ";Encrypt=yes",
    "webhook": "https://hooks.slack.com/services/" + "T0000000/B0000000/" + MIX[:24],
}
"""By name, one of each shape."""

INNER = {
    "pem": MIX,
    "pem-escaped": MIX,
    "pem-unclosed": MIX,
    "url": "tr0ub4dor",
    "url-token": MIX[:24],
    "password": "hunter2",
    "password-colon": "hunter2",
    "passphrase": "tr0ub4dor",
    "env": "verylongvalue",
    "env-token": "verylongvalue",
    "client-secret": "q8w7e6r5t4",
    "flag": "q8w7e6r5t4",
    "flag-password": "hunter2",
    "cookie": "q8w7e6r5t4",
    "aws-secret": "bPxRfiCY",
    "connection": "hunter2",
}


def core(name: str) -> str:
    """The part of a sample that must not be seen again."""
    return INNER.get(name, SECRETS[name][-12:])
