//! Stores whose server is down, is suspended or gives wrong answers.

use std::time::Duration;

use rocket_session_state_core::store::{Store, StoreError};

use crate::calls::{HOUR, call, new, texts, within};

/// Calls of a store whose server has ended fail, and nobody waits for that.
#[cfg(any(feature = "memcached", feature = "redis"))]
pub(crate) async fn every_call_fails_at_once(store: &impl Store) {
    let begin = tokio::time::Instant::now();
    for _ in 0..50 {
        assert!(store.load(call(), "secret", None).await.is_err());
        let error = store.swap(call(), "secret", None, new(b"secret")).await.unwrap_err();
        assert!(!texts(&error).contains("secret"), "{}", texts(&error));
        assert!(store.delete(call(), "secret").await.is_err());
        assert!(store.ping(call()).await.is_err());
    }
    assert!(begin.elapsed() < Duration::from_secs(2), "{:?}", begin.elapsed());
}

/// Reading calls of a store that got `lie` for an answer fail, and don't repeat it.
pub(crate) async fn no_read_believes(lie: &[u8], store: &impl Store) {
    let touch = Some(HOUR);
    let answers = [
        within(call(), store.load(call(), "secret", None)).await.map(drop),
        within(call(), store.load(call(), "secret", touch)).await.map(drop),
        within(call(), store.ping(call())).await,
    ];
    all_fail(lie, answers);
}

/// Writing calls fail likewise.
#[cfg(any(feature = "mongodb", feature = "redis"))]
pub(crate) async fn no_write_believes(lie: &[u8], store: &impl Store) {
    let answers = [
        within(call(), store.swap(call(), "secret", None, new(b"secret"))).await.map(drop),
        within(call(), store.delete(call(), "secret")).await.map(drop),
    ];
    all_fail(lie, answers);
}

fn all_fail<const CALLS: usize>(lie: &[u8], answers: [Result<(), StoreError>; CALLS]) {
    let lie = String::from_utf8_lossy(lie);
    for (n, answer) in answers.into_iter().enumerate() {
        let Err(error) = answer else { panic!("call {n} believed {lie:?}") };
        assert!(!texts(&error).contains("secret"), "call {n}, {lie:?}: {}", texts(&error));
    }
}

/// The address of a server that answers the first words of each connection with these bytes, and goes.
#[cfg(any(feature = "memcached", feature = "mongodb"))]
pub(crate) fn liar(answer: &'static [u8]) -> String {
    use std::io::{Read, Write};

    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            let _ = stream.read(&mut [0; 65_536]);
            let _ = stream.write_all(answer);
        }
    });
    address.to_string()
}

/// A call that is given up while the server is suspended takes no answer away from later ones.
#[cfg(any(feature = "memcached", feature = "mongodb"))]
pub(crate) async fn a_call_given_up_disturbs_nobody(
    (pause, resume): (impl Fn(), impl Fn()),
    store: &impl Store,
) {
    use crate::calls::{stored, until};

    for key in ["a", "b", "c"] {
        store.swap(call(), key, None, new(key.as_bytes())).await.unwrap();
    }
    pause();
    let patient = until(Duration::from_secs(60));
    for key in ["a", "b"] {
        let given_up = tokio::time::timeout(Duration::from_millis(50), store.load(patient, key, None));
        assert!(given_up.await.is_err());
        let late = until(Duration::from_millis(50));
        let error = within(late, store.load(late, key, None)).await.unwrap_err();
        assert!(texts(&error).contains("in time"), "{}", texts(&error));
    }
    resume();
    for key in ["c", "b", "a", "c"] {
        assert_eq!(stored(store, key).await.unwrap().bytes, key);
    }
}
