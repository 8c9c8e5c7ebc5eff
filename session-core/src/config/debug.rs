//! What a configuration shows of itself in logs.

use std::fmt;

use super::{SessionConfig, address, memcached_rules};

/// Never shows a secret key, nor user and password of a URL.
impl fmt::Debug for SessionConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Destructured, so that a new field can't be forgotten here.
        let SessionConfig {
            secret_key,
            secret_key_fallbacks,
            session_type,
            session_cookie_name,
            session_cookie_domain,
            session_cookie_path,
            application_root,
            session_cookie_httponly,
            session_cookie_secure,
            session_cookie_partitioned,
            session_cookie_samesite,
            permanent_session_lifetime,
            session_refresh_each_request,
            max_cookie_size,
            session_permanent,
            session_use_signer,
            session_key_prefix,
            session_id_length,
            session_id_length_fallbacks,
            session_serialization_format,
            session_cleanup_n_requests,
            session_redis,
            session_sqlalchemy,
            session_sqlalchemy_table,
            session_sqlalchemy_schema,
            session_memcached,
            session_mongodb,
            session_mongodb_db,
            session_mongodb_collect,
            session_store_timeout,
            session_request_timeout,
            session_swap_attempts,
            session_breaker_after,
            session_refresh_after,
            session_memory_max,
            session_ended_poll,
        } = self;
        f.debug_struct("SessionConfig")
            .field("secret_key", secret_key)
            .field("secret_key_fallbacks", secret_key_fallbacks)
            .field("session_type", session_type)
            .field("session_cookie_name", session_cookie_name)
            .field("session_cookie_domain", session_cookie_domain)
            .field("session_cookie_path", session_cookie_path)
            .field("application_root", application_root)
            .field("session_cookie_httponly", session_cookie_httponly)
            .field("session_cookie_secure", session_cookie_secure)
            .field("session_cookie_partitioned", session_cookie_partitioned)
            .field("session_cookie_samesite", session_cookie_samesite)
            .field("permanent_session_lifetime", permanent_session_lifetime)
            .field("session_refresh_each_request", session_refresh_each_request)
            .field("max_cookie_size", max_cookie_size)
            .field("session_permanent", session_permanent)
            .field("session_use_signer", session_use_signer)
            .field("session_key_prefix", session_key_prefix)
            .field("session_id_length", session_id_length)
            .field("session_id_length_fallbacks", session_id_length_fallbacks)
            .field("session_serialization_format", session_serialization_format)
            .field("session_cleanup_n_requests", session_cleanup_n_requests)
            .field("session_redis", &session_redis.as_deref().map(address::public_part))
            .field("session_sqlalchemy", &session_sqlalchemy.as_deref().map(address::public_part))
            .field("session_sqlalchemy_table", session_sqlalchemy_table)
            .field("session_sqlalchemy_schema", session_sqlalchemy_schema)
            .field("session_memcached", &memcached_rules::public_part(session_memcached))
            .field("session_mongodb", &session_mongodb.as_deref().map(address::public_part))
            .field("session_mongodb_db", session_mongodb_db)
            .field("session_mongodb_collect", session_mongodb_collect)
            .field("session_store_timeout", session_store_timeout)
            .field("session_request_timeout", session_request_timeout)
            .field("session_swap_attempts", session_swap_attempts)
            .field("session_breaker_after", session_breaker_after)
            .field("session_refresh_after", session_refresh_after)
            .field("session_memory_max", session_memory_max)
            .field("session_ended_poll", session_ended_poll)
            .finish()
    }
}
