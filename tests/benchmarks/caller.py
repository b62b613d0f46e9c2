"""A gateway that goes on asking, fifty times a second, until its process is ended."""

import http.client
import json
import sys
import time


def main() -> None:
    given = json.load(sys.stdin)
    gateway = http.client.HTTPConnection("127.0.0.1", int(sys.argv[1]), timeout=30)
    while True:
        gateway.request("POST", "/v1/decisions", given["ask"], given["headers"])
        gateway.getresponse().read()
        time.sleep(0.02)


if __name__ == "__main__":
    main()
