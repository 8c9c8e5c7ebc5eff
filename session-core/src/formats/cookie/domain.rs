//! The `Domain` attribute.

use std::borrow::Cow;

/// The domain as a browser takes it (1.1, `SESSION_COOKIE_DOMAIN`): without leading dots, without a
/// port, and with international names in their ASCII form. The letter case of ASCII names is kept.
///
/// `None` if the name has no ASCII form.
pub(super) fn to_ascii(domain: &str) -> Option<Cow<'_, str>> {
    let name = domain.split(':').next().unwrap_or(domain).trim_start_matches('.');
    if name.is_ascii() {
        Some(Cow::Borrowed(name))
    } else {
        idna::domain_to_ascii_strict(name).ok().map(Cow::Owned)
    }
}
