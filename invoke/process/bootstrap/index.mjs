// penstock's Lambda runtime client for Node, without packages: this file runs the
// function, host.mjs speaks with the host.
//
// It is used where AWS's own client (aws-lambda-ric) is not installed, and shows
// the function the same: context, callbacks, streams, errors, log forms.
import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import { Writable } from "node:stream";
import { describe, fault, headerText, logError, open, patchConsole, poll, postError, postResult, setRequest } from "./host.mjs";

const env = process.env;
const require = createRequire(import.meta.url);

// --- handler -----------------------------------------------------------------

const STREAMING = Symbol.for("aws.lambda.runtime.handler.streaming");
const HIGH_WATER = Symbol.for("aws.lambda.runtime.handler.streaming.highWaterMark");

function isModulePackage(file) {
  for (let dir = path.dirname(file); ; dir = path.dirname(dir)) {
    if (path.basename(dir) === "node_modules") return false;
    try {
      return JSON.parse(fs.readFileSync(path.join(dir, "package.json"), "utf8")).type === "module";
    } catch (e) {
      if (e instanceof SyntaxError) return false;
    }
    if (dir === path.dirname(dir)) return false;
  }
}

async function loadModule(root, dir, name) {
  const base = path.resolve(root, dir, name);
  const isFile = (p) => fs.existsSync(p) && fs.statSync(p).isFile();
  if (isFile(base)) return require(base);
  if (isFile(base + ".js")) return isModulePackage(base + ".js") ? import(pathToFileURL(base + ".js").href) : require(base + ".js");
  if (isFile(base + ".mjs")) return import(pathToFileURL(base + ".mjs").href);
  if (isFile(base + ".cjs")) return require(base + ".cjs");
  return require(require.resolve(path.join(dir, name), { paths: [root, path.join(root, dir)] }));
}

async function load(root, handler) {
  if (handler.includes("..")) {
    throw fault("MalformedHandlerName", `'${handler}' is not a valid handler name. Use absolute paths when specifying root directories in handler names.`);
  }
  const basename = path.basename(handler);
  const dir = handler.slice(0, handler.length - basename.length);
  const dot = basename.indexOf(".");
  if (dot < 1 || dot === basename.length - 1) throw fault("MalformedHandlerName", "Bad handler");
  const [name, nested] = [basename.slice(0, dot), basename.slice(dot + 1)];
  let module;
  try {
    const base = path.resolve(root, dir, name);
    const known = ["", ".js", ".mjs", ".cjs", "/index.js", "/package.json"].some((end) => fs.existsSync(base + end));
    if (!known) {
      const missing = new Error(`Cannot find module '${name}'\nRequire stack:\n- ${process.argv[1]}`);
      missing.code = "MODULE_NOT_FOUND";
      throw missing;
    }
    module = await loadModule(root, dir, name);
  } catch (e) {
    if (e instanceof SyntaxError) throw fault("UserCodeSyntaxError", String(e));
    if (e?.code === "MODULE_NOT_FOUND") throw fault("ImportModuleError", String(e));
    throw e;
  }
  const found = nested.split(".").reduce((value, key) => (value == null ? undefined : value[key]), module);
  if (found == null) throw fault("HandlerNotFound", `${handler} is undefined or not exported`);
  if (typeof found !== "function") throw fault("HandlerNotFound", `${handler} is not a function`);
  const major = parseInt((env.AWS_EXECUTION_ENV || "").split("nodejs")[1] || process.versions.node);
  if (major >= 24 && found.length >= 3 && found[STREAMING] !== "response") {
    throw fault("CallbackHandlerDeprecated",
      "ERROR: AWS Lambda has removed support for callback-based function handlers starting with Node.js 24. " +
      "You need to modify this function to use a supported handler signature to use Node.js 24 or later. " +
      "For more information see https://docs.aws.amazon.com/lambda/latest/dg/nodejs-handler.html.");
  }
  return found;
}

// --- streams -----------------------------------------------------------------

const PRELUDE_TYPE = "application/vnd.awslambda.http-integration-response";

