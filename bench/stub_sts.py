"""STS as fast as it can be pretended: answers AssumeRole, checks nothing. For benches alone.

The broker is what is measured; the local AWS verifies and decides, which costs milliseconds.
"""

import secrets
import sys
from datetime import UTC, datetime, timedelta

from aiohttp import web

ANSWER = """<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<AssumeRoleResult><SourceIdentity>{identity}</SourceIdentity><AssumedRoleUser>
<AssumedRoleId>AROAEXAMPLE:{session}</AssumedRoleId>
<Arn>arn:aws:sts::111122223333:assumed-role/Agent/{session}</Arn></AssumedRoleUser>
<Credentials><AccessKeyId>ASIA{key}</AccessKeyId><SecretAccessKey>{secret}</SecretAccessKey>
<SessionToken>{token}</SessionToken><Expiration>{expires}</Expiration></Credentials>
<PackedPolicySize>6</PackedPolicySize></AssumeRoleResult>
<ResponseMetadata><RequestId>bench</RequestId></ResponseMetadata></AssumeRoleResponse>"""
WHO = """<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
<GetCallerIdentityResult><Arn>arn:aws:iam::111122223333:user/bench</Arn><UserId>A</UserId>
<Account>111122223333</Account></GetCallerIdentityResult>
<ResponseMetadata><RequestId>bench</RequestId></ResponseMetadata></GetCallerIdentityResponse>"""
TOKEN_CHARACTERS = 800
"""About what STS gives for a handful of session tags."""


async def answer(request: web.Request) -> web.Response:
    form = await request.post()
    if form["Action"] != "AssumeRole":
        return web.Response(text=WHO, content_type="text/xml")
    expires = datetime.now(UTC) + timedelta(seconds=int(str(form["DurationSeconds"])))
    text = ANSWER.format(
        identity=form["SourceIdentity"],
        session=form["RoleSessionName"],
        key=secrets.token_hex(8).upper(),
        secret=secrets.token_urlsafe(30),
        token=secrets.token_urlsafe(TOKEN_CHARACTERS * 3 // 4),
        expires=expires.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
    return web.Response(text=text, content_type="text/xml")


def main() -> None:
    app = web.Application()
    app.router.add_post("/", answer)
    web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)


if __name__ == "__main__":
    main()
