//! The two fairings: one sets sessions up at launch, the other saves them with each response.

mod launch;
mod plain_http;
mod replace;
mod save;
mod session_fairing;
mod shared_caches;

pub use session_fairing::SessionFairing;
