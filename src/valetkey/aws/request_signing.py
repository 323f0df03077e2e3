"""AWS Signature Version 4 of requests to servers of tools, by botocore. It sends nothing."""

from collections.abc import Mapping

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import ReadOnlyCredentials

from valetkey.credentials import AssumedRole


class SigV4Signer:
    """The port `RequestSigner`."""

    def sign(
        self,
        session: AssumedRole,
        *,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes,
        service: str,
        region: str,
    ) -> Mapping[str, str]:
        """Return `headers` and the signature's own; the body's SHA-256 is part of what is signed.

        Every header given is signed but those that botocore leaves to proxies (`User-Agent` and
        such), so they must be sent as they are.
        """
        keys = ReadOnlyCredentials(
            session.access_key_id,
            session.secret_access_key.reveal(),
            session.session_token.reveal(),
        )
        request = AWSRequest(method=method, url=url, data=body, headers=dict(headers))
        SigV4Auth(keys, service, region).add_auth(request)
        return dict(request.headers.items())
