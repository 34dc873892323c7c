"""The smallest function: whatever it is invoked with comes back."""

import http.client
import os

RUNTIME = "/2018-06-01/runtime/invocation"

api = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
while True:
    api.request("GET", f"{RUNTIME}/next")
    invocation = api.getresponse()
    payload = invocation.read()
    request_id = invocation.headers["Lambda-Runtime-Aws-Request-Id"]
    api.request("POST", f"{RUNTIME}/{request_id}/response", payload)
    api.getresponse().read()
