"""What `valetkey credentials` printed, read back."""

import json
import shlex

FORMATS = ("claude", "process", "env", "json")


def keys_in(text: str, form: str) -> tuple[str, str, str]:
    """Return access key, secret and session token as `form` has them."""
    if form == "env":
        pairs = [shlex.split(line)[1].split("=", 1) for line in text.splitlines()[1:]]
        found = dict(pairs)
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    else:
        document = json.loads(text)
        found = document["Credentials"] if form == "claude" else document
        token = "Token" if form == "json" else "SessionToken"
        names = ("AccessKeyId", "SecretAccessKey", token)
    key, secret, session = (found[name] for name in names)
    return key, secret, session
