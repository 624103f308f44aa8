/** What the words and numbers of an answer mean, in plain English. */

/** Fit types. */
export const FITS = {
  complement: { name: "Complement", tells: "Near audiences and different capabilities: each adds what the other lacks." },
  competitor: { name: "Rival", tells: "Near audiences and the same capabilities. Working with a rival is legal, and at times wise." },
  expansion: { name: "Expansion", tells: "The same capabilities for another audience: a way into a new market." },
  stretch: { name: "Stretch", tells: "Another audience and other capabilities: far from home, with few proofs." },
};

/** What two partners could do together. */
export const MOTIONS = {
  technology: { name: "Any technology partnership", tells: "What is built together." },
  strategic: { name: "Any strategic partnership", tells: "What is sold or told together." },
  integrate: { name: "Integrate", tells: "Connect the two products." },
  "co-market": { name: "Co-market", tells: "Speak to a shared audience together." },
  "co-sell": { name: "Co-sell", tells: "Sell together: each side meets goals of the other." },
  refer: { name: "Refer", tells: "Send customers to one another: one audience, different capabilities." },
};

/** Kinds of evidence, in the order in which they are shown. */
export const KINDS = {
  gain: { name: "Goals met", tells: "Goals of this side that capabilities of the other side meet, beyond what it has already." },
  audience: { name: "Audience", tells: "Both say that they serve the same customers." },
  overlap: { name: "Shared accounts", tells: "Customers in common beyond chance. Known only where accounts were given." },
  lexical: { name: "Same words", tells: "Specific words that both profiles use." },
  topic: { name: "Same topics", tells: "Whole profiles that mean alike things." },
  summary: { name: "Same summary", tells: "Names and descriptions that mean alike things." },
  category: { name: "Category", tells: "The same categories." },
  fit: { name: "Practical fit", tells: "Regions, customer sizes, industries and connections that go together." },
  distinct: { name: "Unlike offers", tells: "Capabilities that do not stand in for one another." },
};

/** Where a facet of a profile comes from. */
export const SOURCES = {
  stated: { name: "Stated", tells: "In the partner's own words." },
  inferred: { name: "Inferred", tells: "Read out of the description, since the partner states none." },
  peers: { name: "From peers", tells: "The partner states none. These are typical of its category, and stand in." },
  none: { name: "Unknown", tells: "The partner states none, and nothing stands in." },
};

/** Kinds of known relations. */
export const RELATIONS = {
  partnership: "Partnership",
  integration: "Integration",
  competitor: "Rivalry",
  acquisition: "Acquisition",
};

/** What a search found a partner by. */
export const FOUND = {
  exact: "the exact name",
  prefix: "how it begins",
  words: "words of the name",
  fuzzy: "a similar spelling",
  domain: "its domain",
  meaning: "what it does",
};

/** Numbers of a match: what each of them says. */
export const NUMBERS = [
  ["Value (0 to 100)", "Where this pair stands among all pairs of the side that gets the value. 62 means: worth more than 62 of 100 "
    + "of its possible partners. It is a rank, no probability of success."],
  ["Mutual value", "What the pair is worth to both (the harmonic mean of both values): high only when both values are. A match is worth what its weaker side gets."],
  ["Balance", "The smaller value divided by the larger one. 100 % is even."],
  ["Weaker side", "The side that gets less. Its reasons decide whether the partnership lasts."],
  ["One-way street", "The weaker side is below 50, and 25 or more behind the other. Shown, never hidden in one number."],
  ["Confidence", "How much both profiles say, not how good the match is."],
  ["Stated course", "Each side states a goal that leads into the other. Stated, not observed."],
  ["Declared weights", "Values follow from declared weights. Where nothing was learned from past partnerships, so does the order "
    + "(“basis: prior”)."],
  ["Chance", "Only where something was learned: the share of such pairs that turned out to be partners when part of the history was "
    + "kept back. No probability of success."],
];

/** Whether there is a clear market for an integration. */
export const MARKETS = {
  yes: { kind: "good", name: "Clear market: yes", tells: "At least two sources that rest on different things speak for it, and few pairs that are as well known stand higher." },
  no: { kind: "warn", name: "Clear market: no", tells: "Nothing speaks for it, and at least two sources speak against it." },
  unknown: { kind: "plain", name: "Clear market: unknown", tells: "Too little is known either way. That is no no." },
};

