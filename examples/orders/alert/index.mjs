// Raises alerts. An ordinary Lambda function.
export const handler = async (event) => {
  for (const record of event.Records) {
    const { level, text } = JSON.parse(record.body);
    console.log(`${level.toUpperCase()}: ${text}`);
  }
};
