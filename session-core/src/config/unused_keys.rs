//! Keys that are set and do nothing.

use super::{SessionConfig, SessionType};
use crate::settings::table::{AppliesTo, Key};
use crate::store::backend::Backend;

/// Says why a key does nothing for the sessions of this configuration, which are not in a store passed in code.
pub(super) fn unused_because(key: &Key, config: &SessionConfig) -> Option<&'static str> {
    let backend = match (key.applies_to, config.backend()) {
        (AppliesTo::RedisAlone, _) => {
            let in_redis = config.session_type == SessionType::Redis;
            return (!in_redis).then_some("has no effect while session_type is not \"redis\"");
        }
        (AppliesTo::AnySession | AppliesTo::OneStore, _) => return None,
        (_, None) => return Some("has no effect on cookie sessions, only on sessions in a store"),
        (_, Some(backend)) => backend,
    };
    match key.applies_to {
        AppliesTo::PurgedStores => {
            let old = config.session_migrate_from.as_ref().and_then(|old| old.backend());
            let any_is_purged = backend.is_purged() || old.is_some_and(Backend::is_purged);
            (!any_is_purged).then_some("has no effect: this store removes expired records by itself")
        }
        AppliesTo::ChosenFormats => backend.fixed_format().map(|(_, reason)| reason),
        AppliesTo::AnySession | AppliesTo::OneStore | AppliesTo::RedisAlone | AppliesTo::AnyStore => None,
    }
}
