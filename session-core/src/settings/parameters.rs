//! The parameters of an address: what follows its question mark.

/// What becomes of the parameters that an address may have. None is dropped without a word: an application would then
/// use another place, or use it in another way, than the Python application with the same address.
pub(crate) struct Parameters {
    /// The names that are honoured.
    pub(crate) known: &'static [&'static str],
    /// Names that the Python libraries know and that are refused, each with what to write instead or why it is needless.
    pub(crate) refused: &'static [(&'static str, &'static str)],
    /// `A` and `a` are one name.
    pub(crate) ignore_case: bool,
}

impl Parameters {
    /// Says what is wrong with `query`, the text after a question mark, as the end of a sentence. Its values are not shown,
    /// and its names only where they can't be the rest of a password with a question mark in it.
    pub(crate) fn objection(&self, query: &str) -> Option<String> {
        let is_same = |one: &str, other: &str| {
            if self.ignore_case { one.eq_ignore_ascii_case(other) } else { one == other }
        };
        let mut seen = Vec::new();
        for pair in query.split('&').filter(|pair| !pair.is_empty()) {
            let Some((name, value)) = pair.split_once('=').filter(|(name, _)| is_name(name)) else {
                return Some(NOT_PARAMETERS.into());
            };
            if let Some((name, instead)) = self.refused.iter().find(|(refused, _)| is_same(refused, name)) {
                return Some(format!("has the parameter `{name}`, which is not taken here: {instead}"));
            }
            let Some(known) = self.known.iter().find(|known| is_same(known, name)) else {
                return Some(self.unknown(name, query));
            };
            if value.is_empty() {
                return Some(format!("has the parameter `{known}` without a value; remove it"));
            }
            if seen.contains(known) {
                return Some(format!("has the parameter `{known}` twice; keep one"));
            }
            seen.push(*known);
        }
        None
    }

    fn unknown(&self, name: &str, query: &str) -> String {
        // An `@` means that the question mark may be one of the password.
        let which =
            if query.contains('@') { "a parameter".into() } else { format!("the parameter `{name}`") };
        if self.known.is_empty() {
            return format!("has {which}, and takes none here; remove it");
        }
        let known: Vec<_> = self.known.iter().map(|known| format!("`{known}`")).collect();
        format!("has {which}, which is not known here; there are {}", known.join(", "))
    }
}

const NOT_PARAMETERS: &str = "has something after a question mark that is not name=value; special characters of a \
     password are percent-encoded, a question mark as %3F";

fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PARAMETERS: Parameters = Parameters {
        known: &["db", "ssl-ca"],
        refused: &[("timeout", "session_store_timeout says that")],
        ignore_case: false,
    };

    #[test]
    fn every_parameter_is_honoured_or_refused_by_name() {
        for (query, expected) in [
            ("", None),
            ("db=1&ssl-ca=a@b", None),
            ("timeout=1", Some("`timeout`, which is not taken here: session_store_timeout says that")),
            ("db=1&size=5", Some("`size`, which is not known here; there are `db`, `ssl-ca`")),
            ("DB=1", Some("`DB`, which is not known here")),
            ("db=", Some("`db` without a value")),
            ("db=1&db=2", Some("`db` twice")),
        ] {
            let objection = PARAMETERS.objection(query);
            match expected {
                Some(part) => {
                    assert!(objection.as_ref().is_some_and(|text| text.contains(part)), "{objection:?}")
                }
                None => assert_eq!(objection, None),
            }
        }
        let any_case = Parameters { ignore_case: true, ..PARAMETERS };
        assert_eq!(any_case.objection("DB=1"), None);
        assert!(any_case.objection("DB=1&db=1").is_some_and(|text| text.contains("twice")));
    }

    #[test]
    fn nothing_that_may_be_the_rest_of_a_password_is_shown() {
        for query in ["hush", "hush@host/0", "hush=1@host/0", "hu#sh=x", "db=1&hush", "hush=1&x=me@host"] {
            let objection = PARAMETERS.objection(query).unwrap();
            assert!(!objection.contains("hu"), "{objection}");
        }
    }
}