/** Whether two interfaces can be connected. */
export const READINESS = {
  ready: { kind: "good", name: "Interfaces: ready", tells: "An event of one side meets an operation of the other, or an integration is in force." },
  "needs work": { kind: "warn", name: "Interfaces: need work", tells: "There is a way, and something has to be built first." },
  blocked: { kind: "warn", name: "Interfaces: blocked", tells: "Nothing that one side has can be taken in by the other." },
  unknown: { kind: "plain", name: "Interfaces: unknown", tells: "A side states neither events nor operations." },
};

/** How much a gap between two interfaces matters. */
export const SEVERITIES = {
  blocking: { kind: "warn", name: "Blocking", tells: "Nothing passes before this is there." },
  major: { kind: "warn", name: "Major", tells: "It has to be built before the thing can pass." },
  minor: { kind: "plain", name: "Minor", tells: "A connector can make up for it." },
  open: { kind: "plain", name: "Open", tells: "Nobody has said; it is to be found out." },
};

/** Kinds of evidence for a missing integration. */
export const EVIDENCE = {
  profiles: "Profiles", goals: "Stated goals", peers: "Look-alikes", surroundings: "Partners in common", demand: "Counted demand", audience: "Shared accounts",
};

/** What an account is to a partner. */
export const POPULATIONS = { customer: "Customers", prospect: "Prospects", opportunity: "Opportunities" };

/** Who can introduce whom to accounts, by the names of both. */
export const QUADRANTS = {
  both: () => "Both ways",
  "you give": (ours) => `${ours} gives`,
  "you get": (ours) => `${ours} gets`,
  neither: () => "Neither way",
};

/** Words and numbers of missing integrations. */
export const GAP_TERMS = [
  ["Clear market", "Yes only where at least two sources that rest on different things speak for it. Unknown is the rule, and is no no."],
  ["Counted demand", "Requests, workflows, deals that somebody counted, each source in its own unit and never added up. The lower bound is "
    + "what the true rate exceeds in 95 of 100 cases."],
  ["By analogy", "Links with partners like this one. Not counted demand."],
  ["Effort in pieces", "One piece is one event, one operation or the mapping of one thing. A count of things to build, not of days."],
  ["Rivals with it", "Rivals and look-alikes of the partner that have this integration already."],
  ["What it opens", "Partners of the other side that this one has no link with, the likeliest first."],
];

/** Facets in which partners move. */
export const MOVES = {
  audience: "Who they serve", capabilities: "What they offer", goals: "What they want", "audience shares": "Shares of customers",
};

/** How two partners move to one another. */
export const VERDICTS = {
  converging: { kind: "warn", name: "Coming closer", tells: "Their distance shrinks, as surely as four cases in five can tell." },
  diverging: { kind: "plain", name: "Moving apart", tells: "Their distance grows, as surely as four cases in five can tell." },
  parallel: { kind: "plain", name: "Keeping their distance", tells: "It changes by less than a tenth within the horizon." },
  "insufficient data": { kind: "plain", name: "Not to be told", tells: "Too few snapshots, or too little motion to tell from noise." },
};

/** What kind of meeting it is. */
export const MEETINGS = {
  "partner now": { name: "Partner now", tells: "Both come to serve the same customers, with different things." },
  "future rival or merger": { name: "Future rival, or merger", tells: "Both come to serve the same customers with the same things." },
  "integration race": { name: "Integration race", tells: "Both come to offer the same things, to different customers." },
  "co-marketing": { name: "Co-marketing", tells: "Both come to want the same." },
};

/** Words of an orbit. */
export const ORBIT_TERMS = [
  ["Distance", "How unlike two partners are in what they say of one facet. Its unit means nothing by itself; the ring gives the measure."],
  ["The ring", "Two have met when they are as near as the nearest hundredth of all pairs is today."],
  ["Chance", "That the two stand within the ring at the horizon if both go on as they were seen to. In the picture it is that of "
    + "the facet shown, in the list the largest of all. No probability of a partnership."],
  ["Cone", "Where the partner may stand: four cases in five lie within it. It grows with time, and with how unsteadily the two moved."],
  ["Seen from the middle", "The partner itself stands still in the picture, and all others move beside it. How far a mark is from the middle is "
    + "how far apart the two are; the direction is what a plane can keep of many dimensions."],
];
