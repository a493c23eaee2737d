// What penstock's Lambda runtime client for Node tells its host: the calls of the
// Runtime API, errors in the form that API takes, and lines of log.
import fs from "node:fs";
import http from "node:http";
import util from "node:util";

const env = process.env;
const [host, port] = env.AWS_LAMBDA_RUNTIME_API.split(":");
const agent = new http.Agent({ keepAlive: true, maxSockets: 4 });

// --- Runtime API -------------------------------------------------------------

// open begins a request of the Runtime API; the caller writes its body and ends it.
export function open(method, target, headers, received) {
  return http.request({ host, port, agent, method, path: "/2018-06-01/runtime/" + target, headers }, received);
}

function call(method, target, body, headers = {}) {
  return new Promise((resolve, reject) => {
    if (body !== undefined) headers["Content-Length"] = Buffer.byteLength(body);
    const request = open(method, target, headers, (response) => {
      const parts = [];
      response.on("data", (part) => parts.push(part));
      response.on("end", () => resolve({ status: response.statusCode, headers: response.headers, body: Buffer.concat(parts) }));
      response.on("error", reject);
    });
    request.on("error", reject);
    request.end(body);
  });
}

export async function poll() {
  const response = await call("GET", "invocation/next");
  if (response.status !== 200) throw new Error("next: status " + response.status);
  return response;
}

export function postResult(id, text) {
  // A refused answer (413) is the host's to report; the next poll follows.
  return call("POST", `invocation/${id}/response`, text, { "Content-Type": "application/json" }).catch(() => {});
}

export function postError(target, error) {
  const headers = { "Content-Type": "application/json", "Lambda-Runtime-Function-Error-Type": headerText(error.errorType) };
  if (target !== "init/error") {
    delete headers["Lambda-Runtime-Function-Error-Type"];
    const cause = JSON.stringify(xrayCause(error)).replace(/[^\x20-\x7e]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
    if (cause.length < 1 << 20) headers["Lambda-Runtime-Function-XRay-Error-Cause"] = cause;
  }
  return call("POST", target, JSON.stringify(error), headers).catch(() => {});
}

export const headerText = (text) => String(text).replace(/[^\x20-\x7e]/g, "?");

// --- errors ------------------------------------------------------------------

const isError = (e) => e instanceof Error || (e != null && typeof e === "object" && "name" in e && "message" in e && "stack" in e);
const clean = (text) => String(text ?? "").replace(/\x7f/g, "%7F");

export function describe(error) {
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

export function fault(name, message) {
  const error = new Error(message);
  // As in AWS's client the name is none of the error's own properties: those are
  // what the log shows beside the type.
  Object.defineProperty(error, "name", { value: "Runtime." + name });
  error.stack = `${error.name}: ${message}` + error.stack.slice(error.stack.indexOf("\n"));
  return error;
}

// forLog renders an error with its own properties, as the log shows it.
function forLog(error) {
  if (!isError(error)) return describe(error);
  const out = { errorType: error.name, errorMessage: error.message, code: error.code, ...error };
  if (typeof error.stack === "string") out.stack = error.stack.split("\n");
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

// setRequest says which invocation the lines that follow belong to.
export function setRequest(id, tenant) {
  [requestId, tenantId] = [id, tenant];
}

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

export function patchConsole() {
  const names = { trace: "TRACE", debug: "DEBUG", log: "INFO", info: "INFO", warn: "WARN", error: "ERROR", fatal: "FATAL" };
  for (const [name, level] of Object.entries(names)) {
    console[name] = LEVELS.indexOf(level) < lowest ? () => {} : jsonLog ? (...args) => logJSON(level, args) : (...args) => logText(level, util.format(...args));
  }
}

export function logError(what, error) {
  if (jsonLog) logJSON("ERROR", [isError(error) ? error : describe(error)]);
  else logText("ERROR", `${what} \t${safeJSON(forLog(error))}`);
}