function setGlobals() {
  if (["1", "true"].includes(env.AWS_LAMBDA_NODEJS_NO_GLOBAL_AWSLAMBDA)) return;
  globalThis.awslambda = {
    streamifyResponse(handler, options) {
      handler[STREAMING] = "response";
      if (options?.highWaterMark !== undefined) handler[HIGH_WATER] = parseInt(options.highWaterMark);
      return handler;
    },
    HttpResponseStream: class HttpResponseStream {
      static from(stream, prelude) {
        stream.setContentType(PRELUDE_TYPE);
        stream._onBeforeFirstWrite = (write) => {
          write(JSON.stringify(prelude));
          write(Buffer.alloc(8));
        };
        return stream;
      }
    },
  };
}

class ResponseStream extends Writable {
  constructor(id, highWaterMark) {
    super({ highWaterMark });
    this.type = "application/octet-stream";
    this.id = id;
    this.answered = new Promise((resolve) => (this.resolveAnswer = resolve));
  }

  setContentType(type) {
    if (this.request) throw new Error("Cannot set content-type, too late.");
    this.type = type;
  }

  // write takes objects as well, as JSON.
  write(chunk, encoding, done) {
    if (typeof chunk !== "string" && !Buffer.isBuffer(chunk) && !(chunk instanceof Uint8Array)) chunk = JSON.stringify(chunk);
    return super.write(chunk, encoding, done);
  }

  open() {
    if (this.request) return;
    this.request = open("POST", `invocation/${this.id}/response`, {
      "Lambda-Runtime-Function-Response-Mode": "streaming", "Content-Type": this.type, "Transfer-Encoding": "chunked",
      Trailer: ["Lambda-Runtime-Function-Error-Type", "Lambda-Runtime-Function-Error-Body"],
    }, (response) => {
      response.resume();
      response.on("end", this.resolveAnswer);
      response.on("error", this.resolveAnswer);
    });
    this.request.on("error", this.resolveAnswer);
    const before = this._onBeforeFirstWrite;
    this._onBeforeFirstWrite = undefined;
    before?.((part) => this.request.write(part));
  }

  _write(chunk, encoding, done) {
    this.open();
    this.request.write(chunk, done);
  }

  _final(done) {
    this.open();
    this.request.end(done);
  }

  // abort ends the answer with the error in its trailers.
  abort(error) {
    const said = describe(error);
    this.open();
    this.request.addTrailers({
      "Lambda-Runtime-Function-Error-Type": headerText(said.errorType),
      "Lambda-Runtime-Function-Error-Body": Buffer.from(JSON.stringify(said)).toString("base64"),
    });
    this.request.end();
  }
}

async function runStreaming(handler, id, event, context) {
  const stream = new ResponseStream(id, handler[HIGH_WATER]);
  try {
    const going = handler(event, stream, context);
    if (typeof going?.then !== "function") throw new Error("Streaming does not support non-async handlers.");
    const returned = await going;
    if (returned !== undefined) console.warn("Streaming handlers ignore return values.");
  } catch (e) {
    logError("Invoke Error", e);
    stream.abort(e);
  }
  // A stream that is never ended hangs until the deadline, as on AWS.
  await stream.answered;
}

// --- invocations -------------------------------------------------------------

// atRest is what happens when the event loop is empty.
let atRest;
process.on("beforeExit", () => {
  const f = atRest;
  atRest = undefined;
  f?.();
});

