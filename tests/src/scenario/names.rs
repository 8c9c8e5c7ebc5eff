//! The session ids of a scenario: placeholders in the vector, real ones on the wire.

use super::vector::{Scenario, Step};

/// The side whose session ids a scenario is replayed with.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Ids {
    /// Those of the vector: the probe is told which id to make (`X-Probe-Sid`), and takes any text as an id.
    OfVector,
    /// The probe's own: what it makes is learnt from its answers, and the vector's short ids (`known`,
    /// `attacker`) become well-formed ones.
    OfProbe,
}

/// Replacements, in the order in which they are made.
pub(super) struct Names {
    ids: Ids,
    replacements: Vec<(String, String)>,
    /// Placeholders with the vector's own ids, for those that no answer has shown.
    written: Vec<(String, String)>,
}

/// Ids that a client sends without having got them from the probe.
const SHORT: [&str; 2] = ["known", "attacker"];

/// The length of an id of 32 bytes.
const LENGTH: usize = 43;

impl Names {
    pub(super) fn of(scenario: &Scenario, ids: Ids) -> Names {
        let written = scenario.sids.iter().map(|(name, id)| (name.clone(), id.clone())).collect();
        let mut replacements = Vec::new();
        if ids == Ids::OfProbe {
            for short in SHORT {
                // Ids stand behind the cookie's name or the key prefix.
                for before in ["=", ":"] {
                    replacements.push((format!("{before}{short}"), format!("{before}{short:A<LENGTH$}")));
                }
            }
        }
        Names { ids, replacements, written }
    }

    /// A text of the vector, such as a Cookie header or a key, as it is on the wire.
    pub(super) fn in_text(&self, text: &str) -> String {
        let all = self.replacements.iter().chain(&self.written);
        all.fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
    }

    /// The id that the probe shall make in this step.
    pub(super) fn id_to_give(&self, step: &Step) -> Option<String> {
        let sent = step.cookie_header.as_deref().unwrap_or_default();
        let keys = step.store_commands.iter().filter_map(|command| command.get(1)?.as_str());
        let mentioned: Vec<&str> = step.set_cookie.iter().map(String::as_str).chain(keys).collect();
        let made = |name: &str| !sent.contains(name) && mentioned.iter().any(|text| text.contains(name));
        let (_, id) = self.written.iter().find(|(name, _)| self.ids == Ids::OfVector && made(name))?;
        Some(id.clone())
    }

    /// Learns from the answer which id the probe has made where the vector has a placeholder.
    pub(super) fn learn(&mut self, step: &Step, set_cookies: &[&str]) {
        if self.ids == Ids::OfVector {
            return;
        }
        for line in &step.set_cookie {
            let (expected, _) = line.split_once(';').unwrap_or((line, ""));
            let Some((name, placeholder)) =
                expected.split_once('=').filter(|(_, value)| value.starts_with('{'))
            else {
                continue;
            };
            let value = set_cookies.iter().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
            let value = value.and_then(|rest| rest.split(';').next()).filter(|value| !value.is_empty());
            if let Some(value) = value {
                self.replace(placeholder, value);
            }
        }
    }

    /// `value` stands where the vector has `placeholder`, each of them with its signature where ids are signed.
    fn replace(&mut self, placeholder: &str, value: &str) {
        let id = |text: &str| text.split('.').next().unwrap_or_default().to_owned();
        self.replacements.push((placeholder.to_owned(), value.to_owned()));
        self.replacements.push((id(placeholder), id(value)));
    }
}
