"""What a user's program does, with boto3: it reads a command a line,
{"command": NAME, "endpoint": URL, "arg": ...}, and answers {"out": TEXT} or
{"error": TEXT}."""
import json
import sys
import time

import boto3

clients = {}


def create(sqs, _):
    """The queues of template.yaml, on a server that is not penstock."""
    for name in ("standard", "dead", "filtered", "ordered.fifo"):
        try:
            sqs.delete_queue(QueueUrl=url(sqs, name))
        except sqs.exceptions.QueueDoesNotExist:
            pass
    dead = sqs.create_queue(QueueName="dead")["QueueUrl"]
    arn = sqs.get_queue_attributes(QueueUrl=dead, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
    redrive = json.dumps({"deadLetterTargetArn": arn, "maxReceiveCount": 2})
    sqs.create_queue(QueueName="standard", Attributes={"VisibilityTimeout": "2", "RedrivePolicy": redrive})
    sqs.create_queue(QueueName="filtered", Attributes={"VisibilityTimeout": "2"})
    sqs.create_queue(QueueName="ordered.fifo", Attributes={
        "FifoQueue": "true", "ContentBasedDeduplication": "true", "VisibilityTimeout": "5"})


def delete(sqs, queue):
    sqs.delete_queue(QueueUrl=url(sqs, queue))


def send(sqs, messages):
    """{"queue": NAME, ...members of SendMessage}, or a list of them: their ids."""
    ids = []
    for message in messages if isinstance(messages, list) else [messages]:
        ids.append(sqs.send_message(QueueUrl=url(sqs, message.pop("queue")), **message)["MessageId"])
    return "\n".join(ids)


def receive(sqs, queue):
    """Waits for one message."""
    until = time.time() + 20
    while time.time() < until:
        out = sqs.receive_message(QueueUrl=url(sqs, queue), WaitTimeSeconds=1, AttributeNames=["All"])
        if out.get("Messages"):
            return json.dumps(out["Messages"][0])
    raise TimeoutError("no message in 20 s")


def empty(sqs, queue):
    """Waits until a queue holds nothing, visible or not: what it still holds."""
    until = time.time() + 10
    while True:
        a = sqs.get_queue_attributes(QueueUrl=url(sqs, queue), AttributeNames=["All"])["Attributes"]
        n = int(a["ApproximateNumberOfMessages"]) + int(a["ApproximateNumberOfMessagesNotVisible"])
        if n == 0 or time.time() > until:
            return str(n)
        time.sleep(0.1)


def drain(sqs, queue):
    """Takes all messages: their bodies."""
    queue, bodies, silent = url(sqs, queue), [], 0
    while silent < 3:  # three seconds: longer than the visibility timeout
        messages = sqs.receive_message(QueueUrl=queue, WaitTimeSeconds=1, MaxNumberOfMessages=10).get("Messages", [])
        silent = 0 if messages else silent + 1
        for m in messages:
            bodies.append(m["Body"])
            sqs.delete_message(QueueUrl=queue, ReceiptHandle=m["ReceiptHandle"])
    return "\n".join(bodies)


def url(sqs, name):
    return sqs.get_queue_url(QueueName=name)["QueueUrl"]


commands = {f.__name__: f for f in (create, delete, send, receive, empty, drain)}
for line in sys.stdin:
    asked = json.loads(line)
    endpoint = asked["endpoint"]
    if endpoint not in clients:
        clients[endpoint] = boto3.client("sqs", endpoint_url=endpoint, region_name="us-east-1",
                                         aws_access_key_id="test", aws_secret_access_key="test")
    try:
        answer = {"out": commands[asked["command"]](clients[endpoint], asked["arg"]) or ""}
    except Exception as e:  # the test says what it was
        answer = {"error": repr(e)}
    print(json.dumps(answer), flush=True)
