// The show as this page knows it: one websocket, the newest values, and who wants to hear of them.
// A lost connection is taken up again by itself, with the full state.

const QUIET_MS = 250; // so long after a finger has moved, what the show says of it is not shown
const SILENT_MS = 4000, OPEN_MS = 8000; // a connection without news is given up; it says something 20 times a second

export const show = {
  controls: new Map(), values: {}, held: {}, names: [], heard: [], spectrum: [], history: {},
  now: { beat: 0, bpm: 120, at: 0 }, health: {}, scenes: [], outputs: [], displays: [], takes: [], files: [],
  ghosts: {}, knobs: {}, connected: false, learning: false,
};

const ears = new Map(); // what changed -> functions
const touched = new Map(); // address -> when a finger moved it here
const asked = new Map();
const pending = new Map();
let socket = null, heardAt = 0, pause = 300, count = 0, flushing = false;
let want = { preview: true, heard: true };

export function on(what, hear) {
  if (!ears.has(what)) ears.set(what, new Set());
  ears.get(what).add(hear);
  return () => ears.get(what)?.delete(hear);
}

function tell(what, value) {
  for (const hear of ears.get(what) ?? []) hear(value);
}

// A hand: the newest value of each address goes out once a picture of this screen.
export function set(address, value) {
  touched.set(address, performance.now());
  show.values[address] = value;
  tell(`value ${address}`, value);
  pending.set(address, value);
  if (!flushing) { flushing = true; requestAnimationFrame(flush); }
}

function flush() {
  flushing = false;
  for (const [address, value] of pending) send({ set: [address, value] });
  pending.clear();
}

export function press(address, value = 1) { send({ set: [address, value] }); } // what comes of it is told
export function toggle(address) { send({ set: [address, "toggle"] }); }
export function release(address) { send({ set: ["release", address] }); touched.delete(address); }

export function ask(...what) {
  const number = ++count;
  send({ ask: [number, ...what] });
  return new Promise((done, failed) => asked.set(number, { done, failed }));
}

function send(message) {
  if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(message));
}

export function wish(change) {
  want = { ...want, ...change };
  send({ want });
}

export function connect() {
  const mine = new WebSocket(new URL("show", location.href).href.replace(/^http/, "ws"));
  socket = mine;
  mine.binaryType = "blob";
  heardAt = performance.now();
  mine.onopen = () => { if (mine === socket) send({ want }); };
  mine.onmessage = ({ data }) => {
    if (mine !== socket) return;
    heardAt = performance.now();
    if (typeof data === "string") take(JSON.parse(data)); else picture(data);
  };
  mine.onclose = () => { if (mine === socket) lost(); };
}

function lost() {
  const old = socket;
  socket = null;
  old.close(); // which may take its time where the network has gone
  if (show.connected) { show.connected = false; tell("connected", false); } else knock();
  for (const { failed } of asked.values()) failed(new Error("the show is not there"));
  asked.clear();
  setTimeout(connect, pause);
  pause = Math.min(3000, pause * 1.6);
}

// A network can go without a word, and a phone asleep hears none: no news is the end of a connection.
function watch() {
  if (socket && performance.now() - heardAt > (show.connected ? SILENT_MS : OPEN_MS)) lost();
}
setInterval(watch, 1000);
for (const [where, what] of [[document, "visibilitychange"], [window, "online"], [window, "pageshow"]]) where.addEventListener(what, watch);

// A show that began anew in the network has another token; only its new address lets in.
async function knock() {
  const { status } = await fetch("./", { method: "HEAD", cache: "no-store" }).catch(() => ({}));
  tell("turned away", status === 401);
}

async function picture(blob) {
  try {
    tell("picture", await createImageBitmap(blob));
  } catch { // a damaged one: the next is on its way
  } finally {
    send({ drawn: 1 });
  }
}

function take(news) {
  if (news.fresh) {
    Object.assign(show, { values: {}, held: {}, connected: true, names: news.names, files: news.files, joins: news.joins });
  }
  if (news.controls) show.controls = new Map(news.controls.map((row) => [row.name, row]));
  for (const key of ["scenes", "outputs", "displays", "takes", "health"]) {
    if (news[key]) { show[key] = news[key]; tell(key, news[key]); }
  }
  if (news.held) takeHeld(news.held);
  for (const key of ["ghosts", "knobs"]) if (news[key]) takeWhole(key, news[key]);
  if (news.values) takeValues(news.values);
  if (news.controls) tell("controls");
  if (news.now) { show.now = { ...news.now, at: performance.now() }; tell("now", show.now); }
  if (news.heard) takeHeard(news);
  if (news.answer) {
    const [number, { ok, error }] = news.answer;
    const waiting = asked.get(number);
    asked.delete(number);
    if (error === undefined) waiting?.done(ok); else waiting?.failed(new Error(error));
  }
  if (news.fresh) {
    pause = 300;
    if (location.search) history.replaceState(null, "", location.pathname); // a token is in a cookie by now: nobody reads it off the screen
    tell("fresh");
    tell("connected", true);
  }
}

function takeValues(values) {
  const now = performance.now();
  for (const [address, value] of Object.entries(values)) {
    if (value === null) { delete show.values[address]; continue; }
    if (now - (touched.get(address) ?? -1e9) < QUIET_MS) { later(address, value); continue; }
    show.values[address] = value;
    tell(`value ${address}`, value);
  }
}

// What was said while the finger moved counts once it rests.
const latest = new Map();
function later(address, value) {
  if (!latest.has(address)) {
    setTimeout(() => {
      const said = latest.get(address);
      latest.delete(address);
      if (!pending.has(address)) takeValues({ [address]: said });
    }, QUIET_MS);
  }
  latest.set(address, value);
}

function takeHeld(held) {
  for (const [address, value] of Object.entries(held)) {
    if (value === null) delete show.held[address]; else show.held[address] = value;
    tell(`held ${address}`, value);
  }
  tell("held", show.held);
}

// What is always told whole: where ghosts are, where knobs wait.
function takeWhole(key, all) {
  const before = show[key];
  show[key] = all;
  for (const address of new Set([...Object.keys(before), ...Object.keys(all)])) {
    if (String(before[address]) !== String(all[address])) tell(`${key} ${address}`, all[address]);
  }
  tell(key, all);
}

const KEPT = 120;
function takeHeard({ heard, spectrum }) {
  show.heard = heard;
  show.spectrum = spectrum ?? show.spectrum;
  show.names.forEach((name, n) => {
    const row = (show.history[name] ??= new Float32Array(KEPT));
    row.copyWithin(0, 1);
    row[KEPT - 1] = heard[n];
  });
  tell("heard");
}

// The beat count at this moment, carried on from what was told last.
export function beatNow() {
  const { beat, bpm, at } = show.now;
  return beat + Math.min(2, (performance.now() - at) / 1000) * bpm / 60;
}
