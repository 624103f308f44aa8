/** A list of matches as a file for a spreadsheet: RFC 4180, UTF-8. */

import { h } from "../dom.js";

const COLUMNS = [
  ["rank", (one) => one.rank],
  ["partner", (one) => one.partner],
  ["name", (one) => one.name],
  ["mutual", (one) => one.mutual],
  ["value_to_you", (one) => one.value_to_you],
  ["value_to_them", (one) => one.value_to_them],
  ["balance", (one) => one.balance],
  ["weaker_side", (one) => one.weaker_side],
  ["one_way_street", (one) => one.one_way_street],
  ["fit_type", (one) => one.fit_type],
  ["motions", (one) => one.motions.map((motion) => motion.name).join("; ")],
  ["categories", (one) => one.categories.join("; ")],
  ["size_band", (one) => one.size_band],
  ["confidence", (one) => one.confidence],
  ["stated_course", (one) => Boolean(one.stated_course)],
  ["reason_for_you", (one) => one.sides[0]?.sentence],
  ["reason_for_them", (one) => one.sides[1]?.sentence],
  ["chance", (one) => one.history?.chance],
  ["basis", (one) => one.basis],
  ["recommendation_id", (one) => one.recommendation_id],
];

/** The text of the file. */
export function csv(matches) {
  const rows = [COLUMNS.map(([name]) => name), ...matches.map((one) => COLUMNS.map(([, read]) => read(one)))];
  return rows.map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Give a text to the user as a file. */
export function download(name, text) {
  const href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/csv;charset=utf-8" }));
  const hidden = h("a", { href, download: name, hidden: true });
  document.body.append(hidden);
  hidden.click();
  hidden.remove();
  window.setTimeout(() => URL.revokeObjectURL(href), 10_000);
}

function cell(value) {
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const text = String(value ?? "");
  const safe = /^[=+\-@\t\r]/.test(text) ? `'${text}` : text; // a spreadsheet would run it as a formula
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