// run calls a handler and resolves when its answer was posted.
function run(handler, id, event, context) {
  return new Promise((resolve) => {
    let completed = false;
    const send = (error, result) => {
      if (dying) return;
      atRest = undefined;
      if (error !== null && error !== undefined) {
        logError("Invoke Error", error);
        postError(`invocation/${id}/error`, describe(error)).then(resolve);
        return;
      }
      let text;
      try {
        text = JSON.stringify(result === undefined ? null : result) ?? "null";
      } catch {
        const unable = new Error("Unable to stringify response body");
        logError("Invoke Error", unable);
        postError(`invocation/${id}/error`, describe(unable)).then(resolve);
        return;
      }
      postResult(id, text).then(resolve);
    };
    // complete ends the invocation: now, or once nothing else is pending.
    const complete = (error, result, now) => {
      if (completed) return;
      completed = true;
      if (now || error != null || !context.callbackWaitsForEmptyEventLoop) {
        atRest = undefined;
        // Anything thrown after a callback still belongs to this invocation.
        setImmediate(send, error, result);
      } else {
        atRest = () => send(null, result);
      }
    };
    context.succeed = (result) => complete(null, result, true);
    context.fail = (error) => complete(error ?? "handled", undefined, true);
    context.done = (error, result) => complete(error, result, true);
    atRest = () => {
      completed = true;
      send(null, null);
    };
    failCurrent = (error) => {
      completed = true;
      atRest = undefined;
      return postError(`invocation/${id}/error`, describe(error));
    };
    try {
      const returned = handler(event, context, (error, result) => complete(error, result, false));
      if (typeof returned?.then === "function") {
        returned.then((result) => complete(null, result, true), (error) => complete(error ?? "handled", undefined, true));
      }
    } catch (e) {
      complete(e, undefined, true);
    }
  });
}

function contextOf(headers) {
  const header = (name) => headers["lambda-runtime-" + name];
  const parsed = (name, what) => {
    const text = header(name);
    if (!text) return undefined;
    try {
      return JSON.parse(Buffer.from(text, "latin1").toString());
    } catch (e) {
      throw new Error(`Cannot parse ${what} as json: ${e}`);
    }
  };
  const deadline = Number(header("deadline-ms"));
  return {
    callbackWaitsForEmptyEventLoop: true,
    functionVersion: env.AWS_LAMBDA_FUNCTION_VERSION,
    functionName: env.AWS_LAMBDA_FUNCTION_NAME,
    memoryLimitInMB: env.AWS_LAMBDA_FUNCTION_MEMORY_SIZE,
    logGroupName: env.AWS_LAMBDA_LOG_GROUP_NAME,
    logStreamName: env.AWS_LAMBDA_LOG_STREAM_NAME,
    clientContext: parsed("client-context", "ClientContext"),
    identity: parsed("cognito-identity", "CognitoIdentity"),
    invokedFunctionArn: header("invoked-function-arn"),
    awsRequestId: header("aws-request-id"),
    tenantId: header("aws-tenant-id"),
    getRemainingTimeInMillis: () => deadline - Date.now(),
    succeed() {}, fail() {}, done() {},
  };
}

async function invoke(handler) {
  const { headers, body } = await poll();
  const id = headers["lambda-runtime-aws-request-id"];
  setRequest(id, headers["lambda-runtime-aws-tenant-id"]);
  const trace = headers["lambda-runtime-trace-id"];
  if (trace) env._X_AMZN_TRACE_ID = trace;
  else delete env._X_AMZN_TRACE_ID;
  failCurrent = (error) => postError(`invocation/${id}/error`, describe(error));
  let event, context;
  try {
    context = contextOf(headers);
    event = JSON.parse(body.toString());
  } catch (e) {
    logError("Invoke Error", e);
    await failCurrent(e);
    return;
  }
  if (handler[STREAMING] === "response") await runStreaming(handler, id, event, context);
  else await run(handler, id, event, context);
}

// failCurrent reports an error that nobody caught: of init, or of an invocation.
let failCurrent = (error) => postError("init/error", describe(error));

let dying = false;

function die(what, error, status) {
  if (dying) return;
  dying = true;
  logError(what, error);
  failCurrent(error).then(() => process.exit(status));
}

async function main() {
  const root = env.LAMBDA_TASK_ROOT || process.cwd();
  patchConsole();
  setGlobals();
  process.on("uncaughtException", (error) => die("Uncaught Exception", error, 129));
  process.on("unhandledRejection", (reason, promise) => {
    const error = fault("UnhandledPromiseRejection", String(reason));
    Object.assign(error, { reason, promise: {} });
    die("Unhandled Promise Rejection", error, 128);
  });
  let handler;
  try {
    handler = await load(root, process.argv[2] || env._HANDLER || "");
  } catch (e) {
    die(e?.name === "Runtime.CallbackHandlerDeprecated" ? "Init Error" : "Uncaught Exception", e, 129);
    return;
  }
  try {
    for (;;) await invoke(handler);
  } catch {
    process.exit(1); // the host is gone
  }
}

main();
