/** Numbers as people read them. */

const WHOLE = new Intl.NumberFormat("en");

/** A share in [0, 1) as a whole number from 0 to 99, rounded down near the top: nothing is better than all. */
export function hundredths(share) {
  return String(Math.min(Math.round(share * 100), 99));
}

/** A share in [0, 1] with one decimal, of 100. */
export function finely(share) {
  return (Math.floor(share * 1000) / 10).toFixed(1);
}

/** A share in [0, 1] as a percentage. */
export function percent(share) {
  return `${Math.round(share * 100)} %`;
}

/** A whole number with separators. */
export function count(number) {
  return WHOLE.format(number);
}

/** A number and its noun. */
export function counted(number, one, many = `${one}s`) {
  return `${count(number)} ${number === 1 ? one : many}`;
}

/** A size band in words; null when it is not known. */
export function band(named) {
  return named ? `${named.replace("-", "–").replaceAll("k", "K").replace("m", "M")} customers` : null;
}

/** What a value says, in a sentence. */
export function valueTold(share, name) {
  const rank = `worth more to ${name} than ${hundredths(share)} of 100 of its possible partners`;
  return `${share.toFixed(3)}: ${rank}. A rank, no probability.`;
}

/** A list as a phrase: a, b and c. */
export function phrase(words) {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** A number with at most two decimals below a hundred, and none above. */
export function rounded(number) {
  return number < 100 && !Number.isInteger(number) ? String(Math.round(number * 100) / 100) : count(Math.round(number));
}

/** Effort in pieces of work. */
export function pieces(effort) {
  return `${rounded(effort)} ${effort === 1 ? "piece" : "pieces"}`;
}

/** A lower bound in words. */
export function atLeast(bound) {
  return `at least ${bound < 100 ? (Math.floor(bound * 10) / 10).toFixed(1) : count(Math.floor(bound))}`;
}

/** Words of an answer as a sentence. */
export function sentence(text) {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}

/** A chance: never quite certain, never quite impossible. */
export function chanceTold(chance) {
  if (chance > 0.99) return "> 99 %";
  return chance < 0.01 ? "< 1 %" : percent(chance);
}

const DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });
const MONTH = new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric", timeZone: "UTC" });

/** A day such as 2025-10-13 as people write it. */
export function day(text) {
  return DAY.format(Date.parse(text));
}

/** The month of a day. */
export function month(text) {
  return MONTH.format(Date.parse(text));
}
