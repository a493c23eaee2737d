import json
import time


def handler(event, context):
    print("EVENT " + json.dumps(event))
    if "slow" in event["Records"][0]["body"]:
        time.sleep(2)
        print("DONE " + event["Records"][0]["body"])
