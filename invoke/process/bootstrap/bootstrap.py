"""penstock's Lambda runtime client for Python: one file, standard library only.

It is used where AWS's own client (awslambdaric) cannot be imported, and shows
the function the same: context, errors, log forms, results.
"""
import http.client
import importlib
import json
import logging
import os
import sys
import time
import traceback
import uuid
from decimal import Decimal

API = "/2018-06-01/runtime/"
JSON_LOG = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
LOG_LEVEL = {"TRACE": "DEBUG"}.get(os.environ.get("AWS_LAMBDA_LOG_LEVEL", ""), os.environ.get("AWS_LAMBDA_LOG_LEVEL", "")).upper()
CLOCK = "%Y-%m-%dT%H:%M:%SZ"
request_id = None
tenant_id = None


class Fault(Exception):
    """A failure with an error type of the runtime's own."""

    def __init__(self, kind, message, trace=()):
        super().__init__(message)
        self.kind, self.message, self.trace = kind, message, list(trace)


# --- JSON -------------------------------------------------------------------

def _minor():
    name = os.environ.get("AWS_EXECUTION_ENV", "").rpartition("python3.")[2]
    return int(name) if name.isdigit() else sys.version_info[1]


class Encoder(json.JSONEncoder):
    """Writes a Decimal as a plain number: a mark first, replaced at the end."""

    def __init__(self):
        super().__init__(ensure_ascii=_minor() < 12)
        self.mark, self.numbers = uuid.uuid4().hex, []

    def default(self, o):
        if isinstance(o, Decimal):
            if o.is_nan():
                return float("nan")
            self.numbers.append(str(o))
            return "%s-%d" % (self.mark, len(self.numbers) - 1)
        return super().default(o)


plain = json.JSONEncoder(ensure_ascii=_minor() < 12, default=None)


def to_json(value):
    try:
        return plain.encode(value)
    except TypeError:
        encoder = Encoder()
        text = encoder.encode(value)
        for i, number in enumerate(encoder.numbers):
            text = text.replace('"%s-%d"' % (encoder.mark, i), number)
        return text


# --- log --------------------------------------------------------------------

class Unbuffered:
    def __init__(self, stream):
        self.stream = stream

    def __getattr__(self, name):
        return getattr(self.stream, name)

    def write(self, text):
        n = self.stream.write(text)
        self.stream.flush()
        return n

    def writelines(self, texts):
        self.stream.writelines(texts)
        self.stream.flush()


class Handler(logging.Handler):
    def emit(self, record):
        sys.stdout.write(self.format(record))


class RequestFilter(logging.Filter):
    def filter(self, record):
        record.aws_request_id, record.tenant_id = request_id or "", tenant_id
        return True


