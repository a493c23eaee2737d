"""Ships parcels. An ordinary Lambda function."""


def handler(event, context):
    for record in event["Records"]:
        parcel = record["attributes"]["MessageGroupId"]
        print(f"parcel {parcel}: {record['body']}")
