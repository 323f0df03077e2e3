"""fastmcp's own proxy, as its documentation starts one: no token, no policy, no record.

`python -m bench.fastmcp_proxy UPSTREAM-URL PORT`. The peer that `bench/gateway.py` measures beside.
"""

import sys

from fastmcp.server import create_proxy

if __name__ == "__main__":
    create_proxy(sys.argv[1], name="proxy").run(
        transport="http",
        host="127.0.0.1",
        port=int(sys.argv[2]),
        log_level="error",
        show_banner=False,
        stateless_http=True,
    )
