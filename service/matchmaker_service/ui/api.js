/** The service behind the page: its envelope, its problems, its key. */

const KEY = "matchmaker.key";

/** An answer that is none: RFC 9457, or no answer at all (status 0). */
class Problem extends Error {
  constructor(status, { detail, code = "unreachable", instance = null, errors = [] }) {
    super(detail);
    Object.assign(this, { status, code, instance, errors });
  }

  /** Whether the service wants another key. */
  get locked() {
    return this.status === 401;
  }
}

/** The envelope {data, pagination, warnings, meta} of a path; params: lists are sent as repeated parameters. */
export function get(path, params = {}, signal = undefined) {
  const pairs = Object.entries(params).flatMap(([name, value]) => [value].flat().map((one) => [name, one]));
  const query = new URLSearchParams(pairs.filter(([, value]) => value !== null && value !== undefined && value !== ""));
  return asked(pairs.length ? `${path}?${query}` : path, { signal });
}

/** The envelope that answers a body. */
export function post(path, body, signal = undefined) {
  const headers = { "Content-Type": "application/json" };
  return asked(path, { method: "POST", headers, body: JSON.stringify(body), signal });
}

/** Use this API key until the tab is closed. */
export function unlock(key) {
  sessionStorage.setItem(KEY, key);
}

/** A partner's address in the service. */
export function partnerPath(id, ...rest) {
  return ["v1/partners", encodeURIComponent(id), ...rest].join("/");
}

async function asked(path, request) {
  const key = sessionStorage.getItem(KEY);
  const headers = { Accept: "application/json", ...request.headers, ...(key ? { "X-API-Key": key } : {}) };
  let reply;
  try {
    reply = await fetch(path, { ...request, headers });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { detail: "The service does not answer. Check that it runs and that you are connected, then try again." });
  }
  const told = await reply.json().catch(() => null);
  if (reply.ok && told) return told;
  throw new Problem(reply.status, told?.detail ? told : { detail: `The service answered ${reply.status} without saying why.` });
}
