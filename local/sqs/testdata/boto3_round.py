"""The main operations of SQS with boto3, against the endpoint given as argument.

Prints nothing and exits 0 when all is as it should be.
"""
import sys
import time

import boto3
from botocore.config import Config

endpoint, prefix, strict = sys.argv[1], sys.argv[2], sys.argv[3] == "strict"
sqs = boto3.client(
    "sqs", endpoint_url=endpoint, region_name="us-east-1",
    aws_access_key_id="any", aws_secret_access_key="any",
    config=Config(retries={"max_attempts": 1}, proxies={}),
)


def equal(what, got, want):
    if got != want:
        sys.exit(f"{what}: {got!r}, want {want!r}")


url = sqs.create_queue(QueueName=prefix + "boto", Attributes={"VisibilityTimeout": "2"})["QueueUrl"]
equal("url", sqs.get_queue_url(QueueName=prefix + "boto")["QueueUrl"], url)
equal("listed", sqs.list_queues(QueueNamePrefix=prefix + "boto")["QueueUrls"], [url])
equal("timeout", sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["VisibilityTimeout"])["Attributes"], {"VisibilityTimeout": "2"})
sqs.tag_queue(QueueUrl=url, Tags={"team": "orders"})
equal("tags", sqs.list_queue_tags(QueueUrl=url)["Tags"], {"team": "orders"})

attributes = {"kind": {"DataType": "String", "StringValue": "é"}, "raw": {"DataType": "Binary", "BinaryValue": b"\x00\xff"}}
sent = sqs.send_message(QueueUrl=url, MessageBody="hello <é> \U0001F600", MessageAttributes=attributes)
got = sqs.receive_message(QueueUrl=url, MessageAttributeNames=["All"], AttributeNames=["All"], WaitTimeSeconds=5)["Messages"]
equal("messages", len(got), 1)
equal("id", got[0]["MessageId"], sent["MessageId"])
equal("body", got[0]["Body"], "hello <é> \U0001F600")
equal("attributes", got[0]["MessageAttributes"], attributes)
equal("digest", got[0]["MD5OfMessageAttributes"], sent["MD5OfMessageAttributes"])
equal("receives", got[0]["Attributes"]["ApproximateReceiveCount"], "1")
equal("hidden", sqs.receive_message(QueueUrl=url).get("Messages", []), [])
sqs.change_message_visibility(QueueUrl=url, ReceiptHandle=got[0]["ReceiptHandle"], VisibilityTimeout=0)
again = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5, AttributeNames=["ApproximateReceiveCount"])["Messages"][0]
equal("receives", again["Attributes"]["ApproximateReceiveCount"], "2")
sqs.delete_message(QueueUrl=url, ReceiptHandle=again["ReceiptHandle"])

batch = sqs.send_message_batch(QueueUrl=url, Entries=[{"Id": str(i), "MessageBody": f"m{i}"} for i in range(10)])
equal("sent", len(batch["Successful"]), 10)
seen = set()
for _ in range(20):
    messages = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=1).get("Messages", [])
    seen.update(m["Body"] for m in messages)
    if messages:
        entries = [{"Id": str(i), "ReceiptHandle": m["ReceiptHandle"]} for i, m in enumerate(messages)]
        equal("deleted", sqs.delete_message_batch(QueueUrl=url, Entries=entries).get("Failed", []), [])
    if len(seen) == 10:
        break
equal("bodies", seen, {f"m{i}" for i in range(10)})

sqs.send_message(QueueUrl=url, MessageBody="later", DelaySeconds=1)
start = time.monotonic()
equal("delayed", sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5)["Messages"][0]["Body"], "later")
if time.monotonic() - start < 0.5:
    sys.exit("the delayed message came at once")
sqs.purge_queue(QueueUrl=url)

fifo = sqs.create_queue(QueueName=prefix + "boto.fifo", Attributes={"FifoQueue": "true", "ContentBasedDeduplication": "true"})["QueueUrl"]
for body in ["a", "a", "b"]:
    sqs.send_message(QueueUrl=fifo, MessageBody=body, MessageGroupId="g")
equal("order", [m["Body"] for m in sqs.receive_message(QueueUrl=fifo, MaxNumberOfMessages=10)["Messages"]], ["a", "b"])

for name in [url, fifo]:
    sqs.delete_queue(QueueUrl=name)
try:
    sqs.send_message(QueueUrl=url, MessageBody="x")
    sys.exit("a deleted queue takes messages")
except sqs.exceptions.QueueDoesNotExist as e:
    if strict:
        equal("code", e.response["Error"]["Code"], "AWS.SimpleQueueService.NonExistentQueue")
        equal("shape", e.response["Error"]["QueryErrorCode"], "QueueDoesNotExist")
        equal("fault", e.response["Error"]["Type"], "Sender")
