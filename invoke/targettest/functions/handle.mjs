// The function of the target suite, as targettest.Handle in Go.
export const handler = async (event, context) => {
  switch (event?.do) {
    case "fail":
      throw new Error(event.message);
    case "sleep":
      await new Promise((done) => setTimeout(done, event.ms));
      break;
    case "big":
      return "x".repeat(event.bytes - 2);
    case "id":
      return context.awsRequestId;
  }
  return event;
};
