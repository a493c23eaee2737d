"""The function of the target suite, as targettest.Handle in Go."""

import time


def handler(event, context):
    do = event.get("do") if isinstance(event, dict) else None
    if do == "fail":
        raise Exception(event["message"])
    if do == "sleep":
        time.sleep(event["ms"] / 1000)
    if do == "big":
        return "x" * (event["bytes"] - 2)
    if do == "id":
        return context.aws_request_id
    return event
