//! Random requests: operations on a session, at one of the engines.
//!
//! Left out is what ours and Flask answer differently on purpose:
//! * a change inside a list or map is followed by `modified = True`, without which Flask may lose it;
//! * a value that the format changes or refuses is not looked at in the request that sets it: here it is
//!   what the format made of it at once, there it is still the object;
//! * a request that may fail to save neither regenerates nor saves before its end: Flask has deleted the old
//!   record by then, and everything is lost;
//! * `destroy`, which Flask does not have, comes last, where it does what clearing does.

use std::fmt;

use serde_json::{Value, json};

use super::engines::Side;
use super::random::Random;
use super::values::{Fate, Format, text, value};

/// One request.
#[derive(Clone)]
pub(super) struct Step {
    pub(super) side: Side,
    /// Seconds since the step before.
    pub(super) after: u32,
    /// Operations, in groups that belong together.
    pub(super) ops: Vec<Vec<Value>>,
}

/// Keys at the top: ordinary ones, and those that a format treats specially.
const KEYS: [&str; 8] = ["a", "b", "user", "cart", "游客", " t", "", "\"\\\u{1f}"];

const SECONDS_OF_A_DAY: u32 = 86_400;

impl Step {
    pub(super) fn random(random: &mut Random, format: Format, sides: &[Side]) -> Step {
        let after = match random.below(40) {
            0 => 40 * SECONDS_OF_A_DAY,
            1..=3 => random.below(30) as u32 * SECONDS_OF_A_DAY,
            _ => random.below(3) as u32,
        };
        let side = random.one_of(sides);
        let mut script =
            Script { format, worst: Fate::Kept, spoilt: Vec::new(), plain: true, ops: Vec::new() };
        for _ in 0..1 + random.below(5) {
            script.add(random);
        }
        script.end(random);
        Step { side, after, ops: script.ops }
    }

    /// Lets the user log in now and then, wherever. What a log-in here seals is a key more, so that nobody counts
    /// them.
    pub(super) fn belong_to_a_user(&mut self, random: &mut Random) {
        self.ops.retain(|group| group.iter().all(|op| op[0] != "len"));
        if random.once_in(5) {
            // A log-in here is kept in any case.
            self.ops.retain(|group| *group != [json!(["set_modified", false])]);
            self.ops.insert(0, vec![json!(["set", "username", "momo"])]);
        }
    }

    /// Whether any operation looks at the session. A request that does not is left alone on purpose.
    pub(super) fn uses_session(&self) -> bool {
        self.ops.iter().flatten().any(|op| op[0] != "raise" && op[0] != "abort404")
    }

    /// The body of the request.
    pub(super) fn body(&self) -> Value {
        let ops: Vec<&Value> = self.ops.iter().flatten().collect();
        json!({ "ops": ops })
    }
}

/// `ours, 3 s later: ["set","a",1] ["dump"]`
impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let side = match self.side {
            Side::Ours => "ours",
            Side::Flask => "Flask",
            Side::Companion => "companion",
        };
        write!(f, "{side}, {} s later:", self.after)?;
        self.ops.iter().flatten().try_for_each(|op| write!(f, " {op}"))
    }
}

/// A request in the making.
struct Script {
    format: Format,
    /// The fate of the values set so far.
    worst: Fate,
    /// Keys whose value the two sides see differently until the request has ended.
    spoilt: Vec<&'static str>,
    /// Nothing has been regenerated or saved.
    plain: bool,
    ops: Vec<Vec<Value>>,
}

impl Script {
    fn add(&mut self, random: &mut Random) {
        let key = random.one_of(&KEYS);
        if self.spoilt.contains(&key) {
            return;
        }
        let whole = self.spoilt.is_empty();
        let group = match random.below(40) {
            0..=9 => vec![json!(["set", key, self.value(random, key)])],
            10 | 11 => vec![json!(["setdefault", key, self.value(random, key)])],
            12 | 13 => vec![self.update(random)],
            14 | 15 => {
                vec![json!(["append", key, self.inner_value(random, key)]), json!(["set_modified", true])]
            }
            16 | 17 => {
                let inner = text(random);
                let set_in = json!(["set_in", key, inner, self.inner_value(random, key)]);
                vec![set_in, json!(["set_modified", true])]
            }
            18 | 19 => vec![json!(["pop", key, "a default"])],
            20 => vec![json!([random.one_of(&["pop", "getitem", "del"]), key])],
            21 | 22 => vec![json!(["get", key])],
            23 => vec![json!(["get", key, [1, "a default"]])],
            24 => vec![json!(["contains", key])],
            25 | 26 => vec![json!(["set_permanent", random.once_in(2)])],
            27 => vec![json!([random.one_of(&["get_permanent", "get_modified"])])],
            28 if self.plain => vec![json!(["set_modified", random.once_in(2)])],
            29 if whole => vec![json!([random.one_of(&["len", "bool"])])],
            30..=32 if whole => vec![json!(["dump"])],
            33 | 34 => vec![self.flash(random)],
            35 | 36 => vec![json!(["get_flashes"])],
            37 if self.worst < Fate::Refused && !self.sets_modified() => {
                self.plain = false;
                // Flask has nothing to regenerate in a cookie, and so does not use the session for it.
                vec![json!(["contains", key]), json!([random.one_of(&["regenerate", "save"])])]
            }
            38 if random.once_in(3) => vec![json!(["clear"])],
            _ => vec![json!(["get", key])],
        };
        self.ops.push(group);
    }

    /// The end of the request.
    fn end(&mut self, random: &mut Random) {
        match random.below(40) {
            0 => self.ops.push(vec![json!(["raise"])]),
            1 => self.ops.push(vec![json!(["abort404"])]),
            2 => self.ops.push(vec![json!(["destroy"])]),
            _ => {}
        }
    }

    /// A random value for `key`.
    fn value(&mut self, random: &mut Random, key: &'static str) -> Value {
        loop {
            let (value, fate) = value(random, self.format);
            if fate < Fate::Refused || self.plain {
                self.spoil(key, fate);
                return value;
            }
        }
    }

    /// A value inside the one under `key`, whose order may change by it.
    fn inner_value(&mut self, random: &mut Random, key: &'static str) -> Value {
        self.spoil(key, Fate::Changed);
        self.value(random, key)
    }

    fn update(&mut self, random: &mut Random) -> Value {
        let mut pairs: Vec<Value> = Vec::new();
        for _ in 0..random.below(3) {
            let key = random.one_of(&KEYS);
            if !self.spoilt.contains(&key) && pairs.iter().all(|pair| pair[0] != key) {
                pairs.push(json!([key, self.value(random, key)]));
            }
        }
        json!(["update", { "$dict": pairs }])
    }

    fn flash(&mut self, random: &mut Random) -> Value {
        // The other records have no tuples.
        let tuples = matches!(self.format, Format::Cookie | Format::Pickle);
        let fate = if tuples { Fate::Kept } else { Fate::Changed };
        self.spoil("_flashes", fate);
        let message = text(random);
        if random.once_in(2) { json!(["flash", message]) } else { json!(["flash", message, text(random)]) }
    }

    fn spoil(&mut self, key: &'static str, fate: Fate) {
        self.worst = self.worst.max(fate);
        if fate > Fate::Kept {
            self.spoilt.push(key);
        }
    }

    fn sets_modified(&self) -> bool {
        self.ops.iter().flatten().any(|op| op[0] == "set_modified")
    }
}
