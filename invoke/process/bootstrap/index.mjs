// penstock's Lambda runtime client for Node: one file, no packages.
//
// It is used where AWS's own client (aws-lambda-ric) is not installed, and shows
// the function the same: context, callbacks, streams, errors, log forms.
import fs from "node:fs";
import http from "node:http";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";
import util from "node:util";
import { Writable } from "node:stream";

const env = process.env;
const require = createRequire(import.meta.url);
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });
const API = "/2018-06-01/runtime/";

// --- Runtime API -------------------------------------------------------------

function call(method, target, body, headers = {}) {
  return new Promise((resolve, reject) => {
    if (body !== undefined) headers["Content-Length"] = Buffer.byteLength(body);
    const request = http.request({ host, port, method, path: API + target, agent, headers }, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

async function poll() {
  const response = await call("GET", "invocation/next");
  if (response.status !== 200) throw new Error("next: status " + response.status);
  return response;
}

function postResult(id, text) {
  // A refused answer (413) is the host's to report; the next poll follows.
  return call("POST", `invocation/${id}/response`, text, { "Content-Type": "application/json" }).catch(() => {});
}

function postError(target, error) {
  const headers = { "Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": headerText(error.errorType) };
  if (target !== "init/error") {
    delete headers["Lambda-Runtime-Function-Error-Type"];
    const cause = JSON.stringify(xrayCause(error)).replace(/[^\x20-\x7e]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
    if (cause.length < 1 << 20) headers["Lambda-Runtime-Function-XRay-Error-Cause"] = cause;
  }
  return call("POST", target, JSON.stringify(error), headers).catch(() => {});
}

const headerText = (text) => String(text).replace(/[^\x20-\x7e]/g, "?");

// --- errors ------------------------------------------------------------------

const isError = (e) => e instanceof Error || (e != null && typeof e === "object" && "name" in e && "message" in e && "stack" in e);
const clean = (text) => String(text ?? "").replace(/\x7f/g, "%7F");

function describe(error) {
  try {
    if (isError(error)) {
      return { errorType: clean(error.name), errorMessage: clean(error.message), trace: clean(error.stack).split("\n") };
    }
    return { errorType: typeof error, errorMessage: String(error), trace: [] };
  } catch {
    return { errorType: "handled", errorMessage: "callback called with Error argument, but there was a problem while retrieving one or more of its message, name, and stack", trace: [] };
  }
}

function xrayCause(error) {
  const stack = error.trace.slice(1).map((line) => {
    const m = /^\s*at (?:(.*) \()?(.*?):(\d+):\d+\)?$/.exec(line);
    return m ? { path: m[2], line: Number(m[3]), label: m[1] || "anonymous" } : { path: "", line: 0, label: line.trim() };
  });
  return {
    working_directory: process.cwd(),
    exceptions: [{ type: error.errorType, message: error.errorMessage, stack }],
    paths: [...new Set(stack.map((s) => s.path).filter(Boolean))],
  };
}

function fault(name, message) {
  const error = new Error(message);
  error.name = "Runtime." + name;
  error.stack = `${error.name}: ${message}` + error.stack.slice(error.stack.indexOf("\n"));
  return error;
}

// forLog renders an error with its own properties, as the log shows it.
function forLog(error) {
  if (!isError(error)) return describe(error);
  const out = { errorType: error.name, errorMessage: error.message };
  if (error.code !== undefined) out.code = error.code;
  for (const [name, value] of Object.entries(error)) out[name] ??= value;
  out.stack = String(error.stack ?? "").split("\n");
  return out;
}

function safeJSON(value) {
  const seen = new WeakSet();
  return JSON.stringify(value, (_, v) => {
    if (typeof v === "bigint") return v.toString();
    if (v instanceof Error) return forLog(v);
    if (v !== null && typeof v === "object") {
      if (seen.has(v)) return "[Circular]";
      seen.add(v);
    }
    return v;
  });
}

// --- log ---------------------------------------------------------------------

const jsonLog = (env.AWS_LAMBDA_LOG_FORMAT || "").toUpperCase() === "JSON";
const LEVELS = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const lowest = jsonLog ? Math.max(0, LEVELS.indexOf(env.AWS_LAMBDA_LOG_LEVEL)) : 0;
let requestId;
let tenantId;

// Written at once: the process may end with the next line.
function emit(text) {
  const bytes = Buffer.from(text + "\n");
  for (let at = 0; at < bytes.length; ) {
    try {
      at += fs.writeSync(1, bytes, at);
    } catch (e) {
      if (e.code !== "EAGAIN") throw e;
    }
  }
}

function logText(level, text) {
  emit(`${new Date().toISOString()}\t${requestId}\t${level}\t${text}`.replace(/\n/g, "\r"));
}

function logJSON(level, args) {
  const record = { timestamp: new Date().toISOString(), level };
  if (requestId !== undefined) record.requestId = requestId;
  if (tenantId !== undefined) record.tenantId = tenantId;
  const asError = (e) => ({ errorType: e.name, errorMessage: e.message, stackTrace: String(e.stack ?? "").split("\n").slice(1).map((l) => l.trim()) });
  if (args.length === 1) {
    record.message = args[0] instanceof Error ? asError(args[0]) : args[0];
    try {
      if (record.message !== undefined && JSON.stringify(record.message) !== undefined) return emit(JSON.stringify(record));
    } catch {
      // circular: as text below
    }
  }
  record.message = util.format(...args);
  const error = args.find((a) => a instanceof Error);
  if (error) Object.assign(record, asError(error));
  emit(JSON.stringify(record));
}

function patchConsole() {
  const names = { trace: "TRACE", debug: "DEBUG", log: "INFO", info: "INFO", warn: "WARN", error: "ERROR", fatal: "FATAL" };
  for (const [name, level] of Object.entries(names)) {
    console[name] = LEVELS.indexOf(level) < lowest ? () => {} : jsonLog ? (...args) => logJSON(level, args) : (...args) => logText(level, util.format(...args));
  }
}

function logError(what, error) {
  if (jsonLog) logJSON("ERROR", [isError(error) ? error : describe(error)]);
  else logText("ERROR", `${what} \t${safeJSON(forLog(error))}`);
}

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
    this.request = http.request({
      host, port, agent, method: "POST", path: `${API}invocation/${this.id}/response`,
      headers: {
        "Lambda-Runtime-Function-Response-Mode": "streaming", "Content-Type": this.type, "Transfer-Encoding": "chunked",
        Trailer: ["Lambda-Runtime-Function-Error-Type", "Lambda-Runtime-Function-Error-Body"],
      },
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
  const id = (requestId = headers["lambda-runtime-aws-request-id"]);
  tenantId = headers["lambda-runtime-aws-tenant-id"];
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