class JSONFormatter(logging.Formatter):
    # What every record has is not the caller's extra.
    own = set(vars(logging.makeLogRecord({}))) | {"message", "asctime", "aws_request_id", "tenant_id", "taskName"}

    def format(self, record):
        whole = isinstance(record.msg, dict) and not record.args
        out = {
            "timestamp": time.strftime(CLOCK, time.gmtime(record.created)),
            "level": logging.getLevelName(min(50, max(0, record.levelno)) // 10 * 10),
            "message": record.msg if whole else record.getMessage(),
            "logger": record.name,
        }
        if record.exc_info:
            out["stackTrace"] = traceback.format_tb(record.exc_info[2])
            out["errorType"] = record.exc_info[0].__name__ if record.exc_info[0] else None
            out["errorMessage"] = str(record.exc_info[1])
        out["requestId"] = record.aws_request_id
        if record.exc_info:
            out["location"] = "%s:%s:%s" % (record.pathname, record.funcName, record.lineno)
        if record.tenant_id is not None:
            out["tenantId"] = record.tenant_id
        for name, value in vars(record).items():
            if name not in self.own and name not in out:
                out[name] = value
        return json.dumps({k: v for k, v in out.items() if v is not None}, ensure_ascii=False, default=str) + "\n"


def set_up_logging():
    sys.stdout, sys.stderr = Unbuffered(sys.stdout), Unbuffered(sys.stderr)
    logging.Formatter.converter = time.gmtime
    handler = Handler()
    if JSON_LOG:
        handler.setFormatter(JSONFormatter())
    else:
        handler.setFormatter(logging.Formatter(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n", "%Y-%m-%dT%H:%M:%S"))
    handler.addFilter(RequestFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    if LOG_LEVEL == "FATAL" or LOG_LEVEL in logging._nameToLevel:
        root.setLevel("CRITICAL" if LOG_LEVEL == "FATAL" else LOG_LEVEL)


def log_error(error):
    if JSON_LOG:
        head = {"timestamp": time.strftime(CLOCK, time.gmtime()), "level": "ERROR"}
        sys.stdout.write(to_json({**head, **error}) + "\n")
        return
    parts = ["[ERROR]"]
    if error["errorType"]:
        parts.append(error["errorType"] + (":" if error["errorMessage"] else ""))
    if error["errorMessage"]:
        parts.append(error["errorMessage"])
    text = [" ".join(parts), "Traceback (most recent call last):"]
    for frame in error["stackTrace"]:
        for line in frame.splitlines() or [""]:
            bare = line.lstrip(" ")
            text.append("\u00a0" * (len(line) - len(bare)) + bare)
    # A carriage return breaks the line inside one log event.
    sys.stdout.write("\r".join(text) + "\n")


# --- errors -----------------------------------------------------------------

def frames_of(trace):
    """The frames of the function as (file, line, name, text), without those of
    this file on top. Not more: with the columns that Python 3.11 and later know,
    format_list marks a part of a line, which AWS's client does not."""
    frames = [(f.filename, f.lineno, f.name, f.line) for f in traceback.extract_tb(trace)]
    first = next((i for i, f in enumerate(frames) if f[0] != __file__), 0)
    return frames[first:]


def describe(exc, invocation=""):
    """Renders an exception as (error object, X-Ray cause)."""
    if isinstance(exc, Fault):
        kind, message, trace, frames = exc.kind, exc.message, exc.trace, []
    else:
        frames = frames_of(exc.__traceback__)
        kind, message, trace = type(exc).__name__, str(exc), traceback.format_list(frames)
    error = {"errorMessage": message, "errorType": kind, "requestId": invocation, "stackTrace": trace}
    cause = {
        "working_directory": os.getcwd(),
        "exceptions": [{
            "message": message,
            "type": "LambdaValidationError" if isinstance(exc, Fault) else kind,
            "stack": [{"label": name, "path": path, "line": line} for path, line, name, _ in frames],
        }],
        "paths": sorted({f[0] for f in frames}),
    }
    return error, cause


# --- Runtime API ------------------------------------------------------------

class Client:
    def __init__(self, address):
        self.connection = http.client.HTTPConnection(address)

    def call(self, method, path, expect, body=None, headers=None):
        self.connection.request(method, API + path, body, headers or {})
        response = self.connection.getresponse()
        data = response.read()
        if response.status != expect:
            raise RuntimeError("%s %s: status %d: %s" % (method, path, response.status, data[:1000]))
        return response.headers, data

    def post(self, path, body, kind="application/json", headers=None):
        self.call("POST", path, 202, body, {"Content-Type": kind, **(headers or {})})


# --- context ----------------------------------------------------------------

class Record:
    """An object with fixed attributes, taken from a dictionary."""

    __slots__ = ()

    def __init__(self, values):
        for name in self.__slots__:
            setattr(self, name, values.get(name))

    def __repr__(self):
        return "%s([%s])" % (type(self).__name__, ",".join("%s=%s" % (n, getattr(self, n)) for n in self.__slots__))


class CognitoIdentity(Record):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class Client_(Record):
    __slots__ = ("installation_id", "app_title", "app_version_name", "app_version_code", "app_package_name")
    __qualname__ = __name__ = "Client"


class ClientContext(Record):
    __slots__ = ("custom", "env", "client")


class LambdaContext:
    def __init__(self, headers):
        env = os.environ.get
        self.aws_request_id = headers.get("Lambda-Runtime-Aws-Request-Id")
        self.log_group_name = env("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = env("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = env("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = env("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("Lambda-Runtime-Invoked-Function-Arn")
        self.tenant_id = headers.get("Lambda-Runtime-Aws-Tenant-Id")
        self._deadline = int(headers.get("Lambda-Runtime-Deadline-Ms", 0))
        self._w3c = {}
        self.client_context = self._client(self._parse(headers, "Client Context"))
        identity = self._parse(headers, "Cognito Identity") or {}
        self.identity = CognitoIdentity({
            "cognito_identity_id": identity.get("cognitoIdentityId"),
            "cognito_identity_pool_id": identity.get("cognitoIdentityPoolId"),
        })

    @staticmethod
    def _parse(headers, name):
        text = headers.get("Lambda-Runtime-" + name.replace(" ", "-"))
        if not text:
            return None
        try:
            # The header is UTF-8; http.client reads headers as Latin-1.
            return json.loads(text.encode("latin-1"))
        except Exception as e:
            raise Fault("Runtime.LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (name, e))

    def _client(self, values):
        if values is None:
            return None
        carried = values.pop("w3c", None)
        if isinstance(carried, dict):
            for name in ("traceparent", "tracestate", "baggage"):
                if isinstance(carried.get(name), str):
                    self._w3c[name] = carried[name]
        context = ClientContext(values)
        if context.client is not None:
            context.client = Client_(context.client)
        return context

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline - int(time.time() * 1000))

    def w3c(self):
        return dict(self._w3c)

    def log(self, msg):
        sys.stdout.write(str(msg))

    def __repr__(self):
        names = ("aws_request_id", "log_group_name", "log_stream_name", "function_name", "memory_limit_in_mb",
                 "function_version", "invoked_function_arn", "client_context", "identity", "tenant_id")
        return "LambdaContext([%s])" % ",".join("%s=%s" % (n, getattr(self, n)) for n in names)


# --- handler ----------------------------------------------------------------

def load(handler):
    try:
        module_name, function_name = handler.rsplit(".", 1)
    except ValueError as e:
        raise Fault("Runtime.MalformedHandlerName", "Bad handler '%s': %s" % (handler, e))
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise Fault("Runtime.BuiltInModuleConflict", "Cannot use built-in module %s as a handler module" % module_name)
    try:
        module = importlib.import_module(module_name.replace("/", "."))
    except ImportError as e:
        raise Fault("Runtime.ImportModuleError", "Unable to import module '%s': %s" % (module_name, e))
    except SyntaxError as e:
        place = '  File "%s" Line %s\n    %s' % (e.filename, e.lineno, e.text)
        raise Fault("Runtime.UserCodeSyntaxError", "Syntax error in module '%s': %s" % (module_name, e), [place])
    if not hasattr(module, function_name):
        raise Fault("Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (function_name, module_name))
    return getattr(module, function_name)


def run(handler, headers, body):
    """Calls the handler; returns (result bytes, content type)."""
    context = LambdaContext(headers)
    event = body
    if headers.get("Content-Type") == "application/json":
        try:
            event = json.loads(body)
        except Exception as e:
            raise Fault("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % e)
    result = handler(event, context)
    if isinstance(result, bytes):
        return result, "application/unknown"
    try:
        return to_json(result).encode(), "application/json"
    except Exception as e:
        raise Fault("Runtime.MarshalError", "Unable to marshal response: %s" % e)


def serve(handler, client):
    global request_id, tenant_id
    while True:
        headers, body = client.call("GET", "invocation/next", 200)
        request_id = headers["Lambda-Runtime-Aws-Request-Id"]
        tenant_id = headers.get("Lambda-Runtime-Aws-Tenant-Id")
        trace = headers.get("Lambda-Runtime-Trace-Id")
        if trace:
            os.environ["_X_AMZN_TRACE_ID"] = trace
        else:
            os.environ.pop("_X_AMZN_TRACE_ID", None)
        try:
            result, kind = run(handler, headers, body)
        except Exception as exc:
            error, cause = describe(exc, request_id)
            log_error(error)
            xray = json.dumps(cause)
            client.post("invocation/%s/error" % request_id, to_json(error).encode(), headers=(
                {"Lambda-Runtime-Function-XRay-Error-Cause": xray} if len(xray) < 1 << 20 else None))
        else:
            client.post("invocation/%s/response" % request_id, result, kind)


def main():
    # The first place to import from is the code, not this file's folder.
    sys.path[0] = os.getcwd()
    set_up_logging()
    client = Client(os.environ["AWS_LAMBDA_RUNTIME_API"])
    try:
        handler = load(sys.argv[1] if len(sys.argv) > 1 else os.environ.get("_HANDLER", ""))
    except Exception as exc:
        logging.warning(
            "LAMBDA_WARNING: Unhandled exception. The most likely cause is an issue in the function code.")
        error, _ = describe(exc)
        log_error(error)
        client.post("init/error", to_json(error).encode(), headers={"Lambda-Runtime-Function-Error-Type": error["errorType"]})
        sys.exit(1)
    serve(handler, client)


if __name__ == "__main__":
    main()
