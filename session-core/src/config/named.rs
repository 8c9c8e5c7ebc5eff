//! From the configuration to the store that it names.

use crate::config::{RecordFormat, SessionConfig, SessionType};
use crate::formats::codec::Format;
use crate::store::{DynStore, MemoryStore, StoreError};

/// The store that `session_type` names, at the address that the configuration says. Nothing is connected yet.
///
/// # Errors
///
/// The address can't be understood, or the store's cargo feature is off.
pub(crate) fn store(config: &SessionConfig) -> Result<DynStore, StoreError> {
    match config.session_type {
        SessionType::Memory => Ok(DynStore::new(MemoryStore::new(config.session_memory_max))),
        #[cfg(feature = "redis")]
        SessionType::Redis => redis(config),
        #[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
        SessionType::Sql => sql(config),
        #[cfg(feature = "memcached")]
        SessionType::Memcached => memcached(config),
        #[cfg(feature = "mongodb")]
        SessionType::MongoDb => mongodb(config),
        #[cfg(feature = "filesystem")]
        SessionType::FileSystem | SessionType::CacheLib => Ok(files(config)),
        other => Err(StoreError::misconfigured(format!("this build has no {} store", other.as_str()))),
    }
}

/// The format of that store's records: Flask-Session's files are always pickles.
pub(crate) fn format(config: &SessionConfig) -> Format {
    match config.session_type {
        #[cfg(feature = "filesystem")]
        SessionType::FileSystem | SessionType::CacheLib => Format::Pickle,
        _ => chosen_format(config),
    }
}

/// `session_serialization_format`.
pub(crate) fn chosen_format(config: &SessionConfig) -> Format {
    match config.session_serialization_format {
        RecordFormat::Msgpack => Format::Msgpack,
        RecordFormat::Json => Format::Json,
    }
}

#[cfg(feature = "redis")]
fn redis(config: &SessionConfig) -> Result<DynStore, StoreError> {
    let url = config.session_redis.as_deref().unwrap_or("redis://127.0.0.1:6379");
    Ok(DynStore::new(crate::store::RedisStore::from_url(url)?))
}

#[cfg(any(feature = "sqlite", feature = "postgres", feature = "mysql"))]
fn sql(config: &SessionConfig) -> Result<DynStore, StoreError> {
    use crate::store::{SqlStore, SqlTable};

    let mut table = SqlTable::new(&config.session_sqlalchemy_table)?;
    if let Some(schema) = &config.session_sqlalchemy_schema {
        table = table.in_schema(schema)?;
    }
    let url = config.session_sqlalchemy.as_deref();
    let url = url.ok_or_else(|| StoreError::misconfigured("session_sqlalchemy is missing"))?;
    Ok(DynStore::new(SqlStore::from_url(url, table)?))
}

#[cfg(feature = "memcached")]
fn memcached(config: &SessionConfig) -> Result<DynStore, StoreError> {
    Ok(DynStore::new(crate::store::MemcachedStore::from_servers(config.session_memcached.clone())?))
}

#[cfg(feature = "mongodb")]
fn mongodb(config: &SessionConfig) -> Result<DynStore, StoreError> {
    let url = config.session_mongodb.as_deref().unwrap_or("mongodb://127.0.0.1:27017");
    let (database, collection) = (&config.session_mongodb_db, &config.session_mongodb_collect);
    Ok(DynStore::new(crate::store::MongoStore::from_url(url, database, collection)?))
}

#[cfg(feature = "filesystem")]
fn files(config: &SessionConfig) -> DynStore {
    let store = crate::store::FileStore::new(&config.session_file_dir);
    DynStore::new(store.threshold(config.session_file_threshold).mode(config.session_file_mode))
}
