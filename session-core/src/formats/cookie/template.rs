//! The `Set-Cookie` lines of one cookie.

use std::time::SystemTime;

use super::http_date::HttpDate;
use super::{CookieAttributes, quoting};

/// What is the same in every line of a cookie, written out once: value and date are all that is left to do for an
/// answer.
pub(crate) struct Template {
    /// `session=`
    name: String,
    /// `; Domain=example.org` or nothing.
    domain: String,
    /// What follows the date: `; HttpOnly; Path=/`
    attributes: String,
    deletion: String,
}

impl Template {
    pub(crate) fn of(attributes: &CookieAttributes) -> Self {
        let written = |write: fn(&super::SetCookie<'_>, &mut String)| {
            let mut text = String::new();
            write(&attributes.with_value(""), &mut text);
            text
        };
        Template {
            name: written(|cookie, text| cookie.push_name(text)),
            domain: written(|cookie, text| cookie.push_domain(text)),
            attributes: written(|cookie, text| cookie.push_attributes(text)),
            deletion: attributes.delete(),
        }
    }

    /// As [`CookieAttributes::set`]. The value is not quoted: it must be an id or a signed text, which have
    /// letters, digits, `-`, `_` and `.` only.
    pub(crate) fn set(&self, value: &str, expires: Option<SystemTime>) -> String {
        debug_assert!(quoting::is_bare(value), "a cookie's value needs quotes");
        let fixed = self.name.len() + self.domain.len() + self.attributes.len();
        let mut line = String::with_capacity(fixed + value.len() + "; Expires=".len() + HttpDate::LEN);
        line.push_str(&self.name);
        line.push_str(value);
        line.push_str(&self.domain);
        if let Some(time) = expires {
            line.push_str("; Expires=");
            HttpDate::of(time).push_to(&mut line);
        }
        line.push_str(&self.attributes);
        line
    }

    /// As [`CookieAttributes::delete`].
    pub(crate) fn delete(&self) -> String {
        self.deletion.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::formats::cookie::SameSite;
    use std::time::{Duration, UNIX_EPOCH};

    #[test]
    fn a_template_writes_what_the_attributes_write() {
        let plain = CookieAttributes::named("session");
        let all = CookieAttributes {
            name: "na;me".into(),
            domain: Some(".bücher.example".into()),
            path: Some("/a b;c/%20".into()),
            secure: true,
            http_only: true,
            same_site: Some(SameSite::Strict),
            partitioned: true,
        };
        for attributes in [plain, all] {
            let template = Template::of(&attributes);
            for value in ["", "AZaz09-_", ".eJw.-_.signed"] {
                for expires in [None, Some(UNIX_EPOCH + Duration::from_secs(1_704_164_645))] {
                    let line = attributes.with_value(value);
                    let line = match expires {
                        Some(time) => line.expires(time).to_string(),
                        None => line.to_string(),
                    };
                    assert_eq!(template.set(value, expires), line);
                }
            }
            assert_eq!(template.delete(), attributes.delete());
        }
    }
}
