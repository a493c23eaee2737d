exports.handler = async (event) => {
  console.log("EVENT " + JSON.stringify(event));
};
