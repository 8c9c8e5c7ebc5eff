//! Values come back as they were.

use std::sync::Arc;

use super::super::subject::{Subject, conflict, done, holds};
use super::super::violation::{Broken, ensure};

const MEBIBYTE: usize = 1 << 20;

pub(super) async fn every_byte_survives(store: &Arc<Subject>) -> Result<(), Broken> {
    let all: Vec<u8> = (0..=255).collect();
    let records: [&[u8]; 8] =
        [b"", b"\0", b"\r\n$-1\r\n", b"\xff\xfe", b"nil", b"' OR 1=1 --", "游客".as_bytes(), &all];
    for (n, record) in records.into_iter().enumerate() {
        let key = store.key(&n.to_string());
        let loaded = store.create(&key, record).await?;
        holds(Some(&loaded), Some(record), "a load of what was created")?;
        conflict(store.swap(&key, None, Some(b"-")).await?, "a second creation", Some(record))?;
        done(&store.swap(&key, Some(&loaded), Some(b"+")).await?, "a swap of what was loaded")?;
    }
    Ok(())
}

pub(super) async fn many_records_are_kept_apart(store: &Arc<Subject>) -> Result<(), Broken> {
    let keys: Vec<String> = (0..100).map(|n| store.key(&n.to_string())).collect();
    for key in &keys {
        done(&store.swap(key, None, Some(key.as_bytes())).await?, "a creation")?;
    }
    for key in &keys {
        holds(store.stored(key).await?.as_ref(), Some(key.as_bytes()), "a load of one of many")?;
    }
    Ok(())
}

/// A record of the store's limit survives; one above it is refused or survives as well.
pub(in super::super) async fn sizes_up_to_the_limit_survive(
    store: &Subject,
    limit: Option<usize>,
) -> Result<(), Broken> {
    let survives = async |bytes: &[u8], name: &str| {
        let key = store.key(name);
        match store.try_swap(&key, bytes).await {
            Err(error) if error.is_too_large() => return Ok(false),
            swap => done(&swap?, &format!("creating a record of {} bytes", bytes.len()))?,
        };
        let loaded = store.stored(&key).await?;
        holds(loaded.as_ref(), Some(bytes), "a load of a large record")?;
        done(&store.swap(&key, loaded.as_ref(), None).await?, "a deletion of a large record")?;
        Ok::<bool, Broken>(true)
    };
    // Bytes that neither repeat in step with a page nor compress to nothing.
    let bytes: Vec<u8> = (0..=limit.unwrap_or(MEBIBYTE)).map(|n| (n % 251) as u8).collect();
    let (largest, _) = bytes.split_at_checked(bytes.len().saturating_sub(1)).unwrap_or((&bytes, &[]));
    ensure(survives(largest, "largest").await?, || {
        format!("a record of {} bytes was refused as too large", largest.len())
    })?;
    if limit.is_some() {
        survives(&bytes, "larger").await?;
    }
    Ok(())
}
