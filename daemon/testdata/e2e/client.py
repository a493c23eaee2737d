"""What a user's program does, with boto3: python client.py COMMAND ENDPOINT [JSON]."""
import json
import sys
import time

import boto3

command, endpoint = sys.argv[1:3]
arg = json.loads(sys.argv[3]) if len(sys.argv) > 3 else None
sqs = boto3.client("sqs", endpoint_url=endpoint, region_name="us-east-1",
                   aws_access_key_id="test", aws_secret_access_key="test")


def url(name):
    return sqs.get_queue_url(QueueName=name)["QueueUrl"]


if command == "create":  # the queues of template.yaml, on a server that is not penstock
    for name in ("standard", "dead", "filtered", "ordered.fifo"):
        try:
            sqs.delete_queue(QueueUrl=url(name))
        except sqs.exceptions.QueueDoesNotExist:
            pass
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    sqs.create_queue(QueueName="standard", Attributes={"VisibilityTimeout": "2", "RedrivePolicy": redrive})
    sqs.create_queue(QueueName="filtered", Attributes={"VisibilityTimeout": "2"})
    sqs.create_queue(QueueName="ordered.fifo", Attributes={
        "FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "5"})
elif command == "send":  # {"queue": NAME, ...members of SendMessage}, or a list of them
    for message in arg if isinstance(arg, list) else [arg]:
        out = sqs.send_message(QueueUrl=url(message.pop("queue")), **message)
        print(out["MessageId"])
elif command == "receive":  # a queue's name: waits for one message and prints it
    until = time.time() + 20
    while time.time() < until:
        out = sqs.receive_message(QueueUrl=url(arg), WaitTimeSeconds=1, AttributeNames=["All"])
        if out.get("Messages"):
            print(json.dumps(out["Messages"][0]))
            break
    else:
        sys.exit("no message in 20 s")
elif command == "count":  # a queue's name: how many messages there are, visible or not
    a = sqs.get_queue_attributes(QueueUrl=url(arg), AttributeNames=["All"])["Attributes"]
    print(int(a["ApproximateNumberOfMessages"]) + int(a["ApproximateNumberOfMessagesNotVisible"]))
elif command == "drain":  # a queue's name: takes all messages and prints their bodies
    queue, empty = url(arg), 0
    while empty < 3:  # three seconds: longer than the visibility timeout
        messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, MaxNumberOfMessages=10).get("Messages", [])
        empty = 0 if messages else empty + 1
        for m in messages:
            print(m["Body"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=m["ReceiptHandle"])
elif command == "delete":
    sqs.delete_queue(QueueUrl=url(arg))
else:
    sys.exit("unknown command " + command)
